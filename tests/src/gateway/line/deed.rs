//! What an agent was about to do, as a test reads it.

use serde_json::Value;
use std::time::Instant;

/// What an agent was about to do.
#[derive(Clone, Debug)]
pub struct RecordedDeed {
    /// When it was decided.
    pub at: Instant,
    /// The tool.
    pub tool: String,
    /// Its parameters.
    pub params: Value,
    /// The session of the turn.
    pub session: String,
    /// `Ok` if it was done; else what the model was told.
    pub outcome: Result<(), String>,
}
