//! Saving a value under a key of a mission's memory, quick however much is stored beside it.

use jiff::Timestamp;
use serde_json::Value;

use super::file::StateFile;
use super::missions::Missions;
use super::nesting;
use super::splice::{self, SpliceSite};

/// Saves a value under a key of a mission's memory, in place of the old one, under the lock, durably. The mission must
/// exist, or is created if `create` says so.
pub(crate) fn save_memory(
    state_file: &StateFile,
    slug: &str,
    (key, value): (&str, &Value),
    create: bool,
    now: Timestamp,
) -> anyhow::Result<()> {
    let short = |text: &str| {
        let site = splice::value_site(text, slug, key)?;
        Some((replaced(text, site, value, now), ()))
    };
    let long = |missions: &mut Missions| {
        missions.get_for_memory(slug, create)?.memory(now).insert(key.to_owned(), value.clone());
        Ok(())
    };
    // It is nested in the file, the mission and its memory.
    splice::change(state_file.path(), nesting::fits(value, 3), short, long)
}

/// The text with the value in place of the old one, indented as that is, and with the new time.
fn replaced(text: &str, site: SpliceSite, value: &Value, now: Timestamp) -> Vec<u8> {
    let (from, to) = site.last;
    let line = text[..from].rsplit_once('\n').map(|(_, line)| (line, line.trim_start()));
    let value = match line {
        Some((line, key)) if key.starts_with('"') => {
            splice::indented(value, &line[..line.len() - key.len()])
        }
        _ => value.to_string(),
    };
    site.splice(text, (from, to, value), now)
}

#[cfg(test)]
mod tests {
    use super::replaced;
    use crate::store::Missions;
    use crate::store::splice;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    const NOW: &str = "2027-01-01T00:00:00Z";

    /// The short way gives what the long way gives, to the byte where the file is laid out as we do it.
    #[track_caller]
    fn case(state: &Value, pretty: bool, value: &Value) {
        let text = if pretty { format!("{state:#}\n") } else { state.to_string() };
        let site =
            splice::value_site(&text, "m", "k").unwrap_or_else(|| panic!("no site in {text}"));
        let short = replaced(&text, site, value, NOW.parse().unwrap());
        let Value::Object(fields) = state.clone() else { panic!("an object is wanted") };
        let mut missions = Missions::new(fields);
        let mut mission = missions.get_for_memory("m", false).unwrap();
        mission.memory(NOW.parse().unwrap()).insert("k".to_owned(), value.clone());
        if pretty {
            let long = String::from_utf8(missions.to_bytes().unwrap()).unwrap();
            assert_eq!(String::from_utf8(short).unwrap(), long);
        } else {
            let short: Map<String, Value> = serde_json::from_slice(&short).unwrap();
            assert_eq!(Missions::new(short), missions, "{text}");
        }
    }

    #[test]
    fn both_ways_lead_to_the_same_file() {
        let memory = json!({"a": {"k": 1}, "k": [{"x": "]\"é"}, []], "z": "k"});
        let late = json!({"l": {"memory": {"k": 1}}, "m": {"k": 2, "memory": memory, "last_updated": "t"}});
        let early = json!({"m": {"last_updated": null, "memory": memory}, "n": 1.10});
        for state in [late, early] {
            for value in [json!({"n": {"m": "1\n2"}, "o": []}), json!("text"), json!(null)] {
                case(&state, true, &value);
                case(&state, false, &value);
            }
        }
    }

    #[test]
    fn what_is_unusual_goes_the_long_way() {
        for text in [
            "",
            "{}",
            r#"{"m": {"memory": {}, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"k": 1}}}"#,
            r#"{"m": {"memory": null, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"k": 1, "k": 2}, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"k": 1}, "last_updated": "t"}} x"#,
            r#"{"m": {"memory": {"k": 1}, "last_updated": "t"}, "m": 1}"#,
        ] {
            assert_eq!(splice::value_site(text, "m", "k"), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_saved_as_the_long_way_does(
            old in ".{0,6}", new in prop::collection::vec(".{0,6}", 0..4), pretty in any::<bool>(),
        ) {
            let state = json!({"m": {"memory": {"j": old, "k": [old]}, "last_updated": "t"}});
            case(&state, pretty, &json!({ "v": new }));
        }
    }
}
