//! `missions init` and `setup-agent`: stages that are stored and resumed, and create everything once.

use std::time::Duration;

use harness::{NUMBER, RequestFault, Sandbox, ServiceSettings, ServiceTable, SimulatedService};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STEPS: &str = r#"[{"step_id":"calls","description":"Call"}]"#;
const INIT: [&str; 5] = ["init", "Find plumbers", "Find three", "User wants quotes", STEPS];
const SETUP: [&str; 5] = ["setup-agent", "find-plumbers", "Caller", "Ask for rates", "Hi"];

/// The requests of `init` that create something, in their order.
const MAKES: [(&str, &str); 3] = [
    ("POST", "/v1/missions"),
    ("POST", "/v1/missions/:m/runs"),
    ("POST", "/v1/missions/:m/runs/:r/plan"),
];

fn quick(settings: ServiceSettings) -> (SimulatedService, Sandbox) {
    let service = SimulatedService::with(settings);
    service.clock().periods(20);
    let sandbox = Sandbox::for_service(&service);
    (service, sandbox)
}

fn start() -> (SimulatedService, Sandbox) {
    quick(ServiceSettings::default())
}

fn state(sandbox: &Sandbox) -> Value {
    sandbox.json("skill/.missions_state.json")
}

/// One mission; its own run beside the one that the service creates by itself; one plan.
#[track_caller]
fn one_of_each(service: &SimulatedService) {
    let n = |table| service.rows(table).len();
    assert_eq!(
        (n(ServiceTable::Missions), n(ServiceTable::Runs), n(ServiceTable::Steps)),
        (1, 2, 1)
    );
    let running =
        service.rows(ServiceTable::Runs).iter().filter(|run| run["status"] == "running").count();
    assert_eq!(running, 1);
}

#[test]
fn init_goes_on_where_it_stopped() {
    let patch = ("PATCH", "/v1/missions/:m/runs/:r");
    for (method, path) in MAKES.into_iter().chain([patch]) {
        let (service, sandbox) = start();
        service.fail(method, path, RequestFault::RetryAfter(503, 3600), 3);
        while sandbox.run(MISSIONS, INIT).code() == 4 {
            assert_eq!(state(&sandbox)["find-plumbers"]["status"], "starting");
        }
        sandbox.run(MISSIONS, INIT).ok().quiet();
        one_of_each(&service);
        assert_eq!(state(&sandbox)["find-plumbers"].get("init"), None);
    }
}

#[test]
fn a_resource_whose_answer_was_lost_is_found() {
    for (method, path) in MAKES {
        let (service, sandbox) = start();
        service.fail(method, path, RequestFault::Lost, 1);
        sandbox.run(MISSIONS, INIT).ok().stderr_has("searching for what it created");
        one_of_each(&service);
    }
}

#[test]
fn a_resource_that_is_not_found_is_unconfirmed() {
    for (method, path) in MAKES {
        let (service, sandbox) = start();
        service.fail(method, path, RequestFault::Cut, 1);
        for _ in 0..2 {
            sandbox
                .run(MISSIONS, INIT)
                .fails(8)
                .silent()
                .stderr_has("missions resolve find-plumbers");
        }
        assert_eq!(service.seen_at(method, path).len(), 1, "not repeated");
        let left = sandbox.run(MISSIONS, ["resolve"]);
        assert_eq!(left.fails(8).json()["unsettled"][0]["id"], "find-plumbers");
        sandbox.run(MISSIONS, ["resolve", "find-plumbers", "--nothing-happened"]).ok();
        sandbox.run(MISSIONS, INIT).ok();
        one_of_each(&service);
    }
}

#[test]
fn a_resource_that_somebody_saw_is_accepted() {
    let (service, sandbox) =
        quick(ServiceSettings { lag: Duration::from_secs(600), ..ServiceSettings::default() });
    service.fail("POST", "/v1/missions", RequestFault::Lost, 1);
    sandbox.run(MISSIONS, INIT).fails(8);
    let made = service.rows(ServiceTable::Missions)[0]["id"].as_str().unwrap().to_owned();
    let resolve = |id: &str| sandbox.run(MISSIONS, ["resolve", "find-plumbers", "--happened", id]);
    resolve("nonsense").fails(1).stderr_has("404");
    resolve(&made).ok();
    sandbox.run(MISSIONS, INIT).ok();
    one_of_each(&service);
}

