//! An owner with a whole installation of the real programs, and what becomes of them in a situation.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Child, KEY, Output, Sandbox, SimulatedGateway, SimulatedService, TOKEN};
use serde_json::{Value, json};
use state::lock::Lock;

use crate::folder::furnish;

/// The gateway's own configuration, from the sandbox.
pub(crate) const OWN: &str = "home/.openclaw/openclaw.json";
/// What it says while nothing is wrong.
pub(crate) const ALLOWED: &str =
    "{gateway: {port: @PORT@, auth: {token: '@TOKEN@'}, tools: {allow: ['sessions_send']}}}\n";

const LIMIT: Duration = Duration::from_secs(60);

/// How the fix is carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// By a shell.
    Shell,
    /// By a shell whose program asks: the key is typed, and Enter for everything else.
    Terminal,
    /// By the shell that `status` runs in afterwards.
    SameShell,
    /// By a shell that sees no other process of this machine, as `status` does before and after.
    Alone,
}

/// A situation in which `status` names a fix.
#[derive(Clone, Copy)]
pub(crate) struct Situation {
    /// The fix, by its name in JSON.
    pub(crate) fix: &'static str,
    /// The check that does not pass.
    pub(crate) check: &'static str,
    /// What is wrong.
    pub(crate) spoil: fn(&mut Owner),
    /// What happens besides the fix: what a person does by it, or a simulated program has done.
    pub(crate) help: fn(&mut Owner),
    /// How the fix is carried out.
    pub(crate) how: How,
}

impl Situation {
    pub(crate) const fn new(
        fix: &'static str,
        check: &'static str,
        spoil: fn(&mut Owner),
        help: fn(&mut Owner),
    ) -> Self {
        Self { fix, check, spoil, help, how: How::Shell }
    }

    pub(crate) const fn how(self, how: How) -> Self {
        Self { how, ..self }
    }
}

/// Nothing besides the fix.
pub(crate) fn nothing(_: &mut Owner) {}

pub(crate) struct Owner {
    pub(crate) service: SimulatedService,
    pub(crate) gateway: SimulatedGateway,
    pub(crate) sandbox: Sandbox,
    /// Stands before the line that runs `status`.
    pub(crate) before: String,
    /// The options of `status`.
    pub(crate) options: String,
    /// What else runs until the end.
    pub(crate) others: Vec<Child>,
    pub(crate) process: Option<std::process::Child>,
    pub(crate) client: Option<Lock>,
    pub(crate) other_gateway: Option<SimulatedGateway>,
}

impl Owner {
    /// Nothing is wrong, but that no client runs.
    pub(crate) fn new() -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        let mut sandbox = Sandbox::for_service(&service);
        furnish(&mut sandbox);
        let path = sandbox.path("work/bin").display().to_string();
        sandbox.env("PATH", &format!("{path}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        let owner = Self {
            service,
            gateway,
            sandbox,
            before: String::new(),
            options: String::new(),
            others: Vec::new(),
            process: None,
            client: None,
            other_gateway: None,
        };
        owner.own(ALLOWED);
        owner.adjust(&json!({"gateway_config": owner.sandbox.path(OWN), "agent_id": "main"}));
        owner.program("sudo", "exec \"$@\"");
        // No test touches the user's own systemd and crontab.
        owner.program("systemctl", "exit 1");
        owner.program("loginctl", "echo yes");
        let file = owner.sandbox.path("work/crontab").display().to_string();
        owner.sandbox.write("work/crontab", "");
        owner.program(
            "crontab",
            &format!("case \"$1\" in -l) cat '{file}';; -) cat > '{file}';; esac"),
        );
        owner.program("openclaw", "echo \"$*\" > ../work/openclaw; echo done");
        owner
    }

