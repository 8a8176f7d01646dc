//! `cargo xtask cron-check`: what `setup --service cron` and `missions cron add` write works under real cron.

mod client;
mod crontab;
mod daemon;
mod errand;

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{Output, Sandbox, SimulatedGateway, SimulatedService};
use serde_json::{Value, json};
use state::exit;
use state::interrupt;
use state::out::{self, Printer};

use crate::verdict::Verdict;
use crate::workspace::{Profile, Workspace};
use crontab::Crontab;
use daemon::Daemon;

/// What the crontab holds besides our lines: nothing in it runs, and all of it could be mistaken for ours.
const OTHERS: &str = "\
# * * * * * clawdtalk connect
CRON_CHECK=\"kept  as it is\"\t
0 0 30 2 * : it\\'s 100\\% # clawdtalk mission plumbers /elsewhere

59 23 31 2 *  :  # clawdtalk connect /elsewhere
";

/// What the skill folder is called.
const FOLDER: &str = "it's 5% of a \"skill\" # folder $HOME";

/// The machine on which it plays: the simulated service, an agent, and the owner's real crontab.
struct Scene {
    programs: PathBuf,
    service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    /// The skill folder, by a name that both cron and the shell read in their own way.
    skill: PathBuf,
    crontab: Crontab,
    /// The cron that runs it all, once it does. It is ended from outside, should the play be interrupted.
    daemon: Mutex<Option<Daemon>>,
}

/// Cron wakes at the full minute; what it starts then has a moment to begin.
const A_MINUTE: Duration = Duration::from_secs(75);

impl Scene {
    fn run(&self, program: &str, args: &[&str]) -> Output {
        out::progress(&format!("  $ {program} {}", args.join(" ")));
        self.sandbox.prepare(&self.programs.join(program).display().to_string(), args).run()
    }

    /// What a program prints that must end well.
    fn json(&self, program: &str, args: &[&str]) -> Result<Value> {
        let output = self.run(program, args);
        ensure!(output.code() == 0, "wanted exit 0\n{output}");
        Ok(output.json())
    }
}

/// Runs it by itself.
pub(crate) fn run(workspace: &Workspace, printer: Printer) -> Result<Verdict> {
    let verdict = check(workspace)?;
    let (word, detail) = verdict.words();
    let document = json!({ "verdict": word, "detail": detail });
    printer.document(&document, || format!("{word}: {detail}"))?;
    Ok(verdict)
}

/// Installs cron if need be, plays, and leaves the crontab and the machine as they were.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict> {
    if let Err(reason) = daemon::installed() {
        return Ok(Verdict::Skipped(exit::told(&reason)));
    }
    let programs = workspace.build(Profile::Dev)?;
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    let skill = sandbox.path(FOLDER);
    symlink(sandbox.skill(), &skill).context("giving the skill folder a name")?;
    sandbox.env("CLAWDTALK_SKILL_DIR", &skill.display().to_string());
    let crontab = Crontab::borrow(OTHERS)?;
    let scene = Arc::new(Scene {
        programs,
        service,
        gateway,
        sandbox,
        skill,
        crontab,
        daemon: Mutex::default(),
    });
    let playing = Arc::clone(&scene);
    let played = interrupt::unless(move || play(&playing));
    // Programs that cron started know nothing of the sandbox, and would outlive it.
    let undone = client::undo(&scene);
    drop(lock(&scene.daemon).take());
    scene.crontab.give_back()?;
    let Some(played) = played? else {
        return Ok(Verdict::Failed("interrupted; the crontab is as it was".to_owned()));
    };
    Ok(match played.and_then(|told| undone.map(|()| told)) {
        Ok(told) => Verdict::Passed(told),
        Err(fault) => Verdict::Failed(exit::told(&fault)),
    })
}

fn play(scene: &Scene) -> Result<String> {
    client::set_up(scene)?;
    let errand = errand::begin(scene)?;
    client::crashes(scene)?;
    let daemon = Daemon::running()?;
    let boots = daemon.runs_reboot_lines;
    *lock(&scene.daemon) = Some(daemon);
    let began = client::comes_back(scene, boots)?;
    let ended = errand.ends(scene)?;
    Ok(format!("{began}; {ended}; the other lines are as they were"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
