//! `missions` in JSON mode: one document per command, a single object whole, a list in its wrapper.

use std::time::Duration;

use harness::{NUMBER, Sandbox, ServiceSettings, ServiceTable, SimulatedService};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

/// Runs a command that must succeed, and returns its one document.
#[track_caller]
fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    sandbox.run(MISSIONS, args).ok().json()
}

fn text<'a>(document: &'a Value, key: &str) -> &'a str {
    document[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {document}"))
}

/// A service whose lists show what was made at once.
fn prompt() -> SimulatedService {
    SimulatedService::with(ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() })
}

/// A time some hours ahead, as agents write it.
fn ahead() -> String {
    (Timestamp::now() + SignedDuration::from_hours(30)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[test]
fn missions_runs_plans_and_logs() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let run = |args: &[&str]| json(&sandbox, args);
    let key = run(&["check-key"]);
    assert_eq!((&key["key"], &key["verified"]), (&json!("cc_live_...cdef"), &json!(true)));
    assert_eq!(key["account"], run(&["check-key"])["account"]);
    assert_eq!(key["server"], service.url());

    let mission = run(&["create-mission", "N", "I", "--channel", "sms", "--metadata", "{\"a\":1}"]);
    assert_eq!(service.rows(ServiceTable::Missions)[0], mission, "the server's object, whole");
    assert_eq!((&mission["channel"], &mission["metadata"]), (&json!("sms"), &json!({"a": 1})));
    let m = text(&mission, "id");
    assert_eq!(run(&["get-mission", m])["plan"], json!({"steps": []}));
    assert_eq!(run(&["list-missions"])["missions"][0]["id"], m);
    assert_eq!(run(&["list-missions", "--status", "running"])["missions"], json!([]));

    let input = r#"{"original_request": "x"}"#;
    let of_run = run(&["create-run", m, input]);
    let r = text(&of_run, "run_id");
    assert_eq!(of_run["input"], json!({"original_request": "x"}));
    assert_eq!(run(&["get-run", m, r])["run_id"], r);
    let updated =
        run(&["update-run", m, r, "running", "--summary", "- so far", "--payload", "[1]"]);
    assert_eq!(updated["status"], "running");
    assert_eq!(
        (&updated["result_summary"], &updated["result_payload"]),
        (&json!("- so far"), &json!([1]))
    );
    let runs = run(&["list-runs", m]);
    assert_eq!(runs["meta"]["total_results"], 2, "the wrapper stays: {runs}");

    let plan = run(&["create-plan", m, r, r#"[{"step_id":"s","description":"S"}]"#]);
    assert_eq!(plan["data"][0]["sequence"], 1);
    assert_eq!(run(&["get-plan", m, r])["data"][0]["status"], "pending");
    assert_eq!(run(&["update-step", m, r, "s", "completed"])["status"], "completed");

    let event = run(&["log-event", m, r, "custom", "- did x", "-", "{\"n\":1.10}"]);
    assert_eq!((&event["summary"], &event["step_id"]), (&json!("- did x"), &Value::Null));
    assert_eq!(event["payload"].to_string(), r#"{"n":1.10}"#, "numbers stay as they were written");
    let keyed =
        ["log-event", m, r, "custom", "x", "s", "--idempotency-key", "k", "--agent-id", "me"];
    assert_eq!(run(&keyed)["event_id"], run(&keyed)["event_id"]);
    assert_eq!(run(&["list-events", m, r])["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(run(&["cancel-mission", m])["status"], "cancelled");
}

#[test]
fn assistants_numbers_and_scheduled_events() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let run = |args: &[&str]| json(&sandbox, args);
    let options =
        r#"{"voice":"v","voicemail_detection":{"action":"stop"},"features":["telephony"]}"#;
    let assistant = run(&["create-assistant", "A", "I", "", options, "--model", "m"]);
    let a = text(&assistant, "id");
    let config = &assistant["config"];
    assert_eq!(
        (&config["voice"], &config["greeting"], &config["model"]),
        (&json!("v"), &json!(""), &json!("m"))
    );
    assert_eq!(config["voicemail_detection"], json!({"action": "stop"}), "options pass on whole");
    assert_eq!(config["enabled_features"], json!(["telephony"]));
    let posted = service.seen_at("POST", "/v1/assistants");
    assert_eq!(posted[0].header("idempotency-key").map(str::len), Some(32));
    let plain = run(&["create-assistant", "B", "I"]);
    assert_eq!(plain["config"].get("voice"), None, "the account's preference rules");
    assert_eq!(run(&["list-assistants"])["assistants"].as_array().map(Vec::len), Some(2));
    assert_eq!(run(&["get-assistant", a])["id"], a);
    assert_eq!(run(&["update-assistant", a, r#"{"greeting":"Hi"}"#])["config"]["greeting"], "Hi");
    let connection = run(&["get-connection-id", a, "messaging"]);
    assert_eq!(connection.as_object().map(serde_json::Map::len), Some(1));

    let phone = run(&["get-available-phone"]);
    assert_eq!(phone["phone_number"], NUMBER);
    assert_eq!(run(&["list-phones", "--available"])["data"], json!([phone]));
    assert_eq!(run(&["list-phones"])["data"], json!([phone]));
    let connection = run(&["get-connection-id", a]);
    let assigned = run(&["assign-phone", text(&phone, "id"), text(&connection, "connection_id")]);
    assert_eq!(assigned["id"], phone["id"]);
    sandbox
        .run(MISSIONS, ["get-available-phone"])
        .fails(1)
        .silent()
        .stderr_has("no available phone");
    assert_eq!(run(&["list-phones", "--available"])["data"], json!([]));

    let (m, r) = run_of(&sandbox);
    let link = run(&["link-agent", &m, &r, a]);
    assert_eq!(link["telnyx_agent_id"], assistant["telnyx_assistant_id"]);
    assert_eq!(run(&["list-linked-agents", &m, &r])["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(run(&["unlink-agent", &m, &r, a])["unlinked"], true);

    let sms = run(&["schedule-sms", a, "+13322200013", NUMBER, &ahead(), "Hello"]);
    let e = text(&sms, "id");
    assert_eq!((&sms["text_body"], &sms["status"]), (&json!("Hello"), &json!("pending")));
    let call = ["schedule-call", a, "+13322200013", NUMBER, "in 2h", &m, &r, "-", "--any-time"];
    assert_eq!(run(&call)["channel"], "call");
    assert_eq!(run(&["get-event", a, e])["id"], e);
    assert_eq!(run(&["list-events-assistant", a])["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(run(&["cancel-scheduled-event", a, e]), json!({"id": e, "deleted": true}));
    sandbox.run(MISSIONS, ["cancel-scheduled-event", a, e]).fails(1).stderr_has("404");
    assert_eq!(run(&["resolve"]), json!({"settled": [], "unsettled": []}));
    assert_eq!(run(&["delete-assistant", a]), json!({"id": a, "deleted": true}));
}

fn run_of(sandbox: &Sandbox) -> (String, String) {
    let mission = json(sandbox, &["create-mission", "N", "I"]);
    let m = text(&mission, "id").to_owned();
    let run = json(sandbox, &["create-run", &m, "{}"]);
    (m, text(&run, "run_id").to_owned())
}

#[test]
fn insights_come_as_the_service_sends_them() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let path = "/v1/missions/conversations/c/insights";
    for (body, wanted) in [
        (
            json!({"data": [{"status": "completed", "conversation_insights": [{"result": "a"}]}]}),
            "Insight: a\n",
        ),
        (json!({"data": {"summary": "b", "sentiment": "neutral"}}), "Insight: b\n"),
        (
            json!({"data": [{"status": "in_progress", "conversation_insights": []}]}),
            "Status: in_progress\n",
        ),
    ] {
        service.on("GET", path, 200, body.clone());
        assert_eq!(json(&sandbox, &["get-insights", "c"]), body);
        sandbox.run(MISSIONS, ["--text", "get-insights", "c"]).ok().stdout(wanted);
    }
}

#[test]
fn workflows_state_and_memory() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let run = |args: &[&str]| json(&sandbox, args);
    let steps = r#"[{"step_id":"calls","description":"Call them"}]"#;
    let started = run(&["init", "Find plumbers", "I", "R", steps]);
    assert_eq!(
        (&started["slug"], &started["status"]),
        (&json!("find-plumbers"), &json!("running"))
    );
    assert_eq!(
        (&started["resumed"], &started["plan"][0]["step_id"]),
        (&json!(false), &json!("calls"))
    );
    assert_eq!(run(&["init", "Find plumbers", "I", "R"])["resumed"], true);
    let agent = run(&["setup-agent", "find-plumbers", "C", "I", "Hi"]);
    assert_eq!((&agent["agent_phone"], &agent["inbound_line"]), (&json!(NUMBER), &json!("moved")));
    assert_eq!((&agent["linked"], &agent["existing"]), (&json!(true), &json!(false)));
    assert_eq!(run(&["setup-agent", "find-plumbers", "C", "I"])["existing"], true);

    let saved = run(&["save-memory", "find-plumbers", "k", "-5"]);
    assert_eq!(saved, json!({"slug": "find-plumbers", "key": "k", "value": "-5"}));
    assert_eq!(run(&["save-memory", "find-plumbers", "n", "--json", "-5"])["value"], -5);
    assert_eq!(run(&["append-memory", "find-plumbers", "l", "- x"])["items"], 1);
    assert_eq!(run(&["append-memory", "find-plumbers", "k", "[1]"])["items"], 2);
    assert_eq!(
        run(&["get-memory", "find-plumbers"]),
        json!({"k": ["-5", [1]], "n": -5, "l": ["- x"]})
    );
    assert_eq!(run(&["get-memory", "find-plumbers", "zz"]), Value::Null);
    assert_eq!(run(&["save-memory", "new-one", "k", "v", "--create"])["value"], "v");

    let listed = run(&["list-state"]);
    assert_eq!(
        (&listed["missions"][0]["slug"], &listed["missions"][0]["status"]),
        (&json!("find-plumbers"), &json!("running"))
    );
    assert_eq!(run(&["get-state", "find-plumbers"])["run_id"], started["run_id"]);
    assert_eq!(run(&["remove-state", "new-one"]), json!({"slug": "new-one", "removed": true}));
    let ended = run(&["complete", "find-plumbers", "ABC is cheapest"]);
    assert_eq!(
        (&ended["status"], &ended["run"]["result_summary"]),
        (&json!("succeeded"), &json!("ABC is cheapest"))
    );
    assert_eq!(run(&["get-state", "find-plumbers"])["status"], "succeeded", "it stays, archived");

    assert_eq!(run(&["recover"])["broken"], false);
    sandbox.write("other.json", r#"{"x": {"mission_name": "X"}}"#);
    let other = sandbox.path("other.json").display().to_string();
    let wanted = json!({"added": ["x"], "merged": [], "renamed": {}, "left_out": []});
    assert_eq!(run(&["import", &other]), wanted);
}

#[test]
fn all_pages_are_one_list_whoever_counts_them() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let (m, r) = run_of(&sandbox);
    for n in 0..7 {
        json(&sandbox, &["log-event", &m, &r, "custom", &format!("event {n}"), "-"]);
    }
    let events = json(&sandbox, &["list-events", &m, &r, "--all", "--size", "3"]);
    let summaries: Vec<&str> =
        events["data"].as_array().unwrap().iter().map(|e| text(e, "summary")).collect();
    assert_eq!(
        summaries,
        ["event 0", "event 1", "event 2", "event 3", "event 4", "event 5", "event 6"]
    );
    assert_eq!(
        json(&sandbox, &["list-events", &m, &r, "--page", "3", "--size", "3"])["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // Missions come without `meta`, and the simulator ignores the number of the page, as the service may.
    let missions = json(&sandbox, &["list-missions", "--all", "--size", "1"]);
    assert_eq!(missions["missions"].as_array().map(Vec::len), Some(1));
    // Assistants come all at once, whatever is asked.
    for name in ["A", "B", "C"] {
        json(&sandbox, &["create-assistant", name, "I"]);
    }
    let assistants = json(&sandbox, &["list-assistants", "--all", "--size", "2"]);
    assert_eq!(assistants["assistants"].as_array().map(Vec::len), Some(3));
    sandbox.run(MISSIONS, ["list-runs", &m, "--all", "--page", "2"]).fails(2);
}

/// Rows of a list, a page of them after the other: short ones, wrong counts, and rows that move.
#[test]
fn a_list_ends_where_nothing_new_comes() {
    let row = |n: usize| json!({"id": format!("ev{n}"), "status": "pending"});
    let page =
        |numbers: std::ops::Range<usize>| json!({"events": numbers.map(row).collect::<Vec<_>>()});
    let counted = |mut page: Value, n_pages: usize| {
        page["meta"] = json!({"total_pages": n_pages});
        page
    };
    let bare = |names: &[&str]| json!({"events": names.iter().map(|name| json!({"status": name})).collect::<Vec<_>>()});
    for (what, pages, n_rows) in [
        ("short pages", vec![page(0..5), page(5..10), page(10..12), page(0..0)], 12),
        ("a wrong count", vec![counted(page(0..5), 1), page(5..8), page(0..0)], 8),
        ("no page behind the last", vec![counted(page(0..5), 2), page(5..10)], 10),
        ("a row came in between", vec![page(0..5), page(4..9), page(0..0)], 9),
        ("the same page each time", vec![page(0..5), page(0..5)], 5),
        ("rows without ids", vec![bare(&["a", "b"]), bare(&["b", "c"]), bare(&["c"])], 3),
        ("nothing", vec![page(0..0)], 0),
    ] {
        let service = prompt();
        let (n_pages, given) = (pages.len(), pages);
        service.on_with("GET", "/v1/assistants/:id/events", move |seen| {
            let number: usize = seen.query("page_number").unwrap().parse().unwrap();
            given.get(number - 1).map_or((404, json!({})), |page| (200, page.clone()))
        });
        let sandbox = Sandbox::for_service(&service);
        let listed = json(&sandbox, &["list-events-assistant", "ast", "--all", "--size", "100"]);
        assert_eq!(listed["events"].as_array().map(Vec::len), Some(n_rows), "{what}");
        let asked = service.seen_at("GET", "/v1/assistants/:id/events").len();
        assert_eq!(asked, n_pages + usize::from(what.starts_with("no page")), "{what}");
    }
    // A page that the service counts, and that cannot be had, is an error.
    let service = prompt();
    let first = counted(page(0..5), 2);
    service.on_with("GET", "/v1/assistants/:id/events", move |seen| {
        match seen.query("page_number") {
            Some("1") => (200, first.clone()),
            _ => (404, json!({})),
        }
    });
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["list-events-assistant", "ast", "--all"]).fails(1).silent();
}

#[test]
fn text_mode_prints_what_the_script_prints() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let memory = json!({"text": "two\nlines", "yes": true, "no": false, "n": 42, "x": 1e16, "none": null, "l": [true]});
    sandbox.write("skill/.missions_state.json", &json!({"m": {"memory": memory}}).to_string());
    let text = |line: &[&str], wanted: &str| {
        sandbox.run(MISSIONS, [&["--text"], line].concat()).ok().stdout(wanted);
    };
    for (key, wanted) in [
        ("text", "two\nlines\n"),
        ("yes", "True\n"),
        ("no", "False\n"),
        ("n", "42\n"),
        ("x", "1e+16\n"),
        ("none", "No memory found\n"),
        ("gone", "No memory found\n"),
        ("l", "[\n  true\n]\n"),
    ] {
        text(&["get-memory", "m", key], wanted);
    }
    text(&["remove-state", "m"], "Removed m from state\n");
    // What the service sends for a name is shown as it is; JSON has those that fit alone.
    for name in ["A", "B"] {
        json(&sandbox, &["create-assistant", name, "I"]);
    }
    let shown = sandbox.run(MISSIONS, ["--text", "list-assistants", "--name", "A"]);
    shown.ok().stdout_has(": A (").stdout_has(": B (");
    let listed = json(&sandbox, &["list-assistants", "--name", "A"]);
    assert_eq!(listed["assistants"].as_array().map(Vec::len), Some(1));
}

#[test]
fn setup_agent_takes_options_as_create_assistant_does() {
    let service = prompt();
    let sandbox = Sandbox::for_service(&service);
    let created = |name: &str, options: &str| {
        json(&sandbox, &["init", name, "I", "R"]);
        json(
            &sandbox,
            &["setup-agent", &name.to_lowercase(), "C", "I", "Hi", options, "--caller-id-only"],
        );
        service.seen_at("POST", "/v1/assistants").last().unwrap().body.clone()
    };
    let body = created("One", r#"{"voice": "v", "features": ["messaging"], "amd": {"on": true}}"#);
    assert_eq!((&body["voice"], &body["amd"]["on"]), (&json!("v"), &json!(true)));
    assert_eq!(body["enabled_features"], json!(["messaging"]));
    assert_eq!(created("Two", r#"["telephony"]"#)["enabled_features"], json!(["telephony"]));
    json(&sandbox, &["init", "Three", "I", "R"]);
    for bad in ["{", "5", "[1]", r#"["fax"]"#] {
        sandbox.run(MISSIONS, ["setup-agent", "three", "C", "I", "Hi", bad]).fails(2).silent();
    }
    assert_eq!(service.seen_at("POST", "/v1/assistants").len(), 2);
}
