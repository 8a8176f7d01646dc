//! `cargo xtask picture`: the picture in the README, a session of the real programs against the simulated service.
//!
//! Whatever differs from run to run is left out or made the same, so that a picture that is no longer true is found:
//! `--check` plays the session again and compares.

mod svg;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::{
    AgentReply, RecordedTurn, Sandbox, ServiceTable, SimulatedGateway, SimulatedOwner,
    SimulatedService, event,
};
use serde_json::json;
use state::exit::Exit;
use state::file;
use state::out::Printer;

use crate::args::PictureArgs;
use crate::check_result::CheckResult;
use crate::install::programs::PROGRAMS;
use crate::workspace::{Profile, Workspace};
use svg::PictureLine;

const PLACE: &str = ".github/session.svg";
const TITLE: &str = "A session: the client starts, the owner calls, a request is denied on the owner's phone, \
     a text is sent, an approval is asked for, an emergency number is refused";

/// Longest wait for anything that a program is to do.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long the owner takes to decide.
const DECIDES_AFTER: Duration = Duration::from_millis(300);

const CALL: &str = "call-1";
const QUESTION: &str = "What is on my calendar today?";
const ANSWER: &str = "Two meetings: the dentist at ten, and Anna at three.";
const SENSITIVE: &str = "Delete the old backups.";

/// Plays the session, and writes the picture or compares it.
pub(crate) fn run(workspace: &Workspace, args: &PictureArgs, printer: Printer) -> Result<Exit> {
    let place = workspace.root().join(PLACE);
    let picture = svg::picture(TITLE, &session(workspace)?)?;
    let is_same = fs::read(&place).is_ok_and(|old| old == picture.as_bytes());
    if !args.check && !is_same {
        write(&place, &picture)?;
    }
    printer.print(&json!({"picture": PLACE, "changed": !is_same}), || PLACE.to_owned())?;
    Ok(if args.check && !is_same { Exit::No } else { Exit::Done })
}

/// The picture shows what the programs print.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    let picture = svg::picture(TITLE, &session(workspace)?)?;
    let old = fs::read_to_string(workspace.root().join(PLACE)).unwrap_or_default();
    let changed = picture.lines().zip(old.lines()).find(|(new, old)| new != old);
    let why = changed.map_or("its length", |(new, _)| new);
    Ok(if picture == old {
        CheckResult::Passed(PLACE.to_owned())
    } else {
        CheckResult::Failed(format!("`cargo xtask picture` would change {PLACE}: {why}"))
    })
}

fn write(place: &Path, picture: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file::replace(place, picture.as_bytes())?;
    fs::set_permissions(place, fs::Permissions::from_mode(0o644)).context("publishing it")?;
    // A lock beside a picture means nothing to anybody.
    let _ = fs::remove_file(state::paths::lock_of(place));
    Ok(())
}

fn session(workspace: &Workspace) -> Result<Vec<PictureLine>> {
    let mut stage = PictureStage::new(&workspace.build(Profile::Dev)?)?;
    stage.types("clawdtalk-connect start --text", 0)?;
    stage.blank();

    stage.service.send(&event::context_request(CALL));
    stage.service.send(&event::call_started(CALL, "inbound"));
    let answer = stage.asks("request-1", QUESTION)?;
    stage.shows("you, calling", QUESTION);
    stage.shows("you hear", &answer);
    stage.service.owner(SimulatedOwner::Denies(DECIDES_AFTER));
    let answer = stage.asks("request-2", SENSITIVE)?;
    let approvals = stage.service.rows(ServiceTable::Approvals);
    ensure!(approvals.len() == 1 && approvals[0]["status"] == "denied", "found {approvals:?}");
    stage.shows("you", SENSITIVE);
    stage.shows(
        "your phone",
        &format!("{}   [approve] [deny]   you tap deny", approvals[0]["action"]),
    );
    stage.shows("you hear", &answer);
    stage.blank();

    stage.types("clawdtalk-sms send +15551234567 \"On my way, ten minutes\" --text", 0)?;
    stage.blank();

    stage.service.owner(SimulatedOwner::Approves(DECIDES_AFTER));
    stage
        .types("clawdtalk-approval request \"Deploy to production\" --text && echo deployed", 0)?;
    stage.blank();

    stage.types("clawdtalk-call --to 911", 2)?;
    Ok(stage.lines)
}

struct PictureStage {
    service: SimulatedService,
    _gateway: SimulatedGateway,
    sandbox: Sandbox,
    lines: Vec<PictureLine>,
}

impl PictureStage {
    fn new(programs: &Path) -> Result<Self> {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        gateway.reply_with(|turn: &RecordedTurn| {
            AgentReply::from(if turn.message.contains(QUESTION) { ANSWER } else { "Done." })
        });
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        let bin = sandbox.path("home/bin");
        fs::create_dir_all(&bin).context("making a folder for the programs")?;
        for (name, installed) in PROGRAMS {
            symlink(programs.join(name), bin.join(installed)).context("linking the programs")?;
        }
        sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
        Ok(Self { service, _gateway: gateway, sandbox, lines: Vec::new() })
    }

    /// A command, with what the terminal shows of it.
    fn types(&mut self, line: &str, exit: i32) -> Result<()> {
        self.lines.push(PictureLine::Command(line.to_owned()));
        // A terminal shows both streams, in the order in which they are written.
        let script = format!("exec 2>&1; {line}");
        let output = self.sandbox.prepare("/bin/sh", ["-c", &script]).limit(TIMEOUT).run();
        ensure!(output.code() == exit, "`{line}`: wanted exit {exit}\n{output}");
        for line in output.out().lines() {
            // The one thing that is another at each run.
            let line = match line.split_once("(pid ") {
                Some((before, _)) => format!("{before}(pid 4242)"),
                None => line.to_owned(),
            };
            self.lines.push(PictureLine::Output(line));
        }
        if exit != 0 {
            self.lines.push(PictureLine::Output(format!("[exit {exit}]")));
        }
        Ok(())
    }

    /// The owner says something on the call; what is spoken there in answer.
    fn asks(&self, request: &str, words: &str) -> Result<String> {
        self.service.send(&event::deep_tool_request(CALL, request, words));
        let reply = self.service.try_wait_for(TIMEOUT, |log| {
            let frames = log.frames_of("deep_tool_result").into_iter();
            let frame = frames.into_iter().find(|frame| frame["request_id"] == request)?;
            frame["text"].as_str().map(str::to_owned)
        });
        reply.with_context(|| format!("waiting for the answer to {words:?}"))
    }

    fn shows(&mut self, who: &str, words: &str) {
        self.lines.push(PictureLine::Phone(who.to_owned(), words.to_owned()));
    }

    fn blank(&mut self) {
        self.lines.push(PictureLine::Output(String::new()));
    }
}
