//! `setup`: detects, prompts, plans, applies the plan, and checks the result.

use super::gate;
use crate::apply::AppliedChanges;
use crate::args;
use crate::checks::{self, Check, Installation};
use crate::choices::{Choices, Current};
use crate::client;
use crate::detect::Detected;
use crate::introduction;
use crate::json5::EditKind;
use crate::key::{self, reference};
use crate::manifest::Manifest;
use crate::plan::{GatewayFlags, SetupPlan, ToolPermission, tool_permission};
use crate::programs::connect_of;
use crate::supervisor::Supervisor;
use crate::terminal::Terminal;
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use state::args::Common;
use state::config::{self, Config};
use state::exit::{self, Exit, Fault};
use state::gateway::{Probe, SessionsSendAccess};
use state::gateway_config::SESSIONS_SEND;
use state::terminal::{Colour, Painted};
use state::{env, out, paths, script_client, shell, terminal, url};
use std::cell::OnceCell;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Sets the skill up. Exit 1 if a check that setup is responsible for fails at the end, 3 if there is no key.
pub fn run(args: &args::Setup) -> anyhow::Result<Exit> {
    if args.try_config {
        return try_config(&args.common);
    }
    let printer = super::printer(&args.common);
    let skill = paths::skill_dir(args.common.skill_dir.as_deref())?;
    let was_running = client::is_running(&skill);
    let config = Config::load(&args.common)?;
    let flags = gateway_flags(args, &config)?;
    let terminal = if args.yes { None } else { Terminal::find() };
    let key = key::collect(args, &config, terminal.as_ref())?;
    let manifest = Manifest::of(config.values())?;
    let detected = if args.no_gateway { Detected::default() } else { Detected::here(&skill) };
    let probe = OnceCell::new();
    let probed = |agent_id: &str| probe.get_or_init(|| detected.probe(agent_id)).as_ref();
    let can_allow = |agent_id: &str| {
        detected.gateway.as_ref().is_some_and(|gateway| {
            tool_permission(gateway, probed(agent_id)) == ToolPermission::CanBeAllowed
        })
    };
    let current = Current {
        skill: &skill,
        config: config.values(),
        manifest: &manifest,
        detected: &detected,
        can_allow: &can_allow,
    };
    if let Some(terminal) = &terminal {
        introduction::print(terminal, &skill, &detected);
    }
    let choices = Choices::collect(args, &current, terminal.as_ref(), key)?;
    let has_asked = terminal.is_some();
    // From here on Ctrl-C is a signal again, and ends the program.
    drop(terminal);
    let probe = probed(&choices.agent_id);
    let plan = SetupPlan::new(&choices, config.values(), &flags, &detected, probe);
    let remarks = detected.remarks.iter().filter(|_| !has_asked);
    for remark in remarks.chain(&plan.left_alone) {
        out::warning(remark);
    }

    if let Some(supervisor) = choices.supervisor {
        try_in_empty_environment(&skill, supervisor, plan.applied_to(config.values()))?;
    }

    let mut changes = AppliedChanges::default();
    changes.write_config(&skill, &plan)?;
    changes.close_folder(&skill)?;
    changes.write_git_ignore(&skill)?;
    let mut left_alone: Vec<String> =
        detected.remarks.iter().chain(&plan.left_alone).cloned().collect();
    let mut edits: Vec<_> =
        plan.edits.iter().map(|planned| changes.edit_gateway(&skill, planned)).collect();
    if args.gate {
        match &detected.gateway {
            Some(gateway) => edits.extend(gate::install(&skill, gateway, &mut changes)?),
            None => left_alone.push("no gateway was found here to put the gate into".to_owned()),
        }
    }
    let has_edited = edits.iter().any(|edit| matches!(edit, Ok(true)));
    let failed = warn_of_failures(&edits);
    left_alone.extend(failed.iter().cloned());
    let taken_up = has_edited
        .then(|| taken_up(&detected, probe, &choices.agent_id, Edited::of(&plan)))
        .flatten();
    let switched = changes.switch_supervisor(&skill, manifest.supervisor, choices.supervisor);
    let installed = match &switched {
        Ok(()) => choices.supervisor,
        Err(_) => [choices.supervisor, manifest.supervisor]
            .into_iter()
            .flatten()
            .find(|supervisor| supervisor.check(&skill).is_ok()),
    };

    if switched.is_ok() {
        start_client(&skill, &choices, &mut changes);
    }
    out::progress("checking every part");
    let checks = checks::run(Installation::new(&args.common)?);
    let open = left_open(&checks, &choices, client::is_running(&skill));
    let document = json!({
        "skill_dir": skill.display().to_string(),
        "changed": changes.as_json(),
        "left_alone": left_alone,
        "gateway": gateway(&detected, probe, &choices.agent_id, taken_up),
        "service": installed,
        "summary": checks::summary(&open),
        "checks": checks::as_json(&checks),
    });
    printer.print_painted(&document, || as_text(&changes, &open))?;
    // The document above says what was done, also where the last step failed.
    switched?;
    if let Some(err) = without_key(&args.common) {
        return Err(err);
    }
    if let Some(pid) = script_client::find(&skill).filter(|_| !has_asked) {
        out::warning(&introduction::old_client(pid));
    }
    let after = plan.applied_to(config.values());
    let is_other = |key: &str| after.get(key) != config.values().get(key);
    let is_outdated = was_running && (is_other("api_key") || is_other("server"));
    hint_at_client(&skill, choices.supervisor.is_some(), is_outdated);
    let is_done =
        failed.is_empty() && own_checks_pass(&checks, choices.supervisor, args.no_gateway);
    Ok(if is_done { Exit::Done } else { Exit::No })
}

