//! What the owner wants to be asked about: the `guard` object of the configuration. `connect` keeps to it, and
//! `status` says what is wrong with it.

use std::time::Duration;

use crate::exit::Fault;
use crate::times;
use serde_json::{Map, Value};

/// The owner's settings.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which requests need an approval.
    pub approve: Approve,
    /// How long the owner has to decide.
    pub timeout: Duration,
    /// What happens where no phone can be asked.
    pub no_device: NoDevice,
    /// The owner's own phrases.
    pub rules: Rules,
}

/// Which of the owner's requests need an approval. A stranger never gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approve {
    /// Those that the guard recognises as acting.
    Sensitive,
    /// Every one. What strangers say then reaches the agent in no case.
    Always,
    /// None: the owner does without. A stranger's sensitive request is still refused.
    Never,
}

/// The owner's own phrases. A phrase is whole words, in any case; it is folded like a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// A request in which one of these occurs is sensitive, whatever else is true of it.
    pub patterns: Vec<String>,
    /// A verb inside one of these is not held against the request; every other verb still is. So
    /// "turn on the lights" lets that through, and "turn on the lights and delete the repo" is asked about.
    /// A request that is one of these and nothing else is harmless in any language.
    pub harmless: Vec<String>,
}

/// What happens where no phone can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDevice {
    /// The request is refused.
    Deny,
    /// The owner is asked aloud, on the same call.
    Voice,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            approve: Approve::Sensitive,
            timeout: Duration::from_secs(60),
            no_device: NoDevice::Deny,
            rules: Rules::default(),
        }
    }
}

impl Policy {
    /// Reads the `guard` object. Fails (exit 3) for a word or a kind of value that it does not know: a
    /// misspelt guard must not count as the default one.
    pub fn read(section: &Map<String, Value>) -> Result<Self, Fault> {
        let mut policy = Self::default();
        for (key, value) in section {
            match key.as_str() {
                "approve" => {
                    let words = [
                        ("sensitive", Approve::Sensitive),
                        ("always", Approve::Always),
                        ("never", Approve::Never),
                    ];
                    policy.approve = one_of(key, value, &words)?;
                }
                "no_device" => {
                    let words = [("deny", NoDevice::Deny), ("voice", NoDevice::Voice)];
                    policy.no_device = one_of(key, value, &words)?;
                }
                "timeout" => policy.timeout = timeout(value)?,
                "patterns" => policy.rules.patterns = phrases(key, value)?,
                "harmless" => policy.rules.harmless = phrases(key, value)?,
                _ => {
                    let text = format!("`guard.{key}` is no setting of the guard");
                    return Err(Fault::not_configured(text)
                        .hint("it knows approve, timeout, no_device, patterns and harmless"));
                }
            }
        }
        Ok(policy)
    }
}

fn one_of<T: Copy>(key: &str, value: &Value, words: &[(&str, T)]) -> Result<T, Fault> {
    let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Fault::not_configured(format!(
            "`guard.{key}` is {value}, which is none of {}",
            known.join(", ")
        ))
    })
}

/// Between a second and an hour: the service's own limit is not known.
fn timeout(value: &Value) -> Result<Duration, Fault> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let longest = Duration::from_secs(3600);
    times::duration(&text)
        .ok()
        .filter(|time| (Duration::from_secs(1)..=longest).contains(time))
        .ok_or_else(|| {
            Fault::not_configured(format!(
                "`guard.timeout` is {value}; a time between 1s and 1h is wanted, such as \"60s\""
            ))
        })
}

fn phrases(key: &str, value: &Value) -> Result<Vec<String>, Fault> {
    let list = value.as_array().and_then(|list| {
        list.iter().map(|phrase| phrase.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    list.ok_or_else(|| {
        Fault::not_configured(format!("`guard.{key}` is no list of phrases, such as [\"turn on\"]"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Approve, NoDevice, Policy};
    use serde_json::{Value, json};
    use std::time::Duration;

    fn read(section: &Value) -> Result<Policy, String> {
        Policy::read(section.as_object().unwrap()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn settings() {
        let policy = read(&json!({
            "approve": "always", "timeout": "2s", "no_device": "voice",
            "patterns": ["the vault"], "harmless": ["turn on the lights"],
        }))
        .unwrap();
        assert_eq!((policy.approve, policy.no_device), (Approve::Always, NoDevice::Voice));
        assert_eq!(policy.timeout, Duration::from_secs(2));
        assert_eq!(policy.rules.patterns, ["the vault"]);
        assert_eq!(read(&json!({"timeout": 90})).unwrap().timeout, Duration::from_secs(90));
        assert_eq!(read(&json!({})).unwrap().approve, Approve::Sensitive);
    }

    #[test]
    fn a_misspelt_guard_is_no_guard_by_default() {
        for (section, says) in [
            (json!({"approve": "Never"}), "\"Never\", which is none of sensitive, always, never"),
            (json!({"approve": true}), "none of"),
            (json!({"aprove": "never"}), "`guard.aprove` is no setting"),
            (json!({"no_device": "ask"}), "none of deny, voice"),
            (json!({"timeout": "0s"}), "between 1s and 1h"),
            (json!({"timeout": "a while"}), "between 1s and 1h"),
            (json!({"patterns": "delete"}), "no list of phrases"),
            (json!({"harmless": [1]}), "no list of phrases"),
        ] {
            let fault = read(&section).unwrap_err();
            assert!(fault.contains(says), "{section}: {fault}");
        }
    }
}
