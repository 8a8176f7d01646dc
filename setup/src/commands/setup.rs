//! `setup`: looks, asks, settles a plan, carries it out, and checks what came of it.

use crate::args;
use crate::changes::{Changes, planned};
use crate::checks::{self, Check, Subject};
use crate::edits::Change;
use crate::ledger::Ledger;
use crate::plan::{Given, Permission, Plan, permission};
use crate::service::{Kind, await_client};
use crate::surroundings::Surroundings;
use crate::terminal::Terminal;
use crate::wishes::{Present, Wishes, reference};
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use state::args::Common;
use state::config::{self, Config};
use state::exit::{self, Exit, Fault};
use state::gateway::{Allowed, Probe};
use state::gateway_config::TOOL;
use state::lock::Lock;
use state::{env, out, paths, words};
use std::cell::OnceCell;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// What helps where there is no key.
const GIVE_KEY: &str = "run `setup --api-key-stdin`";

/// Sets the skill up. Exit 1 if a check fails at the end that setup is answerable for, 3 if there is no key.
pub fn run(args: &args::Setup) -> anyhow::Result<Exit> {
    if args.try_config {
        return try_config(&args.common);
    }
    let printer = super::printer(&args.common);
    let skill = paths::skill_dir(args.common.skill_dir.as_deref())?;
    let config = Config::load(&args.common)?;
    let given = given(args, &config)?;
    let ledger = Ledger::of(config.raw())?;
    let surroundings = if args.no_gateway { Surroundings::default() } else { Surroundings::look() };
    let probe = OnceCell::new();
    let look = |agent_id: &str| probe.get_or_init(|| surroundings.probe(agent_id)).as_ref();
    let can_allow = |agent_id: &str| {
        let own = surroundings.own.as_ref();
        own.is_some_and(|own| permission(own, look(agent_id)) == Permission::CanBeGiven)
    };
    let there = Present {
        config: config.raw(),
        ledger: &ledger,
        surroundings: &surroundings,
        can_allow: &can_allow,
    };
    let terminal = if args.yes { None } else { Terminal::find() };
    let wishes = Wishes::find(args, &there, terminal.as_ref())?;
    // From here on Ctrl-C ends the program as it ends others.
    drop(terminal);
    let probe = look(&wishes.agent_id);
    let plan = Plan::new(&wishes, config.raw(), &given, &surroundings, probe);
    for remark in surroundings.remarks.iter().chain(&plan.left_alone) {
        out::warning(remark);
    }

    if let Some(kind) = wishes.service {
        try_in_empty_environment(&skill, kind, planned(config.raw(), &plan))?;
    }

    let mut changes = Changes::default();
    changes.settings(&skill, &plan)?;
    let mut left_alone: Vec<String> =
        surroundings.remarks.iter().chain(&plan.left_alone).cloned().collect();
    let edits: Vec<_> = plan.edits.iter().map(|wanted| changes.edit(&skill, wanted)).collect();
    let has_edited = edits.iter().any(|edit| matches!(edit, Ok(true)));
    let failed: Vec<String> =
        edits.iter().filter_map(|edit| edit.as_ref().err()).map(exit::told).collect();
    for why in &failed {
        out::warning(why);
    }
    left_alone.extend(failed.iter().cloned());
    let made = |change: &Change| plan.edits.iter().any(|wanted| wanted.change == *change);
    let edited =
        Edited { tool: made(&Change::Item(json!(TOOL))), chat: made(&Change::Value(json!(true))) };
    let in_force =
        has_edited.then(|| taken_up(&surroundings, probe, &wishes.agent_id, edited)).flatten();
    let service = changes.service(&skill, ledger.service, wishes.service);
    let installed = match &service {
        Ok(()) => wishes.service,
        Err(_) => [wishes.service, ledger.service]
            .into_iter()
            .flatten()
            .find(|kind| kind.check(&skill).is_ok()),
    };

    if wishes.service == Some(Kind::Systemd) && service.is_ok() {
        await_client(&skill);
    }

    out::progress("checking every part");
    let checks = checks::run(Subject::new(&args.common)?);
    let document = json!({
        "skill_dir": skill.display().to_string(),
        "changed": changes.as_json(),
        "left_alone": left_alone,
        "gateway": gateway(&surroundings, &wishes.agent_id, in_force),
        "service": installed,
        "checks": checks::as_json(&checks),
    });
    printer.document(&document, || {
        let text = changes.as_text();
        let text = if text.is_empty() { "Nothing had to be changed.\n" } else { &text };
        format!("{text}\n{}", checks::as_table(&checks))
    })?;
    // What was done is told even if the last step could not be.
    service?;
    if let Some(err) = without_key(&args.common) {
        return Err(err);
    }
    if wishes.service.is_none() && !Lock::is_held(&paths::connect_lock(&skill)) {
        out::hint("start the client: connect start");
    }
    let is_done = failed.is_empty() && answers_for(&checks, wishes.service, args.no_gateway);
    Ok(if is_done { Exit::Done } else { Exit::No })
}

