//! The agent at work in one turn: what a test lets it say and do before its reply.

use crate::gateway::turn::RecordedTurn;
use serde_json::Value;
use std::sync::Arc;

/// Where the agent is at work: what it says and does goes there.
pub(in crate::gateway) trait WorkPlace: Send + Sync {
    /// Whether the turn goes on.
    fn goes_on(&self) -> bool;
    /// Something is said before a tool is used.
    fn say(&self, text: &str);
    /// A tool is begun.
    fn begin_tool(&self, tool: &str, title: &str);
    /// A deed of a session, if the gate lets it.
    fn act(&self, session: &str, tool: &str, params: &Value) -> Result<(), String>;
    /// A name for a sub-agent.
    fn name_child(&self) -> String;
}

/// The agent at work in one turn.
pub struct AgentWork {
    place: Arc<dyn WorkPlace>,
    turn: RecordedTurn,
    session: String,
}

impl AgentWork {
    pub(super) fn new(place: Arc<dyn WorkPlace>, turn: RecordedTurn) -> Self {
        let session = turn.session.clone();
        Self { place, turn, session }
    }

    /// The turn.
    pub fn turn(&self) -> &RecordedTurn {
        &self.turn
    }

    /// The same agent as its own sub-agent, which the gate knows for a child of this session.
    #[must_use]
    pub fn child(&self) -> Self {
        let session = format!("agent:main:subagent:{}", self.place.name_child());
        Self { place: Arc::clone(&self.place), turn: self.turn.clone(), session }
    }

    /// Whether the turn goes on: nobody stopped it, and the gateway was not killed.
    pub fn goes_on(&self) -> bool {
        self.place.goes_on()
    }

    /// Says something before a tool is used.
    pub fn says(&self, text: &str) {
        if self.goes_on() {
            self.place.say(text);
        }
    }

    /// Uses a tool that only reads: no gate holds it.
    pub fn reads(&self, tool: &str, title: &str) {
        if self.goes_on() {
            self.place.begin_tool(tool, title);
        }
    }

    /// Does something, if the gate lets it; else gives what the model is told.
    pub fn does(&self, tool: &str, params: &Value) -> Result<(), String> {
        if !self.goes_on() {
            return Err("stopped".to_owned());
        }
        self.place.begin_tool(tool, &format!("Use {tool}"));
        self.place.act(&self.session, tool, params)
    }
}
