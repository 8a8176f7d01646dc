//! Somebody who looks at the service and tells `missions resolve` what they saw: the truth.

use serde_json::Value;

use crate::{Sandbox, Service, Table};

/// Settles everything that is in doubt.
pub(super) fn settle(
    service: &Service,
    sandbox: &Sandbox,
    program: &str,
    faults: &mut Vec<String>,
) {
    let listed = sandbox.run(program, ["resolve"]);
    if listed.code() == 0 {
        return;
    }
    let Ok(listed) = serde_json::from_str::<Value>(listed.out()) else {
        faults.push(format!("resolve lists nothing: {listed}"));
        return;
    };
    let state = sandbox.json("skill/.missions_state.json");
    for open in listed["unsettled"].as_array().into_iter().flatten() {
        let id = open["id"].as_str().unwrap_or_default();
        let mission = &state[open["mission"].as_str().unwrap_or_default()];
        let Saw::Made(made) = look(service, open, mission) else {
            sandbox.run(program, ["resolve", id, "--nothing-happened"]);
            continue;
        };
        if made.is_empty() {
            // A plan has no id; `init` finds it by itself.
            continue;
        }
        let told = sandbox.run(program, ["resolve", id, "--happened", &made]);
        if !matches!(told.code(), 0 | 4 | 8) {
            faults.push(format!("what was seen is not taken: {told}"));
        }
    }
}

enum Saw {
    Nothing,
    /// This, by its id.
    Made(String),
}

/// Looks for what an open entry would have made; names and texts occur once in this world.
fn look(service: &Service, open: &Value, mission: &Value) -> Saw {
    let find = |table, key: &str, is_it: &dyn Fn(&Value) -> bool| {
        let found = service.rows(table).into_iter().find(|row| is_it(row));
        found
            .map_or(Saw::Nothing, |row| Saw::Made(row[key].as_str().unwrap_or_default().to_owned()))
    };
    match open["what"].as_str().unwrap_or_default() {
        "mission" => find(Table::Missions, "id", &|row| row["name"] == mission["mission_name"]),
        "run" => {
            let request = &mission["init"]["request"];
            find(Table::Runs, "run_id", &|row| {
                row["input"].as_object().is_some_and(|input| input.len() == 1)
                    && row["input"]["original_request"] == *request
            })
        }
        "plan" => {
            let run = &mission["run_id"];
            let has_steps = service.rows(Table::Steps).iter().any(|row| row["run_id"] == *run);
            if has_steps { Saw::Made(String::new()) } else { Saw::Nothing }
        }
        "assistant" => {
            find(Table::Assistants, "id", &|row| row["name"] == mission["agent"]["name"])
        }
        what => {
            let channel = if what == "schedule-sms" { "sms" } else { "call" };
            find(Table::Scheduled, "id", &|row| {
                row["channel"] == channel
                    && row["to_number"] == open["to"]
                    && row["text_body"] == open["text"]
            })
        }
    }
}
