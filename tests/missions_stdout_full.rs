//! `missions` where stdout cannot be written: what was done is not reported as undone, and the code of a fault stays.

#[path = "missions/fixture.rs"]
#[expect(dead_code, reason = "other tests need the rest of it")]
mod fixture;

use fixture::{Fixture, MISSIONS, ONE_STEP, TO};
use harness::{Output, RequestFault, Sandbox, ServiceTable, SimulatedService};

const UNHEARD: &str = "\"$0\" \"$@\" >/dev/full";
const SAYS: &str = "error: it was done, but that could not be printed: writing to stdout";

fn unheard(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run("/bin/sh", [&["-c", UNHEARD, MISSIONS], args].concat())
}

#[test]
fn a_workflow_whose_output_was_lost_is_not_done_twice() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for line in [&["init", "M", "I", "R", ONE_STEP][..], &["setup-agent", "m", "A", "I", "Hi"]] {
        unheard(&sandbox, line).fails(8).stderr_has(SAYS);
        sandbox.run(MISSIONS, line).ok();
    }
    let n_made =
        [ServiceTable::Missions, ServiceTable::Assistants].map(|table| service.rows(table).len());
    let line = ["init", "In words", "I", "R", "--text"];
    let out = unheard(&sandbox, &line);
    out.fails(8).stderr_has(SAYS).stderr_has("it goes on from here");
    sandbox.run(MISSIONS, line).ok();
    let n_more =
        [ServiceTable::Missions, ServiceTable::Assistants].map(|table| service.rows(table).len());
    assert_eq!(n_more, [n_made[0] + 1, n_made[1]]);
}

#[test]
fn a_command_whose_output_was_lost_ends_with_8() {
    let fixture = Fixture::new();
    let state = fixture.state();
    let id = |key: &str| state[key].as_str().unwrap_or_default().to_owned();
    let (m, r, a) = (id("mission_id"), id("run_id"), id("assistant_id"));
    let to = format!("{TO}07");
    let event = fixture.call("08", &[]);
    for line in [
        &["init", "New", "I", "R"][..],
        &["create-mission", "N", "I"],
        &["create-run", &m, "{}"],
        &["update-run", &m, &r, "running"],
        &["update-step", &m, &r, "calls", "in_progress"],
        &["log-event", &m, &r, "custom", "x", "-"],
        &["create-assistant", "A", "I"],
        &["update-assistant", &a, "{\"name\": \"B\"}"],
        &["link-agent", &m, &r, &a],
        &["save-memory", "m", "k", "v"],
        &["append-memory", "m", "l", "v"],
        &["dnc", "add", "+13125550142"],
        &["schedule-call", "--mission", "m", &to, "in 5m"],
        &["schedule-sms", "--mission", "m", &to, "in 5m", "Hi"],
        &["cancel-scheduled-event", &a, &event],
        &["cancel", "m"],
        &["remove-state", "m"],
    ] {
        unheard(&fixture.sandbox, line).fails(8).stderr_has(SAYS);
    }
    assert_eq!(fixture.sandbox.json("skill/.missions_state.json").get("m"), None);
    // A command that only reads has done nothing.
    unheard(&fixture.sandbox, &["list-state"]).fails(4).stderr_has("error: writing to stdout");
}

#[test]
fn the_code_of_a_fault_stays_where_nothing_can_be_printed() {
    let fixture = Fixture::new();
    fixture.service.clock().periods(20);
    fixture.service.fail("POST", "/v1/assistants/:id/events", RequestFault::Cut, 1);
    let to = format!("{TO}07");
    let out = unheard(&fixture.sandbox, &["schedule-call", "--mission", "m", &to, "in 9m"]);
    out.fails(8).stderr_has("may have been scheduled").stderr_has("hint: look with");
    unheard(&fixture.sandbox, &["resolve"]).fails(8);
    unheard(&fixture.sandbox, &["cancel", "m"]).fails(8).stderr_has("may still happen");
}
