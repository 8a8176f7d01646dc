//! `cargo xtask demo`: the main job on a fresh machine, played by the real programs against the simulated service.
//!
//! No account, no gateway, no network. The story goes to stderr for somebody who has never seen these tools; every
//! act checks what it shows, and one JSON summary goes to stdout.

mod approvals;
mod calls;
mod deeds;
mod installation;
mod mission;
mod script;
mod sensitive_requests;
mod stage;
mod strangers;
mod texts;
mod voice;

use std::env;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::out::{self, Printer};

use crate::args::DemoArgs;
use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use stage::{DemoStage, RealGatewayAddress};

/// One scene: plays, checks, and returns what is worth keeping of it.
struct DemoAct {
    title: &'static str,
    /// Whether it is part of what a real gateway is asked to play (`--gateway`).
    voice: bool,
    play: fn(&mut DemoStage) -> Result<Value>,
}

impl DemoAct {
    const fn voice(title: &'static str, play: fn(&mut DemoStage) -> Result<Value>) -> Self {
        Self { title, voice: true, play }
    }

    const fn other(title: &'static str, play: fn(&mut DemoStage) -> Result<Value>) -> Self {
        Self { title, voice: false, play }
    }
}

const ACTS: [DemoAct; 15] = [
    DemoAct::voice("A fresh machine is set up", installation::set_up),
    DemoAct::voice("The line is up", voice::connects),
    DemoAct::voice("The owner calls and asks", voice::asked_and_answered),
    DemoAct::other("On the phone, something sensitive is denied", sensitive_requests::denied),
    DemoAct::other("And approved, the second time", sensitive_requests::approved),
    DemoAct::other("A stranger texts", strangers::texted),
    DemoAct::other("The agent rings up a restaurant", calls::book_a_table),
    DemoAct::other("The agent texts a friend", texts::sent),
    DemoAct::other("A script asks the owner, who says no", approvals::denied),
    DemoAct::other("A script asks again, and the owner says yes", approvals::approved),
    DemoAct::other("An errand with a phone call in it", mission::from_start_to_end),
    DemoAct::other("The gate is put into the gateway", deeds::set_up),
    DemoAct::other("Asked in German, held at the deed, and denied", deeds::denied),
    DemoAct::other("Asked again, and approved", deeds::approved),
    DemoAct::other("Everything is taken back", installation::uninstall),
];

/// Plays every act and prints the summary. [`Exit::No`] if anything was not as it should be.
pub(crate) fn run(workspace: &Workspace, args: &DemoArgs, printer: Printer) -> Result<Exit> {
    let (ok, summary) = play(workspace, real(args)?)?;
    printer.print(&summary, || words(&summary))?;
    Ok(if ok { Exit::Done } else { Exit::No })
}

/// The same as a check.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    let (ok, summary) = play(workspace, None)?;
    let n_acts = summary["acts"].as_array().map_or(0, Vec::len);
    Ok(CheckResult::of(ok, format!("{n_acts} acts in {} s", summary["seconds"])))
}

/// Plays every act, also after one went wrong.
fn play(workspace: &Workspace, real: Option<RealGatewayAddress>) -> Result<(bool, Value)> {
    out::progress("building the programs");
    let programs = workspace.build(Profile::Dev)?;
    let began = Instant::now();
    let mut stage = DemoStage::new(programs, real);
    let mut played = Vec::new();
    let only_voice = stage.is_real();
    for (number, act) in ACTS.iter().filter(|act| act.voice || !only_voice).enumerate() {
        out::progress(&format!("\nAct {}. {}", number + 1, act.title));
        let began = Instant::now();
        let (ok, result) = match (act.play)(&mut stage) {
            Ok(result) => (true, result),
            Err(err) => {
                out::error(&format!("this act failed: {}", exit::one_line(&err)));
                (false, exit::one_line(&err).into())
            }
        };
        let took = began.elapsed().as_millis();
        played.push(json!({"act": act.title, "ok": ok, "milliseconds": took, "kept": result}));
    }
    stage.close()?;
    let ok = played.iter().all(|act| act["ok"] == true) && !played.is_empty();
    let seconds = began.elapsed().as_secs_f64();
    let summary = json!({"ok": ok, "seconds": (seconds * 10.0).round() / 10.0, "acts": played});
    out::progress(&format!(
        "\n{} in {seconds:.1} s",
        if ok { "All as it should be" } else { "Something is not as it should be" }
    ));
    Ok((ok, summary))
}

/// The gateway that was named instead of the stub.
fn real(args: &DemoArgs) -> Result<Option<RealGatewayAddress>> {
    let Some(url) = args.gateway.clone() else { return Ok(None) };
    let token = args.token.clone().or_else(|| env::var("OPENCLAW_GATEWAY_TOKEN").ok());
    let token = token.ok_or_else(|| {
        Fault::usage("`--gateway` needs a token")
            .hint("export OPENCLAW_GATEWAY_TOKEN, or add --token")
    })?;
    Ok(Some(RealGatewayAddress { url, token }))
}

fn words(summary: &Value) -> String {
    let acts = summary["acts"].as_array().into_iter().flatten();
    let line = |act: &Value| {
        let word = if act["ok"] == true { "ok    " } else { "FAILED" };
        format!("{word} {}\n", act["act"].as_str().unwrap_or_default())
    };
    acts.map(line).collect()
}
