//! Adding an item to a list in a mission's memory: the most frequent change, and quick however long the list is.

use jiff::Timestamp;
use serde_json::{Value, json};
use state::exit::Fault;

use super::file::StateFile;
use super::missions::Missions;
use super::nesting;
use super::splice::{self, SpliceSite};

/// The list that an item was added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// How many items the list has now.
    pub(crate) items: usize,
    /// Whether there was a single value, which is the list's first item now.
    pub(crate) was_single: bool,
}

/// Adds an item to the list under a key of a mission's memory, under the lock, durably. The mission must exist, or is
/// created if `create` says so.
pub(crate) fn append_memory(
    state_file: &StateFile,
    slug: &str,
    (key, item): (&str, &Value),
    create: bool,
    now: Timestamp,
) -> anyhow::Result<Appended> {
    let short = |text: &str| {
        let site = splice::list_site(text, slug, key)?;
        let appended = Appended { items: site.items + 1, was_single: false };
        Some((spliced(text, site, item, now), appended))
    };
    let long = |missions: &mut Missions| add(missions, slug, (key, item), create, now);
    // It is nested in the file, the mission, its memory and the list.
    splice::change(state_file.path(), nesting::fits(item, 4), short, long)
}

/// The text with the item after the list's last one, indented as that is, and with the new time.
fn spliced(text: &str, site: SpliceSite, item: &Value, now: Timestamp) -> Vec<u8> {
    let (last, end) = site.last;
    let before = &text[..last];
    let indent = &before[before.trim_end().len()..];
    let item = if indent.contains('\n') {
        let deeper = indent.rsplit('\n').next().unwrap_or_default();
        splice::indented(item, deeper)
    } else {
        item.to_string()
    };
    site.splice(text, (end, end, format!(",{indent}{item}")), now)
}

/// The long way, which handles every file.
fn add(
    missions: &mut Missions,
    slug: &str,
    (key, item): (&str, &Value),
    create: bool,
    now: Timestamp,
) -> Result<Appended, Fault> {
    let mut mission = missions.get_for_memory(slug, create)?;
    let list = mission.memory(now).entry(key).or_insert_with(|| json!([]));
    let was_single = !list.is_array();
    if was_single {
        // What was saved as a single value becomes the first item.
        *list = json!([list.take()]);
    }
    let list = list.as_array_mut().expect("it was made a list just now");
    list.push(item.clone());
    Ok(Appended { items: list.len(), was_single })
}

#[cfg(test)]
mod tests {
    use super::{add, spliced};
    use crate::store::Missions;
    use crate::store::splice;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    const NOW: &str = "2027-01-01T00:00:00Z";

    /// The short way gives what the long way gives.
    #[track_caller]
    fn case(state: &Value, pretty: bool, item: &Value) {
        let text = if pretty { format!("{state:#}") } else { state.to_string() };
        let site =
            splice::list_site(&text, "m", "l").unwrap_or_else(|| panic!("no site in {text}"));
        let spliced = spliced(&text, site, item, NOW.parse().unwrap());
        let spliced: Map<String, Value> = serde_json::from_slice(&spliced).unwrap();
        let Value::Object(fields) = state.clone() else { panic!("an object is wanted") };
        let mut missions = Missions::new(fields);
        let done = add(&mut missions, "m", ("l", item), false, NOW.parse().unwrap()).unwrap();
        assert_eq!(Missions::new(spliced), missions, "{text}");
        assert_eq!(done.items, site.items + 1);
    }

    #[test]
    fn both_ways_lead_to_the_same_file() {
        let memory = json!({"a": [1], "l": [{"x": "]\"é"}, [2, [3]], "4"], "z": {"l": [5]}});
        let late =
            json!({"l": {}, "m": {"memory": memory, "last_updated": "t", "l": [6]}, "n": 1.10});
        let early = json!({"m": {"last_updated": null, "memory": memory}});
        for state in [late, early] {
            for pretty in [true, false] {
                case(&state, pretty, &json!({"n": {"m": "1\n2"}, "o": []}));
                case(&state, pretty, &json!("text"));
            }
        }
    }

    #[test]
    fn what_is_unusual_goes_the_long_way() {
        for text in [
            "",
            "{}",
            r#"{"m": {"memory": {"l": []}, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"l": [1]}}}"#,
            r#"{"m": {"memory": {"l": 1}, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"l": [1], "l": [2]}, "last_updated": "t"}}"#,
            r#"{"m": {"memory": {"l": [1]}, "last_updated": "t"}} x"#,
            r#"{"m": {"memory": {"l": [1]}, "last_updated": "t"}"#,
            r#"{"m": {"memory": {"l": [1]}, "last_updated": "t"}, "m": 1}"#,
        ] {
            assert_eq!(splice::list_site(text, "m", "l"), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_item_is_appended_as_the_long_way_does(
            texts in prop::collection::vec(".{0,6}", 1..5), item in ".{0,12}", pretty in any::<bool>(),
        ) {
            let state = json!({"m": {"memory": {"k": 1, "l": texts}, "last_updated": "t"}});
            case(&state, pretty, &json!({ "k": item }));
        }
    }
}
