//! `missions dnc remove` of an installed folder, with the program `approval` beside it and an owner who decides.

use std::fs;
use std::time::Duration;

use harness::{Sandbox, ServiceSettings, SimulatedOwner, SimulatedService};
use serde_json::json;

use crate::folder::furnish;

const NUMBER: &str = "+13322200013";

fn listed(owner: SimulatedOwner) -> (SimulatedService, Sandbox) {
    let settings = ServiceSettings { owner, ..ServiceSettings::default() };
    let service = SimulatedService::with(settings);
    Sandbox::all_on_disk();
    let mut sandbox = Sandbox::for_service(&service);
    furnish(&mut sandbox);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "20");
    let list = json!({
        "format": 1, "numbers": {NUMBER: "2026-01-01T00:00:00Z"},
        "details": {NUMBER: {"why": "opt-out", "covers": "texts"}},
    });
    sandbox.write("skill/.do_not_call.json", &list.to_string());
    (service, sandbox)
}

fn missions(sandbox: &Sandbox) -> String {
    sandbox.path("skill/bin/missions").display().to_string()
}

#[test]
fn only_a_yes_of_the_owner_takes_a_number_off_the_do_not_call_list() {
    let remove = ["dnc", "remove", NUMBER, "--timeout", "2"];
    // The time is over by the service's clock or by ours, whichever is first.
    for (owner, code, verdicts) in [
        (SimulatedOwner::Denies(Duration::ZERO), 1, &["denied"][..]),
        (SimulatedOwner::Silent, 6, &["timeout", "expired"]),
        (SimulatedOwner::NoDevices, 7, &["no_devices"]),
    ] {
        let (service, sandbox) = listed(owner);
        let before = sandbox.read("skill/.do_not_call.json");
        // Text mode is for people, and the verdict is read as JSON all the same.
        for mode in [&[][..], &["--text"]] {
            let out = sandbox.run(&missions(&sandbox), [&remove[..], mode].concat());
            let printed = out.fails(code).out();
            assert!(verdicts.iter().any(|verdict| printed.contains(verdict)), "{out}");
        }
        let asked = service.seen_at("POST", "/v1/approvals");
        let action = asked[0].body["action"].as_str().unwrap().to_owned();
        assert!(action.contains(NUMBER) && action.contains("no texts"), "{action}");
        assert_eq!(sandbox.read("skill/.do_not_call.json"), before, "{verdicts:?}");
    }
    let (service, sandbox) = listed(SimulatedOwner::Approves(Duration::ZERO));
    // A number that is not listed is no question for the owner.
    sandbox.run(&missions(&sandbox), ["dnc", "remove", "+13322200014"]).ok();
    assert!(service.seen_at("POST", "/v1/approvals").is_empty());
    let removed = sandbox.run(&missions(&sandbox), remove).ok().json();
    assert_eq!(removed, json!({"number": NUMBER, "listed": false, "changed": true}));
    assert_eq!(sandbox.json("skill/.do_not_call.json")["numbers"], json!({}));
}

#[test]
fn without_the_program_approval_nobody_is_asked_and_nothing_changes() {
    let (service, sandbox) = listed(SimulatedOwner::Approves(Duration::ZERO));
    fs::remove_file(sandbox.path("skill/bin/approval")).unwrap();
    let out = sandbox.run(&missions(&sandbox), ["dnc", "remove", NUMBER]);
    out.fails(3).silent().stderr_has("skill/bin/approval").stderr_has("hint: ");
    assert!(sandbox.read("skill/.do_not_call.json").contains(NUMBER));
    assert!(service.seen().is_empty());
}

/// Whoever interrupts it has not said yes.
#[test]
fn a_removal_that_is_interrupted_changes_nothing() {
    let (service, sandbox) = listed(SimulatedOwner::Silent);
    let mut child = sandbox.spawn(&missions(&sandbox), ["dnc", "remove", NUMBER]);
    service.wait_request(Duration::from_secs(20), "POST", "/v1/approvals", 1);
    child.signal(harness::Signal::TERM);
    child.finish(Duration::from_secs(10)).fails(6).silent();
    assert!(sandbox.read("skill/.do_not_call.json").contains(NUMBER));
}
