//! An owner's machine for the tests of setup and uninstall: a service, a running gateway and its configuration.

#![expect(dead_code, reason = "each test file has its own use for the machine")]

use harness::{KEY, Output, PreparedCommand, Sandbox, SimulatedGateway, SimulatedService, TOKEN};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The gateway's configuration, from the sandbox.
pub(crate) const OWN: &str = "home/.openclaw/openclaw.json";
/// The skill's.
pub(crate) const CONFIG: &str = "skill/skill-config.json";

/// A machine with a gateway that runs and does not allow `sessions_send` yet.
pub(crate) struct Machine {
    pub(crate) service: SimulatedService,
    pub(crate) gateway: SimulatedGateway,
    pub(crate) sandbox: Sandbox,
}

impl Machine {
    /// With this configuration of the gateway; `@PORT@` and `@TOKEN@` in it are the running one's.
    pub(crate) fn new(own: &str) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        gateway.allow(false);
        let mut sandbox = Sandbox::for_service(&service);
        std::fs::remove_file(sandbox.path(CONFIG)).unwrap();
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        let machine = Self { service, gateway, sandbox };
        machine.write(OWN, own);
        machine.program("skill/bin/connect", "exit 0");
        machine
    }

    /// Writes a file with the running gateway's port and token in place of `@PORT@` and `@TOKEN@`.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let port = self.gateway.port().to_string();
        self.sandbox.write(path, &text.replace("@PORT@", &port).replace("@TOKEN@", TOKEN));
    }

    /// Puts a program there.
    pub(crate) fn program(&self, path: &str, script: &str) {
        self.sandbox.write(path, &format!("#!/bin/sh\n{script}\n"));
        chmod(&self.sandbox.path(path), 0o700);
    }

    /// A crontab that can be read and replaced, with these lines.
    pub(crate) fn crontab(&self, lines: &str) {
        self.sandbox.write("work/crontab", lines);
        let file = self.sandbox.path("work/crontab");
        let script =
            format!("case \"$1\" in -l) cat '{0}';; -) cat > '{0}';; esac", file.display());
        self.program("work/bin/crontab", &script);
        self.sandbox.cron_daemon();
    }

    /// A systemd that records its command lines.
    pub(crate) fn systemd(&self, also: &str) {
        let notes = self.sandbox.path("work/systemctl");
        self.program(
            "work/bin/systemctl",
            &format!("echo \"$*\" >> '{}'\n{also}", notes.display()),
        );
    }

    /// Runs `act` while the gateway takes up its configuration as the real one does.
    pub(crate) fn while_reloading<T>(&self, act: impl FnOnce() -> T) -> T {
        let folder = self.sandbox.path("home/.openclaw");
        let over = AtomicBool::new(false);
        let reload = || {
            let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let files =
                files.filter(|file| !file.file_name().to_string_lossy().contains("clawdtalk"));
            let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
            let all: String =
                texts.collect::<String>().split(['"', '\'', ' ', '\t', '\r', '\n']).collect();
            // Good enough for the files of these tests.
            self.gateway.allow(all.contains("sessions_send") && !all.contains("deny"));
            self.gateway.chat(all.contains("chatCompletions:{enabled:true}"));
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    reload();
                    // Between two polls of the stub; what is waited for is the program's end.
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let result = act();
            over.store(true, Ordering::Relaxed);
            result
        })
    }

    /// The skill's configuration.
    pub(crate) fn config(&self) -> Value {
        self.sandbox.json(CONFIG)
    }

    /// The names of the files in a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.sandbox.path(folder)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// What was changed, by key of the configuration or as an edit in words.
#[track_caller]
pub(crate) fn changed(out: &Output) -> Vec<String> {
    let changes = out.json()["changed"].as_array().unwrap().clone();
    let text = |change: &Value| {
        let key = change.get("key").unwrap_or(&json!("")).as_str().unwrap().to_owned();
        if key.is_empty() { change["change"].as_str().unwrap().to_owned() } else { key }
    };
    let is_git_ignore =
        |change: &&Value| change["file"].as_str().is_some_and(|file| file.ends_with(".gitignore"));
    changes.iter().filter(|change| !is_git_ignore(change)).map(text).collect()
}

/// Sets permission bits.
pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

impl Machine {
    /// A run of setup with the service's address.
    pub(crate) fn prepare<'a>(&'a self, setup: &str, args: &[&str]) -> PreparedCommand<'a> {
        let server = self.service.url();
        let all = ["--server", &server]
            .iter()
            .chain(args)
            .copied()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        self.sandbox.prepare(setup, all)
    }

    /// Runs setup with a key on its stdin, while the gateway reloads.
    /// Whatever it prints, it shows no secret.
    #[track_caller]
    pub(crate) fn setup(&self, setup: &str, args: &[&str]) -> Output {
        let args: Vec<_> = ["--api-key-stdin"].iter().chain(args).copied().collect();
        let run = || self.prepare(setup, &args).stdin(&format!("{KEY}\n")).run();
        let out = self.while_reloading(run);
        out.never_says(KEY).never_says(TOKEN);
        out
    }
}

/// What was left alone and why, one reason a line.
pub(crate) fn left_alone(out: &Output) -> String {
    out.json()["left_alone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| why.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}
