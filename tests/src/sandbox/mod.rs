//! A fresh folder with its own environment, in which one test runs the real programs.

mod child;
mod output;
mod place;
mod terminal;
#[cfg(test)]
mod tests;

pub use child::Child;
pub use output::Output;
pub use terminal::Keyboard;

use crate::clock::SimulatedClock;
use crate::gateway::SimulatedGateway;
use crate::service::{KEY, SimulatedService};
use crate::tls::Authority;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The folder `root/` with `skill/` (also `CLAWDTALK_SKILL_DIR`), `home/` (also `HOME`), `work/` (where programs start) and `tmp/`.
///
/// The environment holds nothing but that, a plain `PATH` and `TZ=UTC`. Dropping it removes the folder and ends
/// every program that still runs with it.
pub struct Sandbox {
    root: PathBuf,
    env: BTreeMap<String, String>,
    clock: Option<SimulatedClock>,
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Sandbox {
    /// A sandbox without any configuration.
    #[expect(clippy::new_without_default, reason = "each sandbox is another folder")]
    pub fn new() -> Self {
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("clawdtalk-{}-{n}", std::process::id());
        let root = place::parent().join(name);
        // A folder of that name is left over from a process whose number came round again.
        let _ = fs::remove_dir_all(&root);
        for folder in ["skill", "home", "work", "tmp"] {
            fs::create_dir_all(root.join(folder)).expect("the place for sandboxes is writable");
        }
        let root = root.canonicalize().expect("it was made just now");
        let path = |folder: &str| root.join(folder).display().to_string();
        let env = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", path("home")),
            ("TMPDIR", path("tmp")),
            ("TZ", "UTC".to_owned()),
            ("CLAWDTALK_SKILL_DIR", path("skill")),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        Self { root, env, clock: None }
    }

    /// From now on this process makes its sandboxes in the temporary folder, which usually is on a disk, instead of in
    /// memory: for figures, and for what has hard links to programs of the checkout.
    pub fn all_on_disk() {
        place::use_disk();
    }

    /// A sandbox configured with the service's address and key; programs in it have the service's clock.
    pub fn for_service(service: &SimulatedService) -> Self {
        let mut sandbox = Self::new();
        sandbox.config(&json!({"api_key": KEY, "server": service.url()}));
        sandbox.clock = Some(service.clock().clone());
        sandbox
    }

    /// The same with a gateway, the names Ciaran and PAL-01, and the agent `main`.
    pub fn for_both(service: &SimulatedService, gateway: &SimulatedGateway) -> Self {
        let sandbox = Self::for_service(service);
        sandbox.adjust(&json!({
            "owner_name": "Ciaran", "agent_name": "PAL-01", "greeting": "Hey Ciaran, what's up?",
            "gateway_url": gateway.url(), "gateway_token": gateway.token(), "agent_id": "main",
        }));
        sandbox
    }

    /// Writes `skill-config.json` (0600).
    pub fn config(&self, config: &Value) {
        self.write("skill/skill-config.json", &format!("{config:#}\n"));
    }

    /// Sets these keys of `skill-config.json`; `null` removes one.
    pub fn adjust(&self, changes: &Value) {
        let mut config = self.json("skill/skill-config.json");
        let changes = changes.as_object().expect("changes are an object");
        for (key, value) in changes {
            let all = config.as_object_mut().expect("a config is an object");
            if value.is_null() {
                all.shift_remove(key);
            } else {
                all.insert(key.clone(), value.clone());
            }
        }
        self.config(&config);
    }

    /// Gives the programs an environment variable.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Lets the programs trust this authority, and nobody else, by `SSL_CERT_FILE`.
    pub fn trust(&mut self, authority: &Authority) -> &mut Self {
        self.write("tls/authority.pem", authority.pem());
        let file = self.path("tls/authority.pem").display().to_string();
        self.env("SSL_CERT_FILE", &file)
    }

    /// Takes an environment variable away, the sandbox's own ones too.
    pub fn without(&mut self, name: &str) -> &mut Self {
        self.env.remove(name);
        self
    }

    /// The skill folder.
    pub fn skill(&self) -> PathBuf {
        self.root.join("skill")
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// A path inside, such as `skill/.missions_state.json`.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Writes a file inside (0600), with the folders above it.
    pub fn write(&self, inside: &str, text: &str) {
        use std::io::Write as _;
        let path = self.path(inside);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the sandbox is writable");
    }

    /// The text of a file inside.
    #[track_caller]
    pub fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside))
            .unwrap_or_else(|err| panic!("reading `{inside}`: {err}"))
    }

    /// The JSON of a file inside.
    #[track_caller]
    pub fn json(&self, inside: &str) -> Value {
        let text = self.read(inside);
        serde_json::from_str(&text)
            .unwrap_or_else(|err| panic!("`{inside}` is no JSON ({err}):\n{text}"))
    }

    /// Whether something of that name is inside.
    pub fn has(&self, inside: &str) -> bool {
        self.path(inside).exists()
    }

    /// Every file below a folder inside, with its text.
    pub fn files(&self, inside: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(inside)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match fs::read(&path) {
                    Ok(bytes) => found.push((path, String::from_utf8_lossy(&bytes).into_owned())),
                    Err(_) => folders.push(path),
                }
            }
        }
        found
    }

    /// The permission bits of a file inside.
    #[track_caller]
    pub fn mode(&self, inside: &str) -> u32 {
        let meta =
            fs::metadata(self.path(inside)).unwrap_or_else(|err| panic!("`{inside}`: {err}"));
        meta.permissions().mode() & 0o777
    }

    /// Runs a program to its end (at most 30 s) with nothing on its stdin.
    pub fn run<S: AsRef<str>>(&self, program: &str, args: impl IntoIterator<Item = S>) -> Output {
        self.prepare(program, args).run()
    }

    /// Starts a program that goes on beside the test; the guard kills it at the latest.
    pub fn spawn<S: AsRef<str>>(&self, program: &str, args: impl IntoIterator<Item = S>) -> Child {
        self.prepare(program, args).spawn()
    }

    /// Lets a process with the name of a cron daemon run until the sandbox is dropped. It does nothing.
    pub fn cron_daemon(&self) -> &Self {
        let script = "mkdir -p daemon && ln -sf /bin/sh daemon/crond && \
            { daemon/crond -c 'while [ -d daemon ]; do sleep 1; done' </dev/null >/dev/null 2>&1 & }";
        self.run("/bin/sh", ["-c", script]).ok();
        self
    }

    /// A run that needs more than arguments: stdin, another environment, another limit.
    pub fn prepare<S: AsRef<str>>(
        &self,
        program: &str,
        args: impl IntoIterator<Item = S>,
    ) -> PreparedCommand<'_> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let mut env = self.env.clone();
        env.extend(self.clock.iter().flat_map(SimulatedClock::env));
        PreparedCommand {
            sandbox: self,
            program: program.to_owned(),
            args,
            env,
            stdin: None,
            by_path: false,
            limit: Duration::from_secs(30),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        child::end_all_of(&self.root);
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// One run before it starts.
pub struct PreparedCommand<'a> {
    sandbox: &'a Sandbox,
    program: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    stdin: Option<Vec<u8>>,
    by_path: bool,
    limit: Duration,
}