/// Why nothing can start yet: there is no key, and none was given.
fn without_key(common: &Common) -> Option<anyhow::Error> {
    let config = Config::load(common).ok()?;
    let err = config.api_key().err()?;
    // One that stands elsewhere has its own hint.
    if has_key(config.raw()) {
        return Some(err);
    }
    Some(Fault::not_configured(exit::told(&err)).hint(GIVE_KEY).into())
}

fn has_key(config: &Map<String, Value>) -> bool {
    let text = config.get("api_key").and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

/// Whether nothing failed that setup has a hand in. Without a service nobody has started the client yet.
fn answers_for(checks: &[Check], service: Option<Kind>, no_gateway: bool) -> bool {
    let is_ours = |check: &&Check| match check.id {
        "client" | "service" => service.is_some(),
        "gateway" | "token" | "sessions_send" | "agent" => !no_gateway,
        _ => true,
    };
    !checks.iter().filter(is_ours).any(|check| check.finding.is_failure())
}

fn given(args: &args::Setup, config: &Config) -> anyhow::Result<Given> {
    let gateway_token = args.gateway_token_env.as_deref().map(reference).transpose()?;
    for (option, url, example) in [
        ("--server", &args.common.server, config::DEFAULT_SERVER),
        ("--gateway-url", &args.gateway_url, config::DEFAULT_GATEWAY),
    ] {
        let Some(url) = url else { continue };
        let Err(fault) = config::address(Exit::Usage, option, url, example) else { continue };
        // A single word is not told there, since it may be a key; one as short as this is none.
        if url.len() < 16 && !url.contains(['.', ':', '/']) {
            let text = format!("`{option}` is `{url}`, which is no http:// or https:// address");
            return Err(Fault::usage(text).hint(format!("write it as {example}")).into());
        }
        return Err(fault.into());
    }
    if args.common.server.is_some() {
        // The one place that knows which addresses are allowed; the key does not matter to it.
        state::api::Service::new(&config.server()?, state::secret::Secret::new("x"))?;
    }
    Ok(Given {
        no_gateway: args.no_gateway,
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

/// Whether the running gateway took the change up; `None` if it did not run, or could not be asked before.
fn taken_up(
    surroundings: &Surroundings,
    before: Option<&Probe>,
    agent_id: &str,
    edited: Edited,
) -> Option<bool> {
    let could_be_asked = before.is_some_and(|probe| {
        probe.reachable.is_ok() && matches!(probe.sessions_send, Allowed::Yes | Allowed::No)
    });
    if !could_be_asked {
        out::warning(
            "the gateway did not answer before the change, so whether it takes it up is not known",
        );
        return None;
    }
    let is_up = surroundings.await_gateway(agent_id, |probe| {
        (!edited.tool || probe.sessions_send == Allowed::Yes)
            && (!edited.chat || probe.chat == Some(true))
    });
    if !is_up {
        out::warning("the gateway has not taken up the change yet; restart it");
    }
    Some(is_up)
}

fn gateway(surroundings: &Surroundings, agent_id: &str, in_force: Option<bool>) -> Value {
    surroundings.own.as_ref().map_or(Value::Null, |own| {
        json!({
            "config": own.path().display().to_string(),
            "product": own.product().to_string(),
            "url": own.url().ok(),
            "agent_id": agent_id,
            "workspace": own.workspace(agent_id).display().to_string(),
            "taken_up": in_force,
        })
    })
}

/// A unit and a crontab know nothing of this shell's variables: what they cannot resolve fails now, not at night,
/// and before a configuration that works gives way to it.
fn try_in_empty_environment(
    skill: &Path,
    kind: Kind,
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
    // One that ends before it has read all says why.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "{}", Value::Object(planned)));
    let output = child.wait_with_output().with_context(running)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line =
        |label: &str| said.lines().find_map(|line| line.strip_prefix(label).map(str::to_owned));
    let why = line("error: ").unwrap_or_else(|| output.status.to_string());
    let text =
        format!("{kind} would start the client without this shell's variables, and then: {why}");
    let fix = if has_key {
        let env = words::for_shell(&paths::dotenv(skill).display().to_string());
        format!("put the variable into `{env}`, or store the key itself")
    } else {
        GIVE_KEY.to_owned()
    };
    Err(Fault::not_configured(text).hint(format!("nothing was changed; {fix}")).into())
}

/// What the service will do first: resolve the configuration, the one on stdin if there is one, since it is not
/// written yet.
fn try_config(common: &Common) -> anyhow::Result<Exit> {
    let mut planned = Vec::new();
    std::io::stdin().read_to_end(&mut planned).context("reading stdin")?;
    let mut config = Config::load(common)?;
    if !planned.is_empty() {
        config = config.with(serde_json::from_slice(&planned).context("reading stdin")?);
    }
    config.service()?;
    config.gateway_token()?;
    config.gateway_url()?;
    Ok(Exit::Done)
}
