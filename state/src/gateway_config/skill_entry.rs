//! What the gateway gives the agent's own runs of this skill as variables, from `skills.entries` of its configuration. The
//! owner's commands and the client are not started by the gateway, and look it up here.

use super::auth;
use super::values::Values;
use crate::text::secret::Secret;
use serde_json::Value;

/// The variable that `apiKey` of the entry is given as: `primaryEnv` of the skill's page.
const PRIMARY: &str = "CLAWDTALK_API_KEY";

/// The skill's name, by which its entry is found; a folder of another name may have one too.
const SKILL: &str = "clawdtalk-client";

/// A variable of the entry of the skill in the folder of this name; `None` if it has none, or one that cannot be had here.
pub(super) fn variable(values: &Values, folder: &str, name: &str) -> Option<Secret> {
    [SKILL, folder].iter().find_map(|skill| {
        let entry = values.get(&["skills", "entries", skill])?;
        if entry.get("enabled").and_then(Value::as_bool) == Some(false) {
            return None;
        }
        let key = entry.get("apiKey").filter(|_| name == PRIMARY);
        let of_env = || entry.get("env")?.get(name);
        auth::secret(values, key.or_else(of_env)?)
    })
}