impl PreparedCommand<'_> {
    /// What the program reads from its stdin.
    #[must_use]
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.as_bytes().to_vec());
        self
    }

    /// Calls the program by its path, as somebody does who has no link to it on the PATH.
    #[must_use]
    pub fn by_path(mut self) -> Self {
        self.by_path = true;
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Lets the machine's clock on the wall be wrong by this much (`-1h`).
    #[must_use]
    pub fn skewed(self, by: &str) -> Self {
        self.env("CLAWDTALK_CLOCK_SKEW", by)
    }

    /// One environment variable less.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// Kills the program after this time instead of 30 s.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Output {
        let limit = self.limit;
        self.spawn().finish(limit)
    }

    /// Starts it.
    pub fn spawn(mut self) -> Child {
        let mut command = self.command();
        command.stderr(Stdio::piped());
        let stdin = self.stdin.take();
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        self.start(command, stdin, None)
    }

    /// Starts it on a terminal: stdin and stderr are one, stdout is not, so that its document can be read.
    pub fn on_terminal(self) -> (Child, Keyboard) {
        let mut command = self.command();
        let keyboard = Keyboard::plug_into(&mut command);
        let shown = keyboard.screen();
        (self.start(command, None, Some(shown)), keyboard)
    }

    /// Starts it on a terminal altogether: what it writes to stdout is shown there too, and read as its stderr.
    pub fn on_screen(self) -> (Child, Keyboard) {
        self.on_screen_of(0)
    }

    /// The same on a terminal of so many columns; 0 for one that does not say.
    pub fn on_screen_of(self, columns: u16) -> (Child, Keyboard) {
        let mut command = self.command();
        let keyboard = Keyboard::plug_into(&mut command);
        keyboard.resize(columns);
        command.stdout(keyboard.programs_end());
        let shown = keyboard.screen();
        (self.start(command, None, Some(shown)), keyboard)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // As if a shell had found it on its PATH: hints name commands as the program was called.
        if let Some(name) = Path::new(&self.program).file_name().filter(|_| !self.by_path) {
            command.arg0(name);
        }
        command.args(&self.args).env_clear().envs(&self.env).current_dir(self.sandbox.path("work"));
        command.stdout(Stdio::piped());
        command
    }

    fn start(
        &self,
        mut command: Command,
        stdin: Option<Vec<u8>>,
        terminal: Option<fs::File>,
    ) -> Child {
        let name = Path::new(&self.program).file_name().unwrap_or_default().to_string_lossy();
        let line =
            std::iter::once(name.into_owned()).chain(self.args.iter().map(|arg| quoted(arg)));
        let line = line.collect::<Vec<_>>().join(" ");
        let began = Instant::now();
        let child =
            command.spawn().unwrap_or_else(|err| panic!("starting `{}`: {err}", self.program));
        Child::new(child, line, stdin, self.sandbox.root.clone(), began, terminal)
    }
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("{arg:?}") }
}
