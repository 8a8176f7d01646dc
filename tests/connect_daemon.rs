//! The commands around a running client.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::{Child, Sandbox, Signal, SimulatedGateway, SimulatedService, event};
use serde_json::json;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);

/// Ends a started client when the test ends, however that is.
struct Started<'a>(&'a Sandbox);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.0.run(CONNECT, ["stop"]);
    }
}

#[test]
fn start_status_stop() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let never = sandbox.run(CONNECT, ["status"]);
    never.fails(1);
    assert_eq!(never.json()["state"], "stopped");

    let started = sandbox.run(CONNECT, ["start"]).ok().quiet().json();
    let _started = Started(&sandbox);
    assert_eq!(started["state"], "connected");
    assert_eq!(service.log().authenticated(), 1);
    let status = sandbox.run(CONNECT, ["status"]).ok().json();
    assert_eq!((&status["state"], &status["pid"]), (&json!("connected"), &started["pid"]));
    assert_eq!((&status["healthy"], &status["running"]), (&json!(true), &json!(true)));
    sandbox.run(CONNECT, ["status", "--text"]).ok().stdout_has("Status: connected\n");

    sandbox.run(CONNECT, ["start"]).fails(5).stderr_has("already running (pid ");
    sandbox.run(CONNECT, ["run"]).fails(5).stderr_has("already running (pid ");

    let stopped = sandbox.run(CONNECT, ["stop"]).ok().json();
    assert_eq!(stopped, json!({"state": "stopped", "was_running": true}));
    assert_eq!(service.connections()[0].closed, Some(1000));
    let again = sandbox.run(CONNECT, ["stop"]).ok().json();
    assert_eq!(again, json!({"state": "stopped", "was_running": false}));
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["by_command"], true);
}

#[test]
fn the_allocator_is_set_to_stay_small_unless_somebody_chose_otherwise() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    for (chosen, wanted) in [
        (None, "GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.tcache_count=2"),
        (Some("glibc.malloc.arena_max=3"), "GLIBC_TUNABLES=glibc.malloc.arena_max=3"),
    ] {
        if let Some(chosen) = chosen {
            sandbox.env("GLIBC_TUNABLES", chosen);
        }
        let started = sandbox.run(CONNECT, ["start"]).ok().json();
        let _started = Started(&sandbox);
        let environment = std::fs::read_to_string(format!("/proc/{}/environ", started["pid"]));
        // Some versions of glibc put an end behind each setting that they have read.
        let environment = environment.unwrap().replace('\0', ":");
        assert!(environment.contains(&format!("{wanted}:")), "{environment}");
        sandbox.run(CONNECT, ["status"]).ok().stdout_has(&format!("\"pid\":{}", started["pid"]));
    }
}

#[test]
fn a_start_that_fails_says_why_and_leaves_nothing_behind() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.auth_error(Some("Invalid API key"));
    sandbox.run(CONNECT, ["start"]).fails(3).stderr_has("refused the API key: Invalid API key");
    sandbox.adjust(&json!({"api_key": null}));
    sandbox.run(CONNECT, ["start"]).fails(3).stderr_has("no API key");
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["running"], false);
}

#[test]
fn a_setting_that_cannot_be_read_is_exit_3_and_names_the_file() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    let none = json!({"sms": {}, "guard": {}, "max_turns": 1});
    for (wrong, says) in [
        (json!({"sms": {"allow": ["banana"]}}), "`sms.allow`"),
        (json!({"sms": {"allow": [5]}}), "`sms.allow`"),
        (json!({"guard": {"approve": "sometimes"}}), "`guard.approve`"),
        (json!({"max_turns": "many"}), "`max_turns`"),
    ] {
        sandbox.adjust(&none);
        sandbox.adjust(&wrong);
        let file = sandbox.path("skill/skill-config.json").display().to_string();
        // The client that could not be replaced goes on.
        for command in [&["run"][..], &["simulate", "hello"], &["restart"]] {
            sandbox.run(CONNECT, command).fails(3).stderr_has(says).stderr_has(&file);
        }
    }
    assert_eq!(service.connections()[0].closed, None);
    client.stop(Signal::KILL, SOON);
    for command in ["start", "watchdog"] {
        sandbox.run(CONNECT, [command]).fails(3).stderr_has("`max_turns` in `");
    }
}

