//! Whether deeds are held until the owner approves them, and where the owner's turns run: the `gate` and `strangers` objects
//! of the configuration, and what stands beside them.

use serde_json::{Map, Value};

use super::Config;
use crate::exit::Fault;

/// How the gateway line is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatePolicy {
    /// Whether the gate is wanted (`gate.on`): without it there is no gateway line.
    pub on: bool,
    /// Beginnings of commands that only read, beside those that the gate knows (`gate.reads`).
    pub reads: Vec<String>,
    /// Whether a stranger's turn may use tools that only read (`strangers.reads`).
    pub strangers_read: bool,
    /// Whether the owner's turns run in the main conversation (`gateway_session`: `main`), where nothing can be held.
    pub in_main: bool,
}

impl GatePolicy {
    /// Reads it.
    ///
    /// Fails (exit 3) for any key or value that is unknown: a misspelled policy must not count as the default one.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        let mut policy = Self::of(&config.section("gate")?, &config.section("strangers")?)?;
        policy.in_main = match config.literal_text("gateway_session")?.as_deref() {
            None | Some("phone") => false,
            Some("main") => true,
            Some(_) => {
                return Err(Fault::not_configured("`gateway_session` is neither phone nor main")
                    .hint("set it to one of them")
                    .into());
            }
        };
        Ok(policy)
    }

    fn of(gate: &Map<String, Value>, strangers: &Map<String, Value>) -> Result<Self, Fault> {
        let mut policy = Self::default();
        for (key, value) in gate {
            match key.as_str() {
                "on" => policy.on = flag("gate.on", value)?,
                "reads" => policy.reads = commands(value)?,
                _ => {
                    let text = format!("`gate.{key}` is no setting of the gate");
                    return Err(Fault::not_configured(text).hint("it knows on and reads"));
                }
            }
        }
        for (key, value) in strangers {
            if key != "reads" {
                let text = format!("`strangers.{key}` is no setting");
                return Err(Fault::not_configured(text).hint("it knows reads"));
            }
            policy.strangers_read = flag("strangers.reads", value)?;
        }
        Ok(policy)
    }
}

fn flag(name: &str, value: &Value) -> Result<bool, Fault> {
    let wrong = || Fault::not_configured(format!("`{name}` is {value}, neither true nor false"));
    value.as_bool().ok_or_else(wrong)
}

fn commands(value: &Value) -> Result<Vec<String>, Fault> {
    let one = |value: &Value| {
        value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let list = value.as_array().and_then(|list| list.iter().map(one).collect::<Option<Vec<_>>>());
    list.filter(|list| list.len() <= 200).ok_or_else(|| {
        let wanted = "is no list of beginnings of commands, such as [\"gog calendar events\"]";
        Fault::not_configured(format!("`gate.reads` {wanted}"))
    })
}

#[cfg(test)]
mod tests {
    use super::GatePolicy;
    use serde_json::{Value, json};

    fn read(gate: &Value, strangers: &Value) -> Result<GatePolicy, String> {
        GatePolicy::of(gate.as_object().unwrap(), strangers.as_object().unwrap())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn settings() {
        let gate = json!({"on": true, "reads": [" gog calendar events "]});
        let policy = read(&gate, &json!({"reads": true})).unwrap();
        assert_eq!((policy.on, policy.strangers_read, policy.in_main), (true, true, false));
        assert_eq!(policy.reads, ["gog calendar events"]);
        assert_eq!(read(&json!({}), &json!({})).unwrap(), GatePolicy::default());
    }

    #[test]
    fn a_misspelled_policy_is_an_error() {
        for (gate, strangers, says) in [
            (json!({"on": "yes"}), json!({}), "`gate.on`"),
            (json!({"read": []}), json!({}), "`gate.read` is no setting"),
            (json!({"reads": [""]}), json!({}), "`gate.reads`"),
            (json!({"reads": "ls"}), json!({}), "`gate.reads`"),
            (json!({}), json!({"reads": 1}), "`strangers.reads`"),
            (json!({}), json!({"acts": true}), "`strangers.acts`"),
        ] {
            let fault = read(&gate, &strangers).unwrap_err();
            assert!(fault.contains(says), "{gate} {strangers}: {fault}");
        }
    }
}
