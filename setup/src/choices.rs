//! What the owner chose, by options of the command line or by answers at the terminal.

use crate::args;
use crate::detect::Detected;
use crate::manifest::Manifest;
use crate::supervisor::Supervisor;
use crate::terminal::Terminal;
use crate::{client, supervisor};
use serde_json::{Map, Value};
use state::exit::Fault;
use state::gateway_config::{Auth, DefaultAgent, GatewayConfig};
use state::{cron_daemon, invocation, script_client};
use std::path::Path;

/// What the owner chose. `None` leaves a value as it is.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub struct Choices {
    /// The key as it is stored: itself or `${NAME}`.
    pub api_key: Option<String>,
    /// The service's address.
    pub server: Option<String>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// What a caller hears first.
    pub greeting: Option<String>,
    /// The agent that answers.
    pub agent_id: String,
    /// Whether `sessions_send` may be allowed.
    pub allow_tool: bool,
    /// Whether the chat endpoint is to be switched on.
    pub chat: bool,
    /// What keeps the client running; `None` for nothing.
    pub supervisor: Option<Supervisor>,
    /// Whether systemd is to run it while the owner is logged out.
    pub linger: bool,
    /// Whether the client is to be started at the end, where nothing else starts it.
    pub start: bool,
}

/// How things are before setup changes them.
pub struct Current<'a> {
    /// The skill folder.
    pub skill: &'a Path,
    /// The configuration.
    pub config: &'a Map<String, Value>,
    /// What setup changed before.
    pub manifest: &'a Manifest,
    /// The gateway.
    pub detected: &'a Detected,
    /// Whether `sessions_send` is not allowed for an agent and setup can allow it.
    pub can_allow: &'a dyn Fn(&str) -> bool,
}

impl Current<'_> {
    /// A text of the configuration that is not blank.
    fn text(&self, key: &str) -> Option<&str> {
        self.config.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }
}

impl Choices {
    /// Takes them from the options, and prompts for the rest if there is a terminal. The key is there already.
    ///
    /// Fails (exit 2) if an option does not fit this machine, or (exit 6) if the owner breaks off.
    pub fn collect(
        args: &args::Setup,
        current: &Current,
        terminal: Option<&Terminal>,
        api_key: Option<String>,
    ) -> anyhow::Result<Self> {
        let agent_id = agent(args, current, terminal)?;
        let (owner_name, agent_name) = names(args, current, terminal, &agent_id)?;
        let greeting = match (&args.greeting, terminal) {
            (None, Some(terminal)) => changed(
                terminal.text(
                    "Greeting for callers (Enter for the usual one)",
                    current.text("greeting"),
                )?,
                current.text("greeting"),
            ),
            (flag, _) => flag.clone(),
        };
        let can_allow = !args.no_gateway && (current.can_allow)(&agent_id);
        let (allow_tool, chat) = match terminal {
            Some(terminal) if can_allow => permissions(terminal, args.chat, current.detected)?,
            _ => (args.yes, args.chat),
        };
        let supervisor = supervisor(args, current.manifest, terminal)?;
        let linger = match terminal {
            Some(terminal) => supervisor == Some(Supervisor::Systemd) && linger(terminal)?,
            None => false,
        };
        let is_needed = supervisor.is_none() && !client::is_running(current.skill);
        let start = match terminal.filter(|_| is_needed) {
            // Two clients would take the connection from each other.
            Some(terminal) => {
                let is_free = script_client::find(current.skill).is_none();
                terminal.confirm("Start the client now?", is_free)?
            }
            None => false,
        };
        Ok(Self {
            api_key,
            server: args.common.server.clone(),
            owner_name,
            agent_name,
            greeting,
            agent_id,
            allow_tool,
            chat,
            supervisor,
            linger,
            start,
        })
    }
}

fn agent(
    args: &args::Setup,
    current: &Current,
    terminal: Option<&Terminal>,
) -> anyhow::Result<String> {
    match current.detected.answering_agent(args.agent_id.as_deref(), current.text("agent_id"))? {
        DefaultAgent::Agent(id) => Ok(id),
        DefaultAgent::Ambiguous(ids) => match terminal {
            Some(terminal) => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                Ok(terminal.choose("Which agent answers the telephone?", &ids)?.to_owned())
            }
            None => Err(Fault::usage(format!(
                "the gateway has several agents and marks none: {}",
                ids.join(", ")
            ))
            .hint("choose one with --agent-id ID")
            .into()),
        },
    }
}

/// The owner's name and the agent's.
type NamePair = (Option<String>, Option<String>);

