//! `connect run` and kill -9: nothing ready is lost, nothing runs twice, an outcome that is unconfirmed is answered as such.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::{Child, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until};
use serde_json::json;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const JOURNAL: &str = "skill/.connect.journal";

fn ask(service: &SimulatedService, request_id: &str) {
    service.send(&event::deep_tool_request("c1", request_id, "What is on my calendar?"));
}

/// A client that is connected, with the service and the gateway that it talks to.
fn open() -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

#[test]
fn a_ready_answer_survives_a_kill_and_is_delivered_once() {
    let (service, gateway, sandbox, client) = open();
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 1);
    service.refuse_upgrades(503, None);
    service.drop_socket();
    gateway.release();
    client.wait_line(SOON, |line| line.contains("deep:r1: reply ready"));
    client.stop(Signal::KILL, SOON);
    service.accept_upgrades();
    let client = sandbox.spawn(CONNECT, ["run"]);
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(
        (&result["request_id"], &result["text"]),
        (&json!("r1"), &json!("You have two meetings."))
    );
    // Its delivery was acknowledged by a pong, so a third process has nothing left to deliver.
    wait_until(SOON, || sandbox.read(JOURNAL).contains("settled"));
    client.stop(Signal::KILL, SOON);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 3);
    ask(&service, "r2");
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(service.log().frames_of("deep_tool_result").len(), 2);
    assert_eq!(gateway.turns().len(), 2);
}

#[test]
fn a_ready_answer_survives_a_start_without_room_for_a_second_journal() {
    let (service, gateway, sandbox, client) = open();
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 1);
    service.refuse_upgrades(503, None);
    service.drop_socket();
    gateway.release();
    client.wait_line(SOON, |line| line.contains("deep:r1: reply ready"));
    client.stop(Signal::KILL, SOON);
    service.accept_upgrades();
    // A folder in the place of the temporary file: that stops root as well. The kill tore the last line.
    std::fs::create_dir(sandbox.path("skill/.connect.journal.tmp")).unwrap();
    let torn = sandbox.read(JOURNAL) + "{\"at\":99";
    sandbox.write(JOURNAL, &torn);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(result["text"], "You have two meetings.");
    wait_until(SOON, || sandbox.read(JOURNAL).contains("settled"));
    ask(&service, "r1");
    ask(&service, "r2");
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(gateway.turns().len(), 2, "what is known is not run again");
    sandbox.run(CONNECT, ["status"]).ok();
}

#[test]
fn a_turn_interrupted_by_a_kill_is_answered_as_unconfirmed_and_not_run_again() {
    let (service, gateway, sandbox, client) = open();
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 1);
    client.stop(Signal::KILL, SOON);
    gateway.release();
    let _client = sandbox.spawn(CONNECT, ["run"]);
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert!(result["text"].as_str().unwrap().starts_with("I lost track of that"), "{result}");
    // The service repeats the request: it does nothing.
    ask(&service, "r1");
    ask(&service, "r2");
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!((gateway.turns().len(), service.log().frames_of("deep_tool_result").len()), (2, 2));
}

#[test]
fn what_waited_for_a_worker_runs_after_a_kill() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(&json!({"max_turns": 1}));
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 1);
    ask(&service, "r2");
    wait_until(SOON, || sandbox.read(JOURNAL).contains("deep:r2"));
    client.stop(Signal::KILL, SOON);
    gateway.release();
    let _client = sandbox.spawn(CONNECT, ["run"]);
    let result = service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(result["text"], "You have two meetings.");
}

#[test]
fn an_answer_that_is_undelivered_for_two_minutes_expires() {
    let (service, gateway, sandbox, client) = open();
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 1);
    service.refuse_upgrades(503, None);
    service.drop_socket();
    gateway.release();
    client.wait_line(SOON, |line| line.contains("deep:r1: reply ready"));
    client.stop(Signal::KILL, SOON);
    service.accept_upgrades();
    service.advance(Duration::from_secs(121));
    let client = sandbox.spawn(CONNECT, ["run"]);
    client.wait_line(SOON, |line| line.contains("deep:r1: expired undelivered"));
    service.wait_connected(SOON);
    ask(&service, "r2");
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(service.log().frames_of("deep_tool_result").len(), 1);
}

