//! A whole installation for the tests of status: every check passes until a test spoils one part.

use harness::{KEY, Output, Sandbox, SimulatedGateway, SimulatedService, TOKEN};
use serde_json::{Value, json};
use state::lock::Lock;
use std::path::Path;

const STATUS: &str = env!("CARGO_BIN_EXE_status");

/// A whole installation on which every check passes.
pub(crate) struct Installed {
    pub(crate) service: SimulatedService,
    pub(crate) gateway: SimulatedGateway,
    pub(crate) sandbox: Sandbox,
    /// A running client holds this for its whole life.
    pub(crate) client: Option<Lock>,
}

impl Installed {
    pub(crate) fn new() -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.on("GET", "/v1/doctor/recommended", 200, json!({"checks": []}));
        let mut sandbox = Sandbox::for_service(&service);
        sandbox.adjust(&json!({
            "gateway_url": gateway.url(), "gateway_token": TOKEN, "setup": {"service": "cron"},
        }));
        for name in state::invocation::PROGRAMS {
            program(&sandbox, &format!("skill/bin/{name}"), "exit 0");
        }
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        let mut all = Self { service, gateway, sandbox, client: None };
        all.crontab(&all.cron_lines());
        all.runs(&json!({}));
        all.sandbox.cron_daemon();
        all
    }

    pub(crate) fn cron_lines(&self) -> String {
        let skill = self.sandbox.skill().display().to_string();
        let line = |schedule: &str, verb: &str| {
            format!(
                "{schedule} {skill}/bin/connect {verb} --quiet --skill-dir {skill} >/dev/null 2>&1 # clawdtalk connect {skill}\n"
            )
        };
        format!("MAILTO=me\n{}{}", line("@reboot", "start"), line("* * * * *", "watchdog"))
    }

    pub(crate) fn crontab(&self, text: &str) {
        self.sandbox.write("work/crontab", text);
        program(
            &self.sandbox,
            "work/bin/crontab",
            &format!("cat '{}'", self.sandbox.path("work/crontab").display()),
        );
    }

    /// A client that runs, with this in its status file besides being connected.
    pub(crate) fn runs(&mut self, says: &Value) {
        let now = self.service.clock().now();
        let mut status =
            json!({"state": "connected", "last_pong": now.to_string(), "journal_writable": true});
        for (key, value) in says.as_object().unwrap() {
            status[key] = value.clone();
        }
        self.sandbox.write("skill/.connect.status.json", &status.to_string());
        self.client =
            Some(Lock::try_acquire(&self.sandbox.path("skill/.connect.lock")).unwrap().unwrap());
    }

    /// Whatever is wrong, it shows no secret, and a fix for each check that does not pass.
    #[track_caller]
    pub(crate) fn run(&self) -> Output {
        let out = self.sandbox.run(STATUS, [""; 0]);
        out.never_says(KEY).never_says(TOKEN);
        for check in out.json()["checks"].as_array().unwrap() {
            let has_fix = check["fix"].as_str().is_some_and(|fix| !fix.trim().is_empty());
            assert_eq!(has_fix, check["status"] != "pass", "{check}");
        }
        out
    }

    /// The one check that does not pass: its verdict, its detail and its fix; all others do.
    #[track_caller]
    pub(crate) fn only(&self, id: &str, verdict: &str, detail: &str, fix: &str) {
        let out = self.run();
        out.fails(i32::from(verdict == "fail"));
        let checks = out.json();
        for check in checks["checks"].as_array().unwrap() {
            if check["id"] == id {
                assert_eq!(check["status"], verdict, "{out}");
                assert!(
                    check["detail"].as_str().unwrap().contains(detail),
                    "wanted {detail:?}\n{out}"
                );
                let skill = self.sandbox.skill().display().to_string();
                assert_eq!(check["fix"].as_str().unwrap().replace(&skill, "SKILL"), fix, "{out}");
            } else if check["because"] != id {
                assert_eq!(check["status"], "pass", "{}\n{out}", check["id"]);
            }
        }
        assert_eq!(checks["healthy"], verdict != "fail", "{out}");
    }
}

pub(crate) fn program(sandbox: &Sandbox, path: &str, script: &str) {
    sandbox.write(path, &format!("#!/bin/sh\n{script}\n"));
    mode(&sandbox.path(path), 0o700);
}

pub(crate) fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