/// Why edits failed, each also as a warning.
fn warn_of_failures(edits: &[anyhow::Result<bool>]) -> Vec<String> {
    let failed: Vec<String> =
        edits.iter().filter_map(|edit| edit.as_ref().err()).map(exit::one_line).collect();
    for why in &failed {
        out::warning(why);
    }
    failed
}

/// What is left to do for the client: to start it, or to let it know what has changed.
fn hint_at_client(skill: &Path, is_supervised: bool, is_outdated: bool) {
    if !client::is_running(skill) && !is_supervised {
        out::hint("start the client: connect start");
    } else if is_outdated {
        out::hint("let the client that runs know it: connect restart");
    }
}

/// Starts the client as it was chosen, and waits until one that systemd runs is connected.
fn start_client(skill: &Path, choices: &Choices, changes: &mut AppliedChanges) {
    let lingering = if choices.linger { changes.enable_lingering() } else { Ok(()) };
    if let Err(err) = lingering {
        // `status` names it again, with its fix.
        out::warning(&exit::one_line(&err));
    }
    match connect_of(skill) {
        Ok(connect) if choices.start => client::start(skill, &connect),
        Err(err) if choices.start => out::warning(&exit::one_line(&err)),
        _ => {}
    }
    if choices.supervisor == Some(Supervisor::Systemd) {
        client::wait_until_connected(skill);
    }
}

/// What was changed, how all is, and what is left to the owner.
fn as_text(changes: &AppliedChanges, open: &[Check]) -> Painted {
    let width = terminal::width(false);
    let changes = changes.as_text(width);
    let changes = if changes.is_empty() { "Nothing had to be changed.\n" } else { &changes };
    let summary = terminal::wrapped(&checks::summary(open), width, 0);
    let text = Painted::default().plain(format!("{changes}\n"));
    let text = text.in_colour(Colour::Strong, summary).plain("\n");
    text.then(checks::open_rows(open, width))
}

/// The findings that are left to the owner: not that the client does not run where nobody wanted it to yet.
fn left_open(checks: &[Check], choices: &Choices, is_running: bool) -> Vec<Check> {
    let is_expected = |check: &Check| match check.id {
        "client" => choices.supervisor.is_none() && !choices.start && !is_running,
        "service" => check.because == Some("client") && choices.supervisor.is_none(),
        "background" => choices.supervisor.is_none() && !check.finding.is_failure(),
        _ => false,
    };
    checks.iter().filter(|check| !is_expected(check)).cloned().collect()
}

/// Why the client cannot start yet: there is no key, and none was given.
fn without_key(common: &Common) -> Option<anyhow::Error> {
    let config = Config::load(common).ok()?;
    let err = config.api_key().err()?;
    // A key that cannot be used has its own hint.
    if has_key(config.values()) {
        return Some(err);
    }
    Some(Fault::not_configured(exit::one_line(&err)).hint(key::GIVE).into())
}

