//! The client, what keeps it running, and missions.

use std::process::{Command, Stdio};

use harness::SimulatedGateway;
use jiff::SignedDuration;
use serde_json::json;

use crate::owner::{How, Owner, Situation, nothing};

pub(crate) const ALL: &[Situation] = &[
    Situation::new("start_client", "client", nothing, nothing),
    Situation::new("restart_client", "client", other_address, nothing),
    Situation::new("show_log", "client", not_connected, starts),
    Situation::new(
        "stop_other_client",
        "client",
        |owner| {
            owner.client_says(&json!({"state": "replaced"}));
            owner.client = None;
        },
        starts,
    ),
    Situation::new("end_old_client", "old_client", old_client, |owner| {
        // A shell waits for its children; here the test does.
        owner.process.take().unwrap().wait().unwrap();
    }),
    Situation::new(
        "show_do_not_call",
        "client",
        |owner| owner.client_says(&json!({"opt_outs_unwritten": "the disk is full"})),
        |owner| owner.client_says(&json!({})),
    ),
    Situation::new("keep_running", "background", |owner| _ = owner.sandbox.cron_daemon(), nothing),
    Situation::new("keep_running", "background", with_systemd, nothing),
    Situation::new(
        "keep_running_by_hand",
        "background",
        |owner| owner.without(&["systemctl", "crontab"]),
        |owner| {
            let connect = owner.sandbox.path("skill/bin/connect").display().to_string();
            owner.others.push(owner.sandbox.spawn(&connect, ["run"]));
            owner.service.wait_authenticated(std::time::Duration::from_secs(30), 1);
        },
    ),
    Situation::new("linger", "background", not_lingering, nothing),
    Situation::new("start_cron", "background", |owner| no_daemon(owner, true), nothing)
        .how(How::Alone),
    Situation::new(
        "start_cron_by_hand",
        "background",
        |owner| no_daemon(owner, false),
        |owner| {
            "crond -c 'sleep 20; :' & ".clone_into(&mut owner.before);
        },
    )
    .how(How::Alone),
    Situation::new("tick", "state", unpolled, nothing),
    Situation::new(
        "give_line_back",
        "inbound_line",
        |owner| {
            let mission = json!({"status": "succeeded", "inbound_line": "moved", "agent_phone": "+15559990000"});
            owner
                .sandbox
                .write("skill/.missions_state.json", &json!({"find-it": mission}).to_string());
        },
        |owner| _ = owner.skill_program(&["missions", "remove-state", "find-it"]).ok(),
    ),
];

fn starts(owner: &mut Owner) {
    owner.client = None;
    owner.skill_program(&["connect", "start"]).ok();
}

/// A client that was started before the gateway moved.
fn other_address(owner: &mut Owner) {
    starts(owner);
    let other = SimulatedGateway::start();
    owner.adjust(&json!({"gateway_config": null, "gateway_url": other.url(), "gateway_token": other.token()}));
    owner.other_gateway = Some(other);
}

fn not_connected(owner: &mut Owner) {
    owner.client_says(&json!({"state": "connecting"}));
    owner.sandbox.write("skill/.connect.log", "cannot connect\n");
}

fn old_client(owner: &mut Owner) {
    let mut script = Command::new("sh");
    script.args(["-c", "read _", "ws-client.js"]).current_dir(owner.sandbox.skill());
    owner.process = Some(script.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
}

fn with_systemd(owner: &mut Owner) {
    owner.program("systemctl", "exit 0");
}

fn not_lingering(owner: &mut Owner) {
    owner.program("systemctl", "exit 0");
    let notes = owner.sandbox.path("work/lingers").display().to_string();
    let script = format!(
        "case \"$1\" in enable-linger) touch '{notes}';; *) if [ -e '{notes}' ]; then echo yes; else echo no; fi;; esac"
    );
    owner.program("loginctl", &script);
    owner.skill_program(&["setup", "--service", "systemd"]);
}

/// What setup writes for cron, on a machine where nothing carries it out; with `service`, one that can start it.
fn no_daemon(owner: &mut Owner, has_service: bool) {
    owner.skill_program(&["setup", "--service", "cron"]);
    owner.skill_program(&["connect", "stop"]);
    for (name, real) in [
        ("sh", "/bin/sh"),
        ("sleep", "/bin/sleep"),
        ("cat", "/bin/cat"),
        ("crond", "/bin/sh"),
        ("unshare", "/usr/bin/unshare"),
    ] {
        std::os::unix::fs::symlink(real, owner.sandbox.path("work/bin").join(name)).unwrap();
    }
    owner.program("service", "crond -c 'sleep 20; :' </dev/null >/dev/null 2>&1 &");
    owner.without(if has_service { &[] } else { &["service"] });
}

/// A text that was due long ago, and that no tick has looked at.
fn unpolled(owner: &mut Owner) {
    let due = owner.service.clock().now() - SignedDuration::from_mins(20);
    let event = json!({
        "assistant_id": "a1", "channel": "sms", "to": "+15551234567", "from": "+15559990000",
        "scheduled_at": due.to_string(), "status": "scheduled", "text": "hello",
    });
    let mission =
        json!({"status": "running", "mission_id": "m1", "run_id": "r1", "events": {"e1": event}});
    owner.sandbox.write("skill/.missions_state.json", &json!({"find-it": mission}).to_string());
}