#[test]
fn a_mission_that_was_there_before_is_not_taken_for_a_lost_one() {
    let (service, sandbox) =
        quick(ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() });
    sandbox.run(MISSIONS, ["create-mission", "Find plumbers", "Find three"]).ok();
    service.advance(Duration::from_secs(60));
    service.fail("POST", "/v1/missions", RequestFault::Cut, 1);
    sandbox.run(MISSIONS, INIT).fails(8);
    // Of two that match, neither is taken.
    for _ in 0..2 {
        sandbox.run(MISSIONS, ["create-mission", "Find plumbers", "Find three"]).ok();
    }
    sandbox.run(MISSIONS, INIT).fails(8).stderr_has("2 missions at the service could be");
}

/// The machine's clock is set while a stage is unconfirmed: what it created is found, and an older one is not taken for it.
#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_jumps_finds_what_was_made_and_nothing_older() {
    for jump in ["+1h", "-1h"] {
        let (service, sandbox) =
            quick(ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() });
        sandbox.run(MISSIONS, ["create-mission", "Find plumbers", "Find three"]).ok();
        service.advance(Duration::from_secs(1_800));
        service.fail("POST", "/v1/missions", RequestFault::Lost, 1);
        service.fail_always("GET", "/v1/missions", RequestFault::Status(500));
        sandbox.run(MISSIONS, INIT).fails(8);
        service.heal();
        sandbox.prepare(MISSIONS, INIT).skewed(jump).run().ok();
        assert_eq!(service.rows(ServiceTable::Missions).len(), 2);
    }
}

#[test]
fn two_at_once_make_one_mission() {
    let (service, sandbox) = start();
    let runs: Vec<_> = (0..4).map(|_| sandbox.spawn(MISSIONS, INIT)).collect();
    for run in runs {
        run.finish(Duration::from_secs(30)).ok();
    }
    one_of_each(&service);
}

#[test]
fn names_are_told_apart_even_if_their_slugs_are_the_same() {
    let (service, sandbox) = start();
    let slug = |name: &str| {
        let init = sandbox.run(MISSIONS, ["init", name, "I", "R"]).ok().json();
        (init["slug"].as_str().unwrap().to_owned(), init["resumed"] == true)
    };
    let made = |slug: &str| (slug.to_owned(), false);
    assert_eq!(slug("Find plumbers"), made("find-plumbers"));
    assert_eq!(slug("Find plumbers!"), made("find-plumbers-2"));
    assert_eq!(slug("find  PLUMBERS"), ("find-plumbers".to_owned(), true));
    assert_eq!(slug("Find plumbers!"), ("find-plumbers-2".to_owned(), true));
    assert_eq!(slug("Найти окна"), made("nayti-okna"));
    let (tokyo, osaka) = (slug("東京"), slug("大阪"));
    assert!(tokyo.0.starts_with("m-") && osaka.0.starts_with("m-") && tokyo != osaka);
    assert_eq!(slug("東京"), (tokyo.0, true));
    assert_eq!(service.rows(ServiceTable::Missions).len(), 5);
}

#[test]
fn an_ended_mission_gives_up_its_slug_and_stays() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    sandbox.run(MISSIONS, ["save-memory", "find-plumbers", "k", "v"]).ok();
    sandbox.run(MISSIONS, ["complete", "find-plumbers"]).ok();
    let again = sandbox.run(MISSIONS, INIT).ok().json();
    assert_eq!((&again["slug"], &again["resumed"]), (&json!("find-plumbers"), &json!(false)));
    let archived = again["archived"].as_str().unwrap();
    assert!(archived.starts_with("find-plumbers~20"), "{archived}");
    assert_eq!(state(&sandbox)[archived]["memory"], json!({"k": "v"}));
    assert_eq!(state(&sandbox)[archived]["status"], "succeeded");
    assert_eq!(service.rows(ServiceTable::Missions).len(), 2);
}

