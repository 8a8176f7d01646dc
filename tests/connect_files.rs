//! The files of a running client, taken away by somebody else: removed, renamed, cut or garbled.

use std::fs;
use std::path::Path;
use std::time::Duration;

use harness::{Child, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(15);
const ANN: &str = "+15551112222";

fn open() -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    // The files are looked at more often.
    service.clock().periods(20);
    let sandbox = Sandbox::for_both(&service, &gateway);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

type Harm = (&'static str, fn(&Path));

/// What somebody does to a file.
const HARMS: [Harm; 4] = [
    ("removed", |path| fs::remove_file(path).expect("the file can be harmed")),
    ("renamed", |path| {
        fs::rename(path, path.with_file_name("old")).expect("the file can be harmed");
    }),
    ("cut", |path| write(path, b"")),
    ("garbled", |path| write(path, b"{\"format\": 2}\n\0\0\0")),
];

/// In place: the file stays the same one.
fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .expect("the file can be harmed");
    file.write_all(bytes).expect("the file can be harmed");
}

fn status(sandbox: &Sandbox) -> Value {
    sandbox.run(CONNECT, ["status"]).json()
}

#[test]
fn a_client_whose_files_are_taken_away_is_still_the_one_that_runs() {
    let (service, _gateway, sandbox, mut client) = open();
    let pid = client.pid();
    for file in [".connect.lock", ".connect.pid", ".connect.status.json", ".connect.journal"] {
        for (harm, harmed) in HARMS {
            // An empty lock is one all the same.
            let is_told = file != ".connect.lock" || !matches!(harm, "cut" | "garbled");
            let lines = client.stderr().matches("by another program: ").count();
            harmed(&sandbox.skill().join(file));
            // At once, before the client can have noticed.
            sandbox.run(CONNECT, ["run"]).fails(5).stderr_has("already running");
            sandbox.run(CONNECT, ["start"]).fails(5);
            sandbox.run(CONNECT, ["watchdog"]).ok();
            assert_eq!(status(&sandbox)["running"], true, "{file} {harm}");
            if is_told {
                client.wait_text("by another program: ", lines + 1);
            }
            wait_until(SOON, || {
                let status = status(&sandbox);
                let told = status["file_taken"].as_str().unwrap_or_default();
                // The status file itself is "the status file".
                let is_shown = told.contains(file) || file == ".connect.status.json";
                status["healthy"] == true && (!is_told || is_shown)
            });
            assert_eq!(status(&sandbox)["pid"], json!(pid), "{file} {harm}");
        }
    }
    assert!(client.running() && service.log().authenticated() == 1);
    // And it can be stopped, whatever the pid file says.
    write(&sandbox.skill().join(".connect.pid"), b"1\n");
    let stopped = sandbox.run(CONNECT, ["stop"]).ok().json();
    assert_eq!(stopped["was_running"], true);
    client.finish(SOON);
}

#[test]
fn a_journal_that_was_taken_away_forgets_nothing_that_came_after() {
    for (harm, harmed) in HARMS {
        let (service, gateway, sandbox, client) = open();
        let send = || {
            service.send(&event::sms_received(ANN, "hello", "m1"));
            service.send(&event::deep_tool_request("c", "r1", "What time is it?"));
        };
        service.send(&event::sms_received(ANN, "hello", "m0"));
        client.wait_line(SOON, |line| line.contains("text:m0: reply sent"));
        harmed(&sandbox.skill().join(".connect.journal"));
        send();
        client.wait_line(SOON, |line| line.contains("text:m1: reply sent"));
        service.wait_frame(SOON, "deep_tool_result", |_| true);
        assert_eq!(sandbox.mode("skill/.connect.journal"), 0o600, "{harm}");
        client.stop(Signal::KILL, SOON);
        let client = sandbox.spawn(CONNECT, ["run"]);
        service.wait_authenticated(SOON, 2);
        send();
        if matches!(harm, "removed" | "renamed") {
            // What came before is still there, too.
            service.send(&event::sms_received(ANN, "hello", "m0"));
        }
        service.send(&event::sms_received(ANN, "bye", "m2"));
        client.wait_line(SOON, |line| line.contains("text:m2: reply sent"));
        assert_eq!((gateway.turns().len(), service.texted().len()), (4, 3), "{harm}");
    }
}

#[test]
fn nothing_sensitive_is_done_until_the_journal_stands_again() {
    let (service, gateway, sandbox, _client) = open();
    let journal = sandbox.skill().join(".connect.journal");
    fs::remove_file(&journal).unwrap();
    fs::create_dir(&journal).unwrap();
    service.send(&event::call_started("c1", "inbound"));
    let ask = |id: &str| {
        service.send(&event::deep_tool_request("c1", id, "Delete my test repo on GitHub"));
    };
    ask("r1");
    let told = service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert!(told["text"].as_str().unwrap().contains("keep records"), "{told}");
    wait_until(SOON, || status(&sandbox)["journal_writable"] == false);
    assert_eq!(status(&sandbox)["healthy"], false);
    fs::remove_dir(&journal).unwrap();
    wait_until(SOON, || status(&sandbox)["healthy"] == true);
    ask("r2");
    service.wait_request(SOON, "POST", "/v1/approvals", 1);
    assert_eq!(gateway.turns().len(), 0);
}

#[test]
fn a_log_that_was_taken_away_is_begun_anew() {
    let (service, _gateway, sandbox, client) = open();
    for (n, (harm, harmed)) in HARMS.into_iter().enumerate() {
        harmed(&sandbox.skill().join(".connect.log"));
        service.send(&event::sms_received(ANN, "hello", &format!("m{n}")));
        client.wait_line(SOON, |line| line.contains(&format!("text:m{n}: reply sent")));
        let log = || sandbox.read("skill/.connect.log").contains(&format!("text:m{n}: reply sent"));
        wait_until(SOON, log);
        assert_eq!(sandbox.mode("skill/.connect.log"), 0o600, "{harm}");
    }
}

#[test]
fn a_garbled_status_is_no_reason_for_the_watchdog_to_give_up() {
    let (_service, _gateway, sandbox, client) = open();
    client.stop(Signal::KILL, SOON);
    for garbled in ["", "\0\0\0\0", "{}", "[]", "{\"format\": 2}"] {
        sandbox.write("skill/.connect.status.json", garbled);
        assert_eq!(status(&sandbox)["running"], false, "{garbled:?}");
        sandbox.run(CONNECT, ["watchdog"]).ok().stderr_has("starting the client");
        assert_eq!(status(&sandbox)["healthy"], true, "{garbled:?}");
        // Whoever stops it means it, garbled or not.
        sandbox.write("skill/.connect.status.json", garbled);
        sandbox.run(CONNECT, ["stop"]).ok();
        sandbox.run(CONNECT, ["watchdog"]).ok().quiet();
        assert_eq!(status(&sandbox)["running"], false, "{garbled:?}");
    }
}
