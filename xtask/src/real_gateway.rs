//! `cargo xtask real-gateway`: the voice path against a real OpenClaw gateway, whose model is a stub that repeats
//! what it was asked.

mod process;
mod turns;

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use state::exit;
use state::interrupt;
use state::out::{self, Printer};

use crate::verdict::Verdict;
use crate::workspace::{Profile, Workspace};
use process::Gateway;

/// Installs the gateway (about 1 to 2 minutes the first time), starts it, lets `connect` answer requests through it,
/// and takes it down again.
pub(crate) fn run(workspace: &Workspace, printer: Printer) -> Result<Verdict> {
    let gateway = match Gateway::installed(workspace) {
        Ok(gateway) => Arc::new(gateway),
        Err(reason) => return Ok(Verdict::Skipped(exit::told(&reason))),
    };
    let connect = workspace.build(Profile::Dev)?.join("connect").display().to_string();
    let playing = Arc::clone(&gateway);
    let played = interrupt::unless(move || {
        out::progress("starting the gateway (10 to 30 s)");
        playing.up()?;
        turns::play(&connect, &playing)
    });
    gateway.down()?;
    let Some(played) = played? else {
        return Ok(Verdict::Failed("interrupted; the gateway is down again".to_owned()));
    };
    let turns = match played {
        Ok(turns) => turns,
        Err(fault) => return Ok(Verdict::Failed(exit::told(&fault))),
    };
    printer.document(&json!({"ok": true, "gateway": gateway.version, "turns": turns}), || {
        turns.iter().map(ToString::to_string).collect::<Vec<_>>().join(
            "
",
        )
    })?;
    let told = format!("{} requests were answered by {}", turns.len(), gateway.version);
    Ok(Verdict::Passed(told))
}
