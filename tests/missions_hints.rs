//! Slugs and ids of a state file in what `missions` says to run next, whatever is in them.

use harness::hints::{HOSTILE, is_raw, shell_words};
use harness::{Sandbox, SimulatedService};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";

fn with(slug: &str, mission: Value) -> (SimulatedService, Sandbox) {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    keep(&sandbox, slug, mission);
    (service, sandbox)
}

fn keep(sandbox: &Sandbox, slug: &str, mission: Value) {
    let mut missions = serde_json::Map::new();
    missions.insert(slug.to_owned(), mission);
    sandbox.write(STATE, &Value::Object(missions).to_string());
}

fn running() -> Value {
    json!({"mission_name": "M", "mission_id": "mis_1", "run_id": "run_1", "status": "running"})
}

#[test]
fn every_hint_with_a_slug_is_the_command_that_was_meant() {
    for slug in HOSTILE {
        let (_service, sandbox) = with(slug, running());
        let call = ["schedule-call", "--mission", slug, "+13322200001", "in 5m"];
        let out = sandbox.run(MISSIONS, call);
        let words = out.fails(2).hinted("missions setup-agent", "` gives it one");
        assert_eq!(words, [slug, "NAME", "INSTRUCTIONS", "GREETING"]);
        let misspelt = format!("{slug}x");
        let out = sandbox.run(MISSIONS, ["next", &misspelt]);
        let hint = out.fails(2).err().lines().find_map(|line| line.split_once("probably `"));
        let copied = hint.and_then(|(_, rest)| rest.strip_suffix('`'));
        assert_eq!(shell_words(copied.unwrap_or_else(|| panic!("no hint\n{out}"))), [slug]);

        let mut broken = running();
        broken["events"] = json!({"e": {}});
        keep(&sandbox, slug, broken);
        let out = sandbox.run(MISSIONS, ["tick", slug]);
        assert_eq!(out.fails(2).hinted("missions get-state", " | jq"), [slug]);
        let mut broken = running();
        broken["lifecycle"] = json!([1]);
        keep(&sandbox, slug, broken);
        let out = sandbox.run(MISSIONS, ["tick", slug]);
        assert_eq!(out.fails(2).hinted("missions get-state", " | jq"), [slug]);

        let mut over = running();
        over["status"] = json!("failed");
        keep(&sandbox, slug, over);
        let out = sandbox.run(MISSIONS, ["complete", slug, "done"]);
        assert_eq!(out.fails(2).hinted("missions get-state", "` shows"), [slug]);
    }
}

#[test]
fn what_comes_after_a_completion_is_quoted_too() {
    for slug in HOSTILE {
        let mut mission = running();
        let event = json!({"assistant_id": "a", "channel": "sms", "to": "+15550100001", "from": "+15550100002",
            "scheduled_at": "2027-01-01T00:00:00Z", "status": "pending"});
        mission["events"] = json!({ "e1": event });
        mission["cron"] = json!({"scheduler": "openclaw"});
        let (service, sandbox) = with(slug, mission);
        service.on(
            "PATCH",
            "/v1/missions/:m/runs/:r",
            200,
            json!({"run": {"status": "succeeded"}}),
        );
        let out = sandbox.run(MISSIONS, ["complete", slug, "done"]);
        assert_eq!(out.ok().hinted("missions cron remove", "` removes it"), [slug]);
        assert_eq!(out.hinted("missions cancel", "` cancels them"), [slug]);
        let mut mission = sandbox.json(STATE)[slug].clone();
        mission["status"] = json!("running");
        keep(&sandbox, slug, mission);
        let out = sandbox.run(MISSIONS, ["dnc", "add", "+15550100001"]);
        assert_eq!(out.ok().hinted("missions tick", "` deletes"), [slug]);
    }
}

#[test]
fn a_file_elsewhere_is_quoted_where_its_recovery_is_suggested() {
    let (_service, sandbox) = with("m", running());
    for name in HOSTILE {
        sandbox.write(&format!("work/{name}"), "{");
        let path = sandbox.path(&format!("work/{name}")).display().to_string();
        let out = sandbox.run(MISSIONS, ["list-state", "--state", &path]);
        assert_eq!(out.fails(2).hinted("missions recover --state", "` saves"), [path]);
    }
}

#[test]
fn a_slug_that_hides_something_moves_no_cursor() {
    let slug = "a\u{1b}[2J\u{202e}\u{200b}b";
    let mut over = running();
    over["status"] = json!("failed");
    let (_service, sandbox) = with(slug, over);
    let out = sandbox.run(MISSIONS, ["complete", slug, "done"]);
    out.fails(2).stderr_has("`missions get-state 'a[2Jb'` shows");
    let hint = out.err().lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    assert!(!is_raw(hint), "{out}");
}