/// No log can be written there, so no hint names one. Not even root may write in this folder.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_written_is_what_the_hint_names() {
    let mut sandbox = Sandbox::new();
    sandbox.env("CLAWDTALK_API_KEY", harness::KEY).env("OPENCLAW_GATEWAY_TOKEN", harness::TOKEN);
    for command in ["start", "run"] {
        let out = sandbox.run(CONNECT, [command, "--skill-dir", "/sys"]);
        out.fails(4).stderr_has("`/sys/.connect.lock`").stderr_has("hint: run `ls -ld /sys`;");
    }
}

#[test]
fn a_start_without_a_service_is_unavailable() {
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": harness::KEY, "server": "http://127.0.0.1:1"}));
    let began = Instant::now();
    let out = sandbox.prepare(CONNECT, ["start"]).limit(Duration::from_secs(40)).run();
    out.fails(4).stderr_has("connection refused");
    assert!(began.elapsed() < Duration::from_secs(25));
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["running"], false);
}

#[test]
fn two_starts_at_once_are_one_client() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let starts: Vec<Child> = (0..8).map(|_| sandbox.spawn(CONNECT, ["start"])).collect();
    let _started = Started(&sandbox);
    let mut codes: Vec<i32> =
        starts.into_iter().map(|start| start.finish(Duration::from_secs(30)).code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 5, 5, 5, 5, 5, 5, 5]);
    assert_eq!(service.log().authenticated(), 1);
}

/// The number in the pid file may have passed to another process since.
#[test]
fn a_foreign_process_is_never_signalled() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let mut foreign = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
    let plant = || sandbox.write("skill/.connect.pid", &format!("{}\n", foreign.id()));

    // No client runs.
    plant();
    sandbox.run(CONNECT, ["stop"]).ok();
    sandbox.run(CONNECT, ["watchdog"]).ok();

    // A client runs, and the file names another process.
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    plant();
    sandbox.run(CONNECT, ["watchdog"]).ok().silent();
    // The one that is ended is the client, known by the files that it has open.
    assert_eq!(sandbox.run(CONNECT, ["stop"]).ok().json()["was_running"], true);
    client.finish(SOON).ok();
    assert!(foreign.try_wait().unwrap().is_none(), "the foreign process was ended");
    foreign.kill().unwrap();
    foreign.wait().unwrap();
}

#[test]
fn the_watchdog_starts_what_died_and_leaves_what_was_stopped() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(CONNECT, ["watchdog"]).ok().silent();
    assert_eq!(service.connections().len(), 0, "never started: not the watchdog's business");

    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    sandbox.run(CONNECT, ["watchdog"]).ok().silent();
    client.stop(Signal::KILL, SOON);
    let died = sandbox.run(CONNECT, ["status"]);
    died.fails(1);
    assert_eq!(
        (&died.json()["state"], &died.json()["running"]),
        (&json!("stopped"), &json!(false))
    );

    let _started = Started(&sandbox);
    sandbox.run(CONNECT, ["watchdog"]).ok().stderr_has("the client had died");
    service.wait_authenticated(SOON, 2);
    sandbox.run(CONNECT, ["stop"]).ok();
    sandbox.run(CONNECT, ["watchdog"]).ok().silent();
    assert_eq!(service.log().authenticated(), 2);
}

#[test]
fn the_watchdog_replaces_a_client_that_hangs() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let mut client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    client.signal(Signal::STOP);
    let mut status = sandbox.json("skill/.connect.status.json");
    status["heartbeat"] = json!("2020-01-01T00:00:00Z");
    sandbox.write("skill/.connect.status.json", &status.to_string());
    if status["up"].is_object() {
        // By the wall clock it hangs; by the uptime it wrote its status just now.
        sandbox.run(CONNECT, ["watchdog"]).ok().silent();
        status["up"] = json!(null);
        sandbox.write("skill/.connect.status.json", &status.to_string());
    }
    let _started = Started(&sandbox);
    let watchdog = sandbox.prepare(CONNECT, ["watchdog"]).limit(Duration::from_secs(40)).run();
    watchdog.ok().stderr_has("not written its status for two minutes");
    service.wait_authenticated(SOON, 2);
    assert_eq!(client.finish(SOON).code(), 137, "a stopped process handles no SIGTERM");
}

#[test]
fn the_watchdog_leaves_a_refused_client_alone() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.auth_error(Some("Invalid API key"));
    sandbox.run(CONNECT, ["run"]).fails(3);
    sandbox.run(CONNECT, ["watchdog"]).ok().silent();
    assert_eq!(service.connections().len(), 1);
}