/// The machine's clock is set between two processes: the age of an answer stays right, so that it neither expires at once
/// nor stays ready for ever.
#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_jumps_between_two_processes_makes_no_answer_older_or_younger() {
    for jump in ["+1h", "-1h"] {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        let sandbox = Sandbox::for_both(&service, &gateway);
        let jumped = || sandbox.prepare(CONNECT, ["run"]).skewed(jump).spawn();
        let client = sandbox.spawn(CONNECT, ["run"]);
        service.wait_connected(SOON);
        gateway.hold();
        ask(&service, "r1");
        gateway.wait_turn(SOON, 1);
        service.refuse_upgrades(503, None);
        service.drop_socket();
        gateway.release();
        client.wait_line(SOON, |line| line.contains("deep:r1: reply ready"));
        client.stop(Signal::KILL, SOON);
        // A process on a wrong clock reads it and rewrites the journal.
        let client = jumped();
        client
            .wait_line(SOON, |line| line.contains("deep:r1: reply ready since before the restart"));
        client.stop(Signal::KILL, SOON);
        service.advance(Duration::from_secs(60));
        service.accept_upgrades();
        let client = sandbox.spawn(CONNECT, ["run"]);
        let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
        assert_eq!(result["text"], "You have two meetings.");
        // The next one is ready on the wrong clock, and expires by the right one.
        wait_until(SOON, || sandbox.read(JOURNAL).contains("settled"));
        client.stop(Signal::KILL, SOON);
        let client = jumped();
        service.wait_authenticated(SOON, 3);
        gateway.hold();
        ask(&service, "r2");
        gateway.wait_turn(SOON, 2);
        service.refuse_upgrades(503, None);
        service.drop_socket();
        gateway.release();
        client.wait_line(SOON, |line| line.contains("deep:r2: reply ready"));
        client.stop(Signal::KILL, SOON);
        service.advance(Duration::from_secs(121));
        let client = sandbox.spawn(CONNECT, ["run"]);
        client.wait_line(SOON, |line| line.contains("deep:r2: expired undelivered"));
    }
}

#[test]
fn a_greeting_is_not_repeated_after_a_restart_and_a_strangers_call_stays_one() {
    let (service, gateway, sandbox, client) = open();
    service.send(&event::call_started("c1", "inbound"));
    service.send(&event::call_started("c2", "outbound"));
    service.wait_frame(SOON, "response", |frame| frame["call_id"] == "c1");
    wait_until(SOON, || sandbox.read(JOURNAL).contains("outbound"));
    client.stop(Signal::KILL, SOON);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    service.send(&event::call_started("c1", "inbound"));
    service.send(&event::deep_tool_request("c2", "r1", "What is the door code?"));
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(service.log().frames_of("response").len(), 1);
    assert!(gateway.wait_turn(SOON, 1).message.contains("| What is the door code?"));
}

#[test]
fn a_full_disk_hides_neither_a_new_process_nor_its_status() {
    let (service, _gateway, sandbox, client) = open();
    wait_until(SOON, || sandbox.run(CONNECT, ["status"]).code() == 0);
    client.stop(Signal::KILL, SOON);
    // Folders in the place of the temporary files: that stops root as well.
    for file in ["pid", "status.json"] {
        std::fs::create_dir(sandbox.path(&format!("skill/.connect.{file}.tmp"))).unwrap();
    }
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    let pid = u64::from(client.pid());
    // The watchdog would replace a client whose status grows old.
    wait_until(SOON, || sandbox.run(CONNECT, ["status"]).code() == 0);
    assert_eq!(sandbox.run(CONNECT, ["status"]).ok().json()["pid"], pid);
    assert_eq!(sandbox.read("skill/.connect.pid"), format!("{pid}\n"));
}

#[test]
fn lines_that_a_full_disk_refused_are_written_once_there_is_room() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    service.clock().periods(10);
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    // The status has to have room where the journal has none.
    for n in 0..12 {
        ask(&service, &format!("before-{n}"));
    }
    wait_until(SOON, || sandbox.read(JOURNAL).matches("settled").count() == 12);
    gateway.hold();
    ask(&service, "r1");
    gateway.wait_turn(SOON, 13);
    let limit = |bytes: &str| {
        let (pid, limit) = (client.pid().to_string(), format!("--fsize={bytes}:"));
        sandbox.run("/usr/bin/prlimit", ["--pid", &pid, &limit]).ok();
    };
    // Room for a part of the next line.
    limit(&(sandbox.read(JOURNAL).len() + 10).to_string());
    gateway.release();
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    wait_until(SOON, || sandbox.run(CONNECT, ["status"]).code() == 1);
    assert_eq!(sandbox.read(JOURNAL).matches("answered").count(), 12);
    limit("unlimited");
    // No request is needed for that.
    wait_until(SOON, || sandbox.read(JOURNAL).contains(r#""settled","key":"deep:r1""#));
    wait_until(SOON, || sandbox.run(CONNECT, ["status"]).code() == 0);
    for line in sandbox.read(JOURNAL).lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    client.stop(Signal::KILL, SOON);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    ask(&service, "r2");
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(service.log().frames_of("deep_tool_result").len(), 14, "r1 is not answered again");
}

#[test]
fn a_broken_journal_is_survived() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.write(JOURNAL, "\u{0}garbage\n{\"at\":1,\"step\":\"asked\"}\n{\"at\":99");
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    ask(&service, "r1");
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(sandbox.mode(JOURNAL), 0o600);
}

#[test]
fn without_a_journal_others_are_served_and_status_fails() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    // A folder in its place: root can write any file, but not append to a folder.
    std::fs::create_dir(sandbox.path(JOURNAL)).unwrap();
    std::fs::set_permissions(sandbox.path(JOURNAL), std::fs::Permissions::from_mode(0o700))
        .unwrap();
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    ask(&service, "r1");
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(result["text"], "You have two meetings.");
    let status = sandbox.run(CONNECT, ["status"]);
    status.fails(1);
    assert_eq!(status.json()["journal_writable"], false);
}