#[test]
fn what_the_script_left_half_done_is_finished() {
    let (service, sandbox) = start();
    let mission =
        sandbox.run(MISSIONS, ["create-mission", "Find plumbers", "Find three"]).ok().json();
    // telnyx_api.py stores the mission's id, and when it is run again creates another mission.
    let left = json!({"find-plumbers": {"mission_name": "Find plumbers", "mission_id": mission["id"], "created_at": "2026-02-01T00:00:00Z"}});
    sandbox.write("skill/.missions_state.json", &left.to_string());
    sandbox.run(MISSIONS, INIT).ok();
    one_of_each(&service);
    // Steps that are given to a mission that has a plan are not dropped in silence.
    let other = r#"[{"step_id":"other","description":"Other"}]"#;
    let late = ["init", "Find plumbers", "Find three", "R", other];
    sandbox.run(MISSIONS, late).ok().stderr_has("steps given now were not used");
    sandbox.run(MISSIONS, ["init", "No plan", "I", "R"]).ok();
    sandbox.run(MISSIONS, ["init", "No plan", "I", "R", other]).ok().quiet();
    assert_eq!(service.rows(ServiceTable::Steps).len(), 2);
}

#[test]
fn setup_agent_goes_on_where_it_stopped() {
    for (method, path) in [
        ("POST", "/v1/assistants"),
        ("POST", "/v1/missions/:m/runs/:r/agents"),
        ("GET", "/v1/numbers/account-phones/available"),
        ("GET", "/v1/assistants/:a/connection-id"),
        ("PATCH", "/v1/numbers/account-phones/:p"),
    ] {
        let (service, sandbox) = start();
        sandbox.run(MISSIONS, INIT).ok();
        service.fail(method, path, RequestFault::RetryAfter(503, 3600), 3);
        while sandbox.run(MISSIONS, SETUP).code() == 4 {}
        let keys = service.seen_at("POST", "/v1/assistants");
        let mut keys: Vec<_> = keys.iter().map(|seen| seen.header("idempotency-key")).collect();
        keys.dedup();
        assert_eq!(keys.len(), 1, "one assistant has one key: {keys:?}");
        let agent = sandbox.run(MISSIONS, SETUP).ok().json();
        assert_eq!(agent["linked"], true, "{path}");
        assert_eq!(agent["agent_phone"], NUMBER, "{path}");
        let n = |table| service.rows(table).len();
        assert_eq!((n(ServiceTable::Assistants), n(ServiceTable::Links)), (1, 1), "{path}");
        assert_eq!(service.rows(ServiceTable::Assistants)[0]["phone_number"], NUMBER, "{path}");
    }
}

#[test]
fn lost_answers_make_nothing_twice() {
    for (method, path) in [
        ("POST", "/v1/assistants"),
        ("POST", "/v1/missions/:m/runs/:r/agents"),
        ("PATCH", "/v1/numbers/account-phones/:p"),
    ] {
        let (service, sandbox) = start();
        sandbox.run(MISSIONS, INIT).ok();
        service.fail(method, path, RequestFault::Lost, 1);
        sandbox.run(MISSIONS, SETUP).ok();
        let n = |table| service.rows(table).len();
        assert_eq!((n(ServiceTable::Assistants), n(ServiceTable::Links)), (1, 1), "{path}");
    }
}

#[test]
fn without_a_number_the_command_fails_and_the_assistant_is_reused() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    let taken = json!({"phone": null});
    service.once("GET", "/v1/numbers/account-phones/available", 200, taken.clone());
    sandbox.run(MISSIONS, SETUP).fails(1).silent().stderr_has("no available phone number");
    service.once("GET", "/v1/numbers/account-phones/available", 200, taken);
    sandbox.run(MISSIONS, SETUP).fails(1);
    let agent = sandbox.run(MISSIONS, SETUP).ok().json();
    assert_eq!(agent["existing"], true);
    assert_eq!(service.rows(ServiceTable::Assistants).len(), 1);
}