fn names(
    args: &args::Setup,
    current: &Current,
    terminal: Option<&Terminal>,
    agent_id: &str,
) -> anyhow::Result<NamePair> {
    let is_set = |flag: &Option<String>, key| flag.is_some() || current.text(key).is_some();
    let both_set = is_set(&args.owner_name, "owner_name") && is_set(&args.agent_name, "agent_name");
    let workspace = current.detected.workspace(agent_id).filter(|folder| has_pages(folder));
    // The pages are private: they are read only if the owner agrees.
    let may_read = match (&workspace, terminal) {
        _ if both_set => false,
        (Some(folder), Some(terminal)) => {
            terminal.row("pages", &folder.display().to_string());
            terminal.confirm("Take the names from USER.md and IDENTITY.md there?", true)?
        }
        _ => args.yes,
    };
    let found = if may_read { current.detected.names(agent_id) } else { (None, None) };
    let name = |flag: &Option<String>,
                key,
                found: Option<String>,
                question|
     -> anyhow::Result<Option<String>> {
        if flag.is_some() {
            return Ok(flag.clone());
        }
        let present = current.text(key);
        match terminal {
            Some(terminal) => {
                let answer = terminal.text(question, present.or(found.as_deref()))?;
                Ok(changed(answer, present))
            }
            None => Ok(found.filter(|_| present.is_none())),
        }
    };
    let owner = name(&args.owner_name, "owner_name", found.0, "Your name")?;
    let agent = name(&args.agent_name, "agent_name", found.1, "The agent's name")?;
    Ok((owner, agent))
}

fn has_pages(folder: &Path) -> bool {
    ["USER.md", "IDENTITY.md"].iter().any(|page| folder.join(page).is_file())
}

/// The answer, if it differs from the present value.
fn changed(answer: Option<String>, present: Option<&str>) -> Option<String> {
    answer.filter(|answer| Some(answer.as_str()) != present)
}

fn permissions(
    terminal: &Terminal,
    chat: bool,
    detected: &Detected,
) -> anyhow::Result<(bool, bool)> {
    let Some(gateway) = &detected.gateway else { return Ok((false, chat)) };
    terminal.print("");
    terminal.print("Requests reach the agent in one of two ways:");
    terminal.row("sessions_send", "the gateway's tool for it; answers end after 4,096 letters. What callers and texters say needs it.");
    terminal.row(
        "chat endpoint",
        "one model call for each of your own requests, answers of any length; for those beside it.",
    );
    terminal.row("file", &gateway.path().display().to_string());
    terminal.row("risk", &risk(gateway));
    terminal.row("undo", "uninstall takes both out again, and a backup stays beside the file.");
    let is_open = gateway.auth() == Auth::Open && gateway.open_bind().is_some();
    let tool =
        terminal.confirm("Allow sessions_send (gateway.tools.allow) in that file?", !is_open)?;
    let chat = chat || terminal.confirm("Switch on the chat endpoint as well?", false)?;
    Ok((tool, chat))
}

/// Who can have the agent do things, once a gateway lets `sessions_send` be used.
fn risk(gateway: &GatewayConfig) -> String {
    let from = match gateway.open_bind() {
        Some(bind) => {
            format!("this machine and, since `gateway.bind` is `{bind}`, others of its network")
        }
        None => "this machine".to_owned(),
    };
    let with = if gateway.auth() == Auth::Open {
        "without any token, since `gateway.auth.mode` is `none`"
    } else {
        "with the gateway's token"
    };
    format!("programs of {from} can then have the agent do things, {with}.")
}

fn supervisor(
    args: &args::Setup,
    manifest: &Manifest,
    terminal: Option<&Terminal>,
) -> anyhow::Result<Option<Supervisor>> {
    if let Some(choice) = args.service {
        return Ok(match choice {
            args::SupervisorChoice::Systemd => Some(Supervisor::Systemd),
            args::SupervisorChoice::Cron => Some(Supervisor::Cron),
            args::SupervisorChoice::None => None,
        });
    }
    let present = manifest.supervisor;
    let Some(terminal) = terminal else { return Ok(present) };
    let all = [Supervisor::Systemd, Supervisor::Cron];
    let mut usable: Vec<Supervisor> =
        all.into_iter().filter(|one| one.is_usable() || present == Some(*one)).collect();
    terminal.print("");
    if usable.is_empty() {
        let run = invocation::command("connect run");
        terminal.print(&format!(
            "Neither systemd nor cron can be used here. In a container, let it run: {run}"
        ));
        return Ok(None);
    }
    terminal.print("What shall keep the client running, also after a reboot?");
    for one in &usable {
        terminal.row(&one.to_string(), &effect(*one));
    }
    usable.sort_by_key(|one| present != Some(*one));
    let words: Vec<String> = usable.iter().map(ToString::to_string).collect();
    let mut choices: Vec<&str> = words.iter().map(String::as_str).collect();
    choices.push("none");
    let chosen = terminal.choose("Your choice", &choices)?;
    Ok(usable.into_iter().find(|one| one.to_string() == chosen))
}

/// What a choice writes.
fn effect(supervisor: Supervisor) -> String {
    match supervisor {
        Supervisor::Systemd => format!("writes and starts {}", supervisor.place()),
        Supervisor::Cron if cron_daemon::is_missing() => {
            format!("two lines in your crontab; but {}", cron_daemon::MISSING)
        }
        Supervisor::Cron => "two lines in your crontab: at boot, and a look each minute".to_owned(),
    }
}

/// Whether systemd is to run the client while the owner is logged out, where it does not yet.
fn linger(terminal: &Terminal) -> anyhow::Result<bool> {
    if supervisor::lingers() != Some(false) {
        return Ok(false);
    }
    terminal.print(
        "systemd ends your programs when you log out, and starts them only when you log in.",
    );
    terminal.confirm("Let it run them from boot on (loginctl enable-linger)?", true)
}