    /// Spoils a part, sees the fix named, carries it out, and sees the check pass.
    pub(crate) fn meets(mut self, situation: &Situation) {
        if situation.how == How::Alone && !may_be_alone() {
            use std::io::Write as _;
            let fix = situation.fix;
            // Past libtest, which shows nothing of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: {fix}: this user may not hide other processes"
            );
            return;
        }
        (situation.spoil)(&mut self);
        let check = self.check(situation);
        assert_ne!(check["status"], "pass", "{check:#}");
        assert_eq!(check["fix_id"], situation.fix, "{check:#}");
        let fix = check["fix"].as_str().unwrap().to_owned();
        let kind = check["fix_kind"].as_str().unwrap();
        if kind != "by_hand" {
            self.carry_out(situation, kind, &fix);
        }
        (situation.help)(&mut self);
        if situation.how == How::SameShell {
            self.before = format!("{fix}; {}", self.before);
        }
        let after = self.check(situation);
        assert_eq!(after["status"], "pass", "after: {fix}\nbefore: {check:#}\nafter: {after:#}");
    }

    fn carry_out(&mut self, situation: &Situation, kind: &str, fix: &str) {
        let out = match situation.how {
            How::SameShell => return,
            How::Shell => self.while_reloading(situation, fix),
            How::Alone => {
                // The daemon that it starts ends with the namespace, so that the check is in it too.
                self.before = format!("{fix} >&2; {}", self.before);
                return;
            }
            How::Terminal => self.at_a_terminal(fix),
        };
        assert!(![2, 126, 127].contains(&out.code()), "it cannot be run\n{out}");
        let says_something = !out.out().is_empty() || !out.err().is_empty();
        assert!(kind == "fix" || (kind == "look" && says_something), "it shows nothing\n{out}");
    }

    /// Runs the fix; where it lets setup allow the tool, the gateway takes that up as the real one does.
    fn while_reloading(&self, situation: &Situation, fix: &str) -> Output {
        let over = AtomicBool::new(situation.fix != "allow_tool");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    self.gateway.allow(self.sandbox.read(OWN).contains("sessions_send"));
                    // Between two looks at the file; what is waited for is the program's end.
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let out = self.sandbox.prepare("/bin/sh", ["-c", fix]).limit(LIMIT).run();
            over.store(true, Ordering::Relaxed);
            out
        })
    }

    fn at_a_terminal(&self, fix: &str) -> Output {
        let (child, mut keyboard) = self.sandbox.prepare("/bin/sh", ["-c", fix]).on_terminal();
        child.wait_text("API key (not shown", 1);
        keyboard.types(&format!("{KEY}\r"));
        for question in ["Your name", "The agent's name", "Greeting", "Your choice [1]"] {
            child.wait_text(question, 1);
            keyboard.types("\r");
        }
        child.finish(LIMIT)
    }

    /// What `status` says of the part now.
    fn check(&self, situation: &Situation) -> Value {
        let status = self.sandbox.path("skill/bin/status").display().to_string();
        let line = format!("{} '{status}' {}", self.before, self.options);
        let out = if situation.how == How::Alone {
            let alone = ["--pid", "--fork", "--mount-proc", "sh", "-c", &line];
            self.sandbox.prepare("unshare", alone).limit(LIMIT).run()
        } else {
            self.sandbox.prepare("/bin/sh", ["-c", &line]).limit(LIMIT).run()
        };
        out.never_says(KEY).never_says(TOKEN);
        let document = out.json();
        let mut checks = document["checks"].as_array().unwrap().iter();
        checks.find(|check| check["id"] == situation.check).unwrap().clone()
    }

    /// Writes the gateway's own configuration.
    pub(crate) fn own(&self, text: &str) {
        let port = self.gateway.port().to_string();
        self.sandbox.write(OWN, &text.replace("@PORT@", &port).replace("@TOKEN@", TOKEN));
    }

    /// Sets keys of the skill's configuration.
    pub(crate) fn adjust(&self, changes: &Value) {
        self.sandbox.adjust(changes);
    }

    /// A program on the PATH.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = format!("work/bin/{name}");
        self.sandbox.write(&path, &format!("#!/bin/sh\n{script}\n"));
        self.mode(&path, 0o700);
    }

    /// Leaves only the programs on the PATH that a test put there, without these.
    pub(crate) fn without(&mut self, programs: &[&str]) {
        for program in programs {
            std::fs::remove_file(self.sandbox.path(&format!("work/bin/{program}"))).unwrap();
        }
        let path = self.sandbox.path("work/bin").display().to_string();
        self.sandbox.env("PATH", &path);
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.sandbox.path(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// One of the programs of the skill.
    pub(crate) fn skill_program(&self, line: &[&str]) -> Output {
        let program = self.sandbox.path("skill/bin").join(line[0]).display().to_string();
        self.sandbox.prepare(&program, &line[1..]).limit(LIMIT).run()
    }

    /// A client that holds its lock and says this of itself.
    pub(crate) fn client_says(&mut self, says: &Value) {
        let now = self.service.clock().now();
        let mut status = json!({"state": "connected", "last_pong": now.to_string()});
        for (key, value) in says.as_object().unwrap() {
            status[key] = value.clone();
        }
        self.sandbox.write("skill/.connect.status.json", &status.to_string());
        let lock = self.sandbox.path("skill/.connect.lock");
        self.client = self.client.take().or_else(|| Lock::try_acquire(&lock).unwrap());
    }

    /// The words with which the gateway's program was called last.
    pub(crate) fn openclaw_was(&self, words: &str) {
        assert_eq!(self.sandbox.read("work/openclaw").trim_end(), words);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Whether this user may run a program that sees no other process.
fn may_be_alone() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork", "--mount-proc", "true"]).stderr(Stdio::null());
    unshare.status().is_ok_and(|status| status.success())
}
