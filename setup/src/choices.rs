//! What the owner chose, by options of the command line or by answers at the terminal.

use crate::args;
use crate::detect::Detected;
use crate::manifest::Manifest;
use crate::supervisor::Supervisor;
use crate::terminal::Terminal;
use anyhow::Context as _;
use serde_json::{Map, Value};
use state::exit::Fault;
use state::gateway_config::DefaultAgent;
use state::secret::Secret;
use std::io::Read as _;
use std::path::Path;

/// Longer than any key.
const LONGEST_KEY: u64 = 4096;

/// What the owner chose. `None` leaves a value as it is.
#[derive(Debug)]
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
}

/// How things are before setup changes them.
pub struct Current<'a> {
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
    /// Takes them from the options, and prompts for the rest if there is a terminal.
    ///
    /// Fails (exit 2) if an option does not fit this machine, or (exit 6) if the owner breaks off.
    pub fn collect(
        args: &args::Setup,
        current: &Current,
        terminal: Option<&Terminal>,
    ) -> anyhow::Result<Self> {
        let api_key = api_key(args, current, terminal)?;
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
            Some(terminal) if can_allow => permissions(terminal, args.chat)?,
            _ => (args.yes, args.chat),
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
            supervisor: supervisor(args, current.manifest, terminal)?,
        })
    }
}

fn api_key(
    args: &args::Setup,
    current: &Current,
    terminal: Option<&Terminal>,
) -> anyhow::Result<Option<String>> {
    if let Some(key) = &args.api_key {
        // No message may print it.
        let _ = Secret::new(key.as_deref().unwrap_or_default());
        let text = "a key on a command line can be read by other programs, and shells remember it";
        let hint =
            "put it into stdin: setup --api-key-stdin < FILE_WITH_THE_KEY; then make a new one";
        return Err(Fault::usage(text).hint(hint).into());
    }
    if let Some(name) = &args.api_key_env {
        return Ok(Some(reference(name)?));
    }
    if args.api_key_stdin {
        let mut key = String::new();
        std::io::stdin()
            .take(LONGEST_KEY)
            .read_to_string(&mut key)
            .context("reading the key from stdin")?;
        return Ok(Some(plain_key(&key)?));
    }
    let Some(terminal) = terminal else { return Ok(None) };
    if current.text("api_key").is_none() {
        terminal.print("The API key is made at https://clawdtalk.com, under Dashboard.");
    }
    let enter =
        if current.text("api_key").is_some() { "keeps the present one" } else { "leaves it out" };
    loop {
        match terminal
            .hidden(&format!("API key (not shown; Enter {enter})"))?
            .map(|key| plain_key(&key))
        {
            None => return Ok(None),
            Some(Ok(key)) => return Ok(Some(key)),
            Some(Err(fault)) => terminal.print(&fault.to_string()),
        }
    }
}

/// A key that can be sent in a header and is not a `${NAME}` reference. Fails (exit 2) otherwise.
fn plain_key(key: &str) -> Result<String, Fault> {
    let key = key.trim();
    // Registered as a secret first: no message about it may print it.
    let _ = Secret::new(key);
    let hint = "copy it again from https://clawdtalk.com";
    if key.is_empty() {
        return Err(Fault::usage("there is no key on stdin").hint(hint));
    }
    if !key.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(Fault::usage("the key holds a blank or a letter that no key has").hint(hint));
    }
    if key.contains("${") {
        return Err(Fault::usage("the key holds `${`: that is how a reference begins")
            .hint("name the variable with --api-key-env NAME"));
    }
    Ok(key.to_owned())
}

/// `${NAME}` for a variable's name. Fails (exit 2) if it is no such name.
pub(crate) fn reference(name: &str) -> Result<String, Fault> {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_name && !looks_like_a_secret(name) {
        return Ok(format!("${{{name}}}"));
    }
    // It may be the key itself, so it is not repeated.
    let _ = Secret::new(name);
    let found = if is_name { "looks like the value itself" } else { "is no variable's name" };
    Err(Fault::usage(format!("what was given {found}")).hint(
        "give a name such as CLAWDTALK_API_KEY; the value goes to stdin, with --api-key-stdin",
    ))
}

/// Whether what stands for a variable's name looks like a key or a token: by its beginning, or by a long word of letters
/// mixed with digits, which no name has.
fn looks_like_a_secret(name: &str) -> bool {
    let is_mixed = |word: &str| {
        let n_digits = word.bytes().filter(u8::is_ascii_digit).count();
        word.len() >= 12 && n_digits >= 3 && n_digits < word.len()
    };
    let has_prefix = ["cc_", "ct_", "sk_", "pk_"].iter().any(|prefix| name.starts_with(prefix));
    let is_number = name.len() >= 20 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    has_prefix || is_number || name.split('_').any(is_mixed)
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
            let question =
                format!("Take the names from USER.md and IDENTITY.md in {}?", folder.display());
            terminal.confirm(&question, true)?
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

fn permissions(terminal: &Terminal, chat: bool) -> anyhow::Result<(bool, bool)> {
    terminal.print("Requests reach the agent in one of two ways:");
    terminal.print("  sessions_send  the gateway's tool for it; answers end after 4,096 letters. Callers' and texters' words need it.");
    terminal.print("  chat endpoint  one model call for each of your own requests, answers of any length; for those beside it.");
    let tool = terminal.confirm(
        "Allow sessions_send in the gateway's configuration (gateway.tools.allow)?",
        true,
    )?;
    let chat = chat || terminal.confirm("Switch on the chat endpoint as well?", false)?;
    Ok((tool, chat))
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
    let Some(terminal) = terminal else { return Ok(manifest.supervisor) };
    terminal.print("What shall keep the client running, also after a reboot?");
    let present = manifest.supervisor.map_or("none", |supervisor| match supervisor {
        Supervisor::Cron => "cron",
        Supervisor::Systemd => "systemd",
    });
    let mut choices = vec!["systemd", "cron", "none"];
    if manifest.supervisor.is_some() {
        choices.sort_by_key(|choice| *choice != present);
    }
    Ok(match terminal.choose("Your choice", &choices)? {
        "systemd" => Some(Supervisor::Systemd),
        "cron" => Some(Supervisor::Cron),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn a_name_is_told_from_what_it_should_name() {
        for name in
            ["CLAWDTALK_API_KEY", "key", "_K1", "MY_KEY_2026", "ClawdTalkApiKey", "AUTH0_TOKEN"]
        {
            assert_eq!(reference(name).unwrap(), format!("${{{name}}}"));
        }
        for value in [
            "cc_live_0123456789abcdef0123456789abcdef01234567",
            "cc_test_x",
            "ct_live_abc",
            "sk_live_abc",
            "abcdefabcdefabcdefabcdef",
            "x_9f86d081884c7d659a2f",
            "AKIA1234567890ABCDEF",
            "cc-live-1",
            "a b",
            "${X}",
            "",
        ] {
            let fault = reference(value).unwrap_err();
            assert!(value.is_empty() || !fault.to_string().contains(value), "{value}");
        }
    }
}
