//! A real gateway on loopback, by the script that lies beside the checkout: installed once, started and ended by us.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use state::out;

use crate::folder;
use crate::workspace::Workspace;

/// The token of a gateway that only this machine can reach, for the time of one run.
pub(super) const TOKEN: &str = "a-token-for-one-run-0123456789";

/// What the script knows to be installed, and where it is going to listen.
pub(super) struct Gateway {
    script: PathBuf,
    folder: PathBuf,
    port: u16,
    stub_port: u16,
    /// As the gateway calls itself.
    pub(super) version: String,
}

impl Gateway {
    /// Installs it below `RG_DIR` or cargo's target folder. Fails with the reason for which it cannot be had.
    pub(super) fn installed(workspace: &Workspace) -> Result<Self> {
        let shared = workspace.shared("real-gateway")?;
        for program in ["bash", "python3", "curl"] {
            let mut asked = Command::new(program);
            asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            asked.status().with_context(|| format!("this needs `{program}`"))?;
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

    /// Starts the stub model and the gateway, with both ways to reach an agent switched on, and waits until it is ready.
    pub(super) fn up(&self) -> Result<()> {
        self.down()?;
        // What an earlier run said to the agent would be part of this one's conversation.
        for old in ["home", "stub-requests.jsonl"] {
            let path = self.folder.join(old);
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        let template = self.script.with_file_name("openclaw.json.in");
        let text = fs::read_to_string(&template).context("reading the gateway's configuration")?;
        let chat = r#""http": { "endpoints": { "chatCompletions": { "enabled": true } } },"#;
        if !text.contains(chat) {
            let with_chat =
                text.replacen("\"controlUi\"", &format!("{chat}\n    \"controlUi\""), 1);
            ensure!(with_chat != text, "`{}` has no `controlUi`", template.display());
            let _ = fs::remove_file(&template);
            state::file::replace(&template, with_chat.as_bytes())?;
        }
        self.script("up").map(|_| ())
    }

    /// Ends what [`Gateway::up`] started, now or in an earlier run that was killed; never anything else.
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
        let (said, erred) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let last = erred.lines().chain(said.lines()).rfind(|line| !line.trim().is_empty());
        ensure!(
            output.status.success(),
            "`{command}` of the gateway: {}",
            last.unwrap_or("it failed")
        );
        Ok(said.into_owned())
    }
}

/// Two ports that are free now. Both are held until both are known, so that they differ.
fn free_ports() -> Result<[u16; 2]> {
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