#[test]
fn the_log_holds_no_secrets_numbers_or_words() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    gateway.reply("The safe opens with marzipan.");
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.send(&event::context_request("c1"));
    service.send(&event::deep_tool_request("c1", "r1", "What opens the safe, quicksilver?"));
    service.send(&event::walkie_request("w1", "and the umbrella?", None));
    service.text_in("+15551112222", "Where is the rhododendron?");
    service.send(&event::call_ended(
        "c2",
        "outbound",
        &json!({"to_number": "+15551234567", "outcome": "voicemail", "voicemail_message": "tangerine"}),
    ));
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    service.wait_frame(SOON, "walkie_response", |_| true);
    service.wait_request(SOON, "POST", "/v1/messages/send", 1);
    gateway.wait_turn(SOON, 4);
    client.stop(Signal::TERM, SOON).ok();
    let log = sandbox.read("skill/.connect.log");
    for secret in [
        harness::KEY,
        harness::TOKEN,
        "+15551112222",
        "+15551234567",
        "1234567",
        "marzipan",
        "quicksilver",
        "umbrella",
        "rhododendron",
        "tangerine",
    ] {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
    assert!(log.contains("+1555***22"), "{log}");
    assert_eq!(sandbox.mode("skill/.connect.log"), 0o600);
    sandbox.run(CONNECT, ["logs", "-n", "1"]).ok().stdout_has("stopped\n");
}

#[test]
fn words_are_logged_when_debugging() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.env("DEBUG", "1");
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.send_raw("{\"type\":\"nonsense\"}");
    service.send(&event::deep_tool_request("c1", "r1", "What opens the safe?"));
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    client.stop(Signal::TERM, SOON).ok();
    let log = sandbox.read("skill/.connect.log");
    assert!(log.contains("What opens the safe?") && log.contains("nonsense"), "{log}");
}

#[test]
fn a_simulation_speaks_to_the_gateway_alone() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let out = sandbox.run(CONNECT, ["simulate", "what is on my calendar?"]).ok().json();
    assert_eq!(
        (&out["type"], &out["text"]),
        (&json!("deep_tool_result"), &json!("You have two meetings."))
    );
    let out = sandbox.run(CONNECT, ["simulate", "--walkie", "remind me"]).ok().json();
    assert_eq!(out["reply"], "You have two meetings.");
    let out =
        sandbox.run(CONNECT, ["simulate", "--sms", "+15551112222", "Are you there?"]).ok().json();
    assert_eq!(
        out,
        json!({"type": "text", "to": "+15551112222", "message": "You have two meetings."})
    );
    sandbox.write("event.json", "{\"event\":\"context_request\",\"call_id\":\"c1\"}");
    let path = sandbox.path("event.json").display().to_string();
    let frames = sandbox.run(CONNECT, ["simulate", "--event", &path]).ok().json_lines();
    assert_eq!(frames.len(), 2);
    let asked = event::deep_tool_request("c1", "r1", "what is on my calendar?").to_string();
    sandbox.write("event.json", &asked);
    sandbox.run(CONNECT, ["simulate", "--event", &path]).ok();
    let turns = gateway.turns();
    let message = &turns.last().unwrap().message;
    assert!(
        message.contains("\n| what is on my calendar?"),
        "no event brought the direction of the call: {message}"
    );
    sandbox
        .run(CONNECT, ["simulate", "--text", "hello"])
        .ok()
        .stdout("deep_tool_result: You have two meetings.\n");
    sandbox.run(CONNECT, ["simulate", "--sms", "banana", "hello"]).fails(2);
    sandbox.run(CONNECT, ["simulate", "--evnt"]).fails(2);
    assert!(service.seen().is_empty() && service.connections().is_empty());
    for file in [".connect.journal", ".connect.status.json", ".connect.log", ".connect.lock"] {
        assert!(!sandbox.has(&format!("skill/{file}")), "{file}");
    }
}

#[test]
fn a_lock_in_a_folder_of_any_name_is_quoted_in_the_hint() {
    let sandbox = Sandbox::new();
    for name in harness::hints::HOSTILE {
        let skill = sandbox.path(&format!("work/{name}"));
        std::fs::create_dir_all(&skill).unwrap();
        let lock = state::paths::connect_lock(&skill);
        let _held = state::lock::Lock::try_acquire(&lock).unwrap().expect("nobody holds it");
        let out = sandbox.run(CONNECT, ["stop", "--skill-dir", &skill.display().to_string()]);
        assert_eq!(out.fails(5).hinted("fuser", "` to see"), [lock.display().to_string()]);
    }
}