fn has_key(config: &Map<String, Value>) -> bool {
    let text = config.get("api_key").and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

/// Whether every check passes that setup is responsible for. Without a supervisor nobody has started the client yet.
fn own_checks_pass(checks: &[Check], supervisor: Option<Supervisor>, no_gateway: bool) -> bool {
    let is_ours = |check: &&Check| match check.id {
        "client" | "service" => supervisor.is_some(),
        // It is the owner's to end.
        "old_client" => false,
        "gateway" | "token" | "sessions_send" | "agent" => !no_gateway,
        _ => true,
    };
    !checks.iter().filter(is_ours).any(|check| check.finding.is_failure())
}

/// The options about the gateway. Fails (exit 2) if one is not what it should be, before anything is stored.
fn gateway_flags(args: &args::Setup, config: &Config) -> anyhow::Result<GatewayFlags> {
    let gateway_token = args.gateway_token_env.as_deref().map(reference).transpose()?;
    for (option, url, example) in [
        ("--server", &args.common.server, config::DEFAULT_SERVER),
        ("--gateway-url", &args.gateway_url, config::DEFAULT_GATEWAY),
    ] {
        let Some(url) = url else { continue };
        let Err(fault) = url::parse_base(Exit::Usage, option, url, example) else { continue };
        // That fault leaves out a single word, which may be a key. One as short as this is none.
        if url.len() < 16 && !url.contains(['.', ':', '/']) {
            let text = format!("`{option}` is `{url}`, which is no http:// or https:// address");
            return Err(Fault::usage(text).hint(format!("write it as {example}")).into());
        }
        return Err(fault.into());
    }
    if args.common.server.is_some() {
        // The API client refuses a plain-text address beyond this machine; the key does not matter to it.
        state::api::Service::new(&config.server()?, state::secret::Secret::new("x"))?;
    }
    Ok(GatewayFlags {
        no_gateway: args.no_gateway,
        has_key: has_key(config.values()) || config.api_key().is_ok(),
        gateway_url: args.gateway_url.clone(),
        gateway_token,
        agent_id: args.agent_id.is_some(),
    })
}

/// What was changed in the gateway's configuration.
#[derive(Clone, Copy)]
struct Edited {
    tool: bool,
    chat: bool,
}

impl Edited {
    fn of(plan: &SetupPlan) -> Self {
        let has = |change: &EditKind| plan.edits.iter().any(|planned| planned.change == *change);
        Self {
            tool: has(&EditKind::Item(json!(SESSIONS_SEND))),
            chat: has(&EditKind::Value(json!(true))),
        }
    }
}

/// Whether the running gateway took the change up; `None` if that cannot be known, since it did not answer before it.
fn taken_up(
    detected: &Detected,
    before: Option<&Probe>,
    agent_id: &str,
    edited: Edited,
) -> Option<bool> {
    let answered_before = before.is_some_and(|probe| {
        probe.reachable.is_ok()
            && matches!(probe.sessions_send, SessionsSendAccess::Yes | SessionsSendAccess::No)
    });
    if !answered_before {
        out::warning(
            "the gateway did not answer before the change, so whether it takes it up is not known",
        );
        return None;
    }
    let is_taken_up = detected.wait_until_taken_up(agent_id, |probe| {
        (!edited.tool || probe.sessions_send == SessionsSendAccess::Yes)
            && (!edited.chat || probe.chat == Some(true))
    });
    if !is_taken_up {
        out::warning("the gateway has not taken up the change yet; restart it");
    }
    Some(is_taken_up)
}

fn gateway(
    detected: &Detected,
    probe: Option<&Probe>,
    agent_id: &str,
    taken_up: Option<bool>,
) -> Value {
    detected.gateway.as_ref().map_or(Value::Null, |gateway| {
        json!({
            "config": gateway.path().display().to_string(),
            "product": gateway.product().to_string(),
            "url": gateway.url().ok(),
            "port": gateway.port(),
            "version": probe.and_then(|probe| probe.version.clone()),
            "agent_id": agent_id,
            "workspace": gateway.workspace(agent_id).display().to_string(),
            "taken_up": taken_up,
        })
    })
}

/// Resolves the planned configuration without this shell's variables, as systemd and cron will.
///
/// Fails (exit 3) if it cannot be resolved so, before it replaces a configuration that works.
fn try_in_empty_environment(
    skill: &Path,
    supervisor: Supervisor,
    planned: Map<String, Value>,
) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(&program);
    command.env_clear().args(["--try-config", "--quiet"]).arg("--skill-dir").arg(skill);
    command.env("PATH", "/usr/bin:/bin").envs(env::home().map(|home| ("HOME", home)));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let running = || format!("running `{}`", program.display());
    let has_key = has_key(&planned);
    let mut child = command.spawn().with_context(running)?;
    // A child that ends before it has read everything says why on its stderr.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{}", Value::Object(planned)));
    let output = child.wait_with_output().with_context(running)?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line =
        |label: &str| stderr.lines().find_map(|line| line.strip_prefix(label).map(str::to_owned));
    let why = line("error: ").unwrap_or_else(|| output.status.to_string());
    let text = format!(
        "{supervisor} would start the client without this shell's variables, and then: {why}"
    );
    let fix = if has_key {
        let env = shell::quote(&paths::dotenv(skill).display().to_string());
        format!("put the variable into `{env}`, or store the key itself")
    } else {
        key::GIVE.to_owned()
    };
    Err(Fault::not_configured(text).hint(format!("nothing was changed; {fix}")).into())
}

/// The hidden `--try-config`: resolves the configuration as the client does at its start. A planned one, not written yet,
/// comes on stdin.
fn try_config(common: &Common) -> anyhow::Result<Exit> {
    let mut planned = Vec::new();
    std::io::stdin().read_to_end(&mut planned).context("reading stdin")?;
    let mut config = Config::load(common)?;
    if !planned.is_empty() {
        config = config.with_values(serde_json::from_slice(&planned).context("reading stdin")?);
    }
    state::api::Service::from_config(&config)?;
    config.gateway_token()?;
    config.gateway_url()?;
    Ok(Exit::Done)
}
