//! An operator who looks up at the service what is unconfirmed, and gives `missions resolve` the true answer.

use harness::{ServiceTable, SimulatedService};
use serde_json::{Value, json};

use crate::torture::stage::Stage;

/// Resolves everything that is unconfirmed.
pub(super) fn resolve_all(stage: &mut Stage) {
    let listed = stage.run("missions", &["resolve"]);
    if listed.code() == 0 {
        return;
    }
    let Ok(listed) = serde_json::from_str::<Value>(listed.out()) else {
        return stage.tally.fault(format!("resolve lists nothing: {listed}"));
    };
    let stored = stage.state();
    for entry in listed["unsettled"].as_array().into_iter().flatten() {
        let id = entry["id"].as_str().unwrap_or_default();
        let mission = &stored[entry["mission"].as_str().unwrap_or_default()];
        let Some(made) = find_made(&stage.service, entry, mission) else {
            stage.run("missions", &["resolve", id, "--nothing-happened"]);
            continue;
        };
        if made.is_empty() {
            // A plan has no id; `init` finds it by itself.
            continue;
        }
        let output = stage.run("missions", &["resolve", id, "--happened", &made]);
        if !matches!(output.code(), 0 | 4 | 8) {
            stage.tally.fault(format!("the true answer is not accepted: {output}"));
        }
    }
}

/// Finds what an unconfirmed entry would have made; names and texts are used only once here. Gives its id, which a plan
/// does not have.
fn find_made(service: &SimulatedService, entry: &Value, mission: &Value) -> Option<String> {
    let input = json!({"original_request": mission["init"]["request"]});
    let what = entry["what"].as_str().unwrap_or_default();
    let channel = json!(if what == "schedule-sms" { "sms" } else { "call" });
    let (table, id, fields) = match what {
        "mission" => (ServiceTable::Missions, "id", vec![("name", &mission["mission_name"])]),
        "run" => (ServiceTable::Runs, "run_id", vec![("input", &input)]),
        "plan" => (ServiceTable::Steps, "", vec![("run_id", &mission["run_id"])]),
        "assistant" => (ServiceTable::Assistants, "id", vec![("name", &mission["agent"]["name"])]),
        _ => {
            let (to, text) = (("to_number", &entry["to"]), ("text_body", &entry["text"]));
            (ServiceTable::Scheduled, "id", vec![("channel", &channel), to, text])
        }
    };
    let is_it = |row: &Value| fields.iter().all(|(field, value)| row[*field] == **value);
    let made = service.rows(table).into_iter().find(is_it);
    made.map(|row| row[id].as_str().unwrap_or_default().to_owned())
}