#[test]
fn a_link_that_does_not_show_is_made_again_or_reported() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    let (agents, none) = ("/v1/missions/:m/runs/:r/agents", json!({"data": []}));
    for _ in 0..3 {
        service.once("GET", agents, 200, none.clone());
    }
    sandbox.run(MISSIONS, SETUP).ok();
    assert_eq!(service.seen_at("POST", agents).len(), 2, "linked again");

    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    service.on("GET", agents, 200, none);
    sandbox.run(MISSIONS, SETUP).fails(8).silent().stderr_has("not listed there");
}

#[test]
fn the_number_may_stay_where_it_is() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    let line = [&SETUP[..], &["--caller-id-only", "--voice", "rime.v1"]].concat();
    let agent = sandbox.run(MISSIONS, line).ok().quiet().json();
    assert_eq!(
        (&agent["inbound_line"], &agent["agent_phone"]),
        (&json!("unchanged"), &json!(NUMBER))
    );
    assert_eq!(service.rows(ServiceTable::Assistants)[0]["phone_number"], Value::Null);
    assert_eq!(service.rows(ServiceTable::Assistants)[0]["config"]["voice"], "rime.v1");
    assert_eq!(service.seen_at("PATCH", "/v1/numbers/account-phones/:p").len(), 0);
}

#[test]
fn an_assistant_is_never_linked_to_nothing() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, ["save-memory", "noted", "k", "v", "--create"]).ok();
    let setup = |slug: &str| sandbox.run(MISSIONS, ["setup-agent", slug, "A", "I"]);
    setup("notd").fails(2).silent().stderr_has("nearest first: `noted`");
    setup("noted").fails(2).silent().stderr_has("no run at the service yet");
    sandbox.run(MISSIONS, INIT).ok();
    sandbox.run(MISSIONS, ["complete", "find-plumbers"]).ok();
    setup("find-plumbers").fails(2).silent().stderr_has("has ended");
    assert_eq!(service.seen_at("POST", "/v1/assistants").len(), 0);
}

#[test]
fn complete_takes_one_two_four_or_five_words() {
    let (service, sandbox) = start();
    let begin = |name: &str| sandbox.run(MISSIONS, ["init", name, "I", "R"]).ok().json();
    let (m, r) = ("mission_id", "run_id");
    let ids =
        |init: &Value| (init[m].as_str().unwrap().to_owned(), init[r].as_str().unwrap().to_owned());
    begin("one");
    assert_eq!(
        sandbox.run(MISSIONS, ["complete", "one"]).ok().json()["run"]["result_summary"],
        Value::Null
    );
    begin("two");
    assert_eq!(
        sandbox.run(MISSIONS, ["complete", "two", "- done"]).ok().json()["run"]["result_summary"],
        "- done"
    );
    let (mission, run) = ids(&begin("four"));
    sandbox.run(MISSIONS, ["complete", "four", &mission, &run, "S"]).ok();
    let (mission, run) = ids(&begin("five"));
    let ended =
        sandbox.run(MISSIONS, ["complete", "five", &mission, &run, "S", "{\"a\":1}"]).ok().json();
    assert_eq!(ended["run"]["result_payload"], json!({"a": 1}));
    begin("bad");
    let before = service.seen().len();
    for (line, says) in [
        (vec!["complete", "bda"], "nearest first: `bad`"),
        (vec!["complete", "bad", &mission, &run], "1, 2, 4 or 5"),
        (vec!["complete", "bad", &mission, &run, "S"], "the mission of `bad` is"),
        (vec!["complete", "bad", "--sumary"], "looks like an option"),
        (vec!["complete"], "ARGUMENTS"),
    ] {
        sandbox.run(MISSIONS, &line).fails(2).silent().stderr_has(says);
    }
    assert_eq!(service.seen().len(), before);
}
