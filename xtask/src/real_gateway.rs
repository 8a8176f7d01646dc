//! `cargo xtask real-gateway`: `setup`, the voice path, `uninstall` and what becomes of a client whose gateway changes,
//! against a real OpenClaw gateway, whose model is a stub that repeats its prompt or uses a tool.

mod gate;
mod model;
mod outages;
mod owner;
mod process;
mod scheduler;
mod turns;

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use state::exit;
use state::interrupt;
use state::out::{self, Printer};

use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use owner::GatewayOwner;
use process::RealGateway;

/// A stub of a model that calls tools.
const STUB_WITH_TOOLS: &str = include_str!("real_gateway/stub-with-tools.mjs");

/// Installs the gateway (about 1 to 2 minutes the first time), starts it, lets `connect` answer requests through it,
/// and takes it down again.
///
/// With `gate` it plays instead what the gate holds, with a model that calls tools.
pub(crate) fn run(workspace: &Workspace, printer: Printer, gate: bool) -> Result<CheckResult> {
    let gateway = match RealGateway::installed(workspace) {
        Ok(gateway) => Arc::new(gateway),
        Err(reason) => return Ok(CheckResult::Skipped(exit::one_line(&reason))),
    };
    let programs = workspace.build(Profile::Dev)?.display().to_string();
    let running = Arc::clone(&gateway);
    let played = interrupt::run_until_signal(move || {
        out::progress("starting the gateway (10 to 30 s)");
        if gate {
            running.use_stub(STUB_WITH_TOOLS)?;
        }
        running.up()?;
        if gate {
            return gate::run(&programs, &running);
        }
        let (owner, before) = (GatewayOwner::new(&programs, &running), running.own_files()?);
        let mut turns = vec![owner.sets_up()?];
        turns.extend(turns::run(&format!("{programs}/connect"), &running)?);
        turns.push(scheduler::run(&programs, &running)?);
        turns.push(owner.uninstalls(&before)?);
        running.down()?;
        turns.extend(outages::run(&format!("{programs}/connect"), &running)?);
        Ok(turns)
    });
    gateway.down()?;
    let Some(played) = played? else {
        return Ok(CheckResult::Failed("interrupted; the gateway is down again".to_owned()));
    };
    let turns: Vec<Value> = match played {
        Ok(turns) => turns,
        Err(fault) => return Ok(CheckResult::Failed(exit::one_line(&fault))),
    };
    let gateway_version = &gateway.version;
    printer.print(&json!({"ok": true, "gateway": gateway.version, "turns": turns}), || {
        turns.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })?;
    if gate {
        let detail = format!("held what was to be held, and nothing else, with {gateway_version}");
        return Ok(CheckResult::Passed(detail));
    }
    let n_requests = turns.iter().filter(|turn| turn.get("answered").is_some()).count();
    let detail =
        format!("set up, {n_requests} requests answered, and undone with {}", gateway.version);
    Ok(CheckResult::Passed(detail))
}
