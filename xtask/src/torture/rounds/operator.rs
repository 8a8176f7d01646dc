//! An operator who looks up at the service what is unconfirmed, and gives `missions resolve` the true answer.

use harness::{ServiceTable, SimulatedService};
use serde_json::Value;

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
    let state = stage.state();
    for entry in listed["unsettled"].as_array().into_iter().flatten() {
        let id = entry["id"].as_str().unwrap_or_default();
        let mission = &state[entry["mission"].as_str().unwrap_or_default()];
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

/// Finds what an unconfirmed entry would have made; names and texts are used only once here. Gives its id.
fn find_made(service: &SimulatedService, entry: &Value, mission: &Value) -> Option<String> {
    let find = |table, key: &str, is_it: &dyn Fn(&Value) -> bool| {
        let found = service.rows(table).into_iter().find(|row| is_it(row));
        found.map(|row| row[key].as_str().unwrap_or_default().to_owned())
    };
    match entry["what"].as_str().unwrap_or_default() {
        "mission" => {
            find(ServiceTable::Missions, "id", &|row| row["name"] == mission["mission_name"])
        }
        "run" => {
            let request = &mission["init"]["request"];
            find(ServiceTable::Runs, "run_id", &|row| {
                row["input"].as_object().is_some_and(|input| input.len() == 1)
                    && row["input"]["original_request"] == *request
            })
        }
        "plan" => {
            let run = &mission["run_id"];
            let has_steps =
                service.rows(ServiceTable::Steps).iter().any(|row| row["run_id"] == *run);
            has_steps.then(String::new)
        }
        "assistant" => {
            find(ServiceTable::Assistants, "id", &|row| row["name"] == mission["agent"]["name"])
        }
        what => {
            let channel = if what == "schedule-sms" { "sms" } else { "call" };
            find(ServiceTable::Scheduled, "id", &|row| {
                row["channel"] == channel
                    && row["to_number"] == entry["to"]
                    && row["text_body"] == entry["text"]
            })
        }
    }
}
