//! What the gateway says of itself when it lets us in.

use std::time::Duration;

use serde_json::Value;
use state::sanitize;

/// The method by which the gate can be recognised, and asked.
pub(crate) const GATE_METHOD: &str = "clawdtalk.gate";

/// How often the gateway sends something, where it does not say so.
const TICK: Duration = Duration::from_secs(30);

/// How the gate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GateStanding {
    /// It is not loaded.
    Missing,
    /// It is loaded, and answers us.
    Loaded,
    /// It is loaded and does not answer us, for this reason.
    Refused(String),
}

/// What the gateway says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineHello {
    /// Its version, for people.
    pub(crate) version: String,
    /// Its process. One that does not say it (2026.7.35) may be another one on each connection.
    pub(crate) boot: Option<String>,
    /// How the gate stands.
    pub(crate) gate: GateStanding,
    /// How often it sends something at the least.
    pub(crate) tick: Duration,
    /// Our connections, counted from 1.
    pub(crate) connection: u64,
}

impl LineHello {
    /// Reads the answer to `connect`; `None` if that is no hello.
    pub(super) fn read(payload: &Value, connection: u64) -> Option<Self> {
        (payload["type"] == "hello-ok").then_some(())?;
        let server = &payload["server"];
        let text = |value: &Value| value.as_str().map(|text| sanitize::line_up_to(text, 100));
        let mut methods = payload["features"]["methods"].as_array().into_iter().flatten();
        let tick = payload["policy"]["tickIntervalMs"].as_u64().map(Duration::from_millis);
        let longest = Duration::from_secs(300);
        Some(Self {
            version: text(&server["version"]).unwrap_or_default(),
            boot: text(&server["bootId"]),
            gate: if methods.any(|method| method == GATE_METHOD) {
                GateStanding::Loaded
            } else {
                GateStanding::Missing
            },
            tick: tick.map_or(TICK, |tick| tick.clamp(Duration::from_secs(5), longest)),
            connection,
        })
    }

    /// Whether another connection leads to the same process of the gateway: only then does it still know our keys.
    pub(crate) fn is_same_process(&self, other: &Self) -> bool {
        self.connection == other.connection || (self.boot.is_some() && self.boot == other.boot)
    }
}

#[cfg(test)]
mod tests {
    use super::{GateStanding, LineHello};
    use serde_json::json;

    #[test]
    fn a_process_that_does_not_say_who_it_is_may_be_another() {
        let hello = |boot: Option<&str>, connection| {
            let mut server = json!({"version": "2026.9.6"});
            if let Some(boot) = boot {
                server["bootId"] = boot.into();
            }
            let methods = json!(["chat.send", "clawdtalk.gate"]);
            let payload =
                json!({"type": "hello-ok", "server": server, "features": {"methods": methods}});
            LineHello::read(&payload, connection).unwrap()
        };
        assert!(hello(Some("a"), 1).is_same_process(&hello(Some("a"), 2)));
        assert!(!hello(Some("a"), 1).is_same_process(&hello(Some("b"), 2)));
        assert!(!hello(None, 1).is_same_process(&hello(None, 2)));
        assert!(hello(None, 1).is_same_process(&hello(None, 1)));
        assert_eq!(hello(None, 1).gate, GateStanding::Loaded);
        assert_eq!(LineHello::read(&json!({}), 1), None);
    }
}
