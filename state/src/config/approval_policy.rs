//! Which requests need the owner's approval: the `guard` object of the configuration.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::exit::Fault;
use crate::text::parse_time;

/// Which requests need the owner's approval, and how it is asked for.
#[derive(Clone, Debug)]
pub struct ApprovalPolicy {
    /// Which of the owner's requests need an approval.
    pub approve: WhenToAsk,
    /// How long the owner has to decide.
    pub timeout: Duration,
    /// What happens if no phone can be asked.
    pub no_device: NoDeviceAction,
    /// The owner's own phrases.
    pub phrases: OwnerPhrases,
}

/// Which of the owner's requests need an approval. A stranger never gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenToAsk {
    /// Those that the classifier takes for sensitive.
    Sensitive,
    /// Every one. Then nothing that strangers say reaches the agent.
    Always,
    /// None. A stranger's sensitive request is still refused.
    Never,
}

/// The owner's own phrases. A phrase is made of whole words and compared without regard to case and accents, as requests
/// are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerPhrases {
    /// A request that contains one of these is sensitive, whatever else it contains.
    pub patterns: Vec<String>,
    /// A verb inside one of these does not make a request sensitive; every other verb still does. With "turn on the
    /// lights" that request needs no approval, and "turn on the lights and delete the repo" needs one.
    /// A request that is one of these and nothing else is harmless in any language.
    pub harmless: Vec<String>,
}

/// What happens if no phone can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDeviceAction {
    /// The request is refused.
    Deny,
    /// The owner is asked to confirm by voice, on the same call.
    Voice,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            approve: WhenToAsk::Sensitive,
            timeout: Duration::from_secs(60),
            no_device: NoDeviceAction::Deny,
            phrases: OwnerPhrases::default(),
        }
    }
}

impl ApprovalPolicy {
    /// Reads the `guard` object.
    ///
    /// Fails (exit 3) for any key, word or type of value that is unknown: a misspelled policy must not count as the
    /// default one.
    pub fn from_section(section: &Map<String, Value>) -> Result<Self, Fault> {
        let mut policy = Self::default();
        for (key, value) in section {
            match key.as_str() {
                "approve" => {
                    let words = [
                        ("sensitive", WhenToAsk::Sensitive),
                        ("always", WhenToAsk::Always),
                        ("never", WhenToAsk::Never),
                    ];
                    policy.approve = one_of(key, value, &words)?;
                }
                "no_device" => {
                    let words = [("deny", NoDeviceAction::Deny), ("voice", NoDeviceAction::Voice)];
                    policy.no_device = one_of(key, value, &words)?;
                }
                "timeout" => policy.timeout = timeout(value)?,
                "patterns" => policy.phrases.patterns = phrases(key, value)?,
                "harmless" => policy.phrases.harmless = phrases(key, value)?,
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

/// Between a second and an hour. The service's own limit is not known.
fn timeout(value: &Value) -> Result<Duration, Fault> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let longest = Duration::from_secs(3600);
    parse_time::duration(&text)
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
    use super::{ApprovalPolicy, NoDeviceAction, WhenToAsk};
    use serde_json::{Value, json};
    use std::time::Duration;

    fn read(section: &Value) -> Result<ApprovalPolicy, String> {
        ApprovalPolicy::from_section(section.as_object().unwrap())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn settings() {
        let policy = read(&json!({
            "approve": "always", "timeout": "2s", "no_device": "voice",
            "patterns": ["the vault"], "harmless": ["turn on the lights"],
        }))
        .unwrap();
        assert_eq!((policy.approve, policy.no_device), (WhenToAsk::Always, NoDeviceAction::Voice));
        assert_eq!(policy.timeout, Duration::from_secs(2));
        assert_eq!(policy.phrases.patterns, ["the vault"]);
        assert_eq!(read(&json!({"timeout": 90})).unwrap().timeout, Duration::from_secs(90));
        assert_eq!(read(&json!({})).unwrap().approve, WhenToAsk::Sensitive);
    }

    #[test]
    fn a_misspelled_policy_is_an_error() {
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
