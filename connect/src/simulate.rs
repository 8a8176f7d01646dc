//! `connect simulate`: one event through the same code to the real gateway, without the service, lock or journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use state::args::{Common, free_text};
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::{self, Printer};
use state::phone::Phone;
use state::{file, gateway, paths};

use crate::approval::spoken::SpokenConfirmations;
use crate::approval::subscriptions::ApprovalSubscriptions;
use crate::args::Simulate;
use crate::calls::Calls;
use crate::desk::Desk;
use crate::events;
use crate::journal::Journal;
use crate::log::ClientLog;
use crate::mail::{Mail, Mailer};
use crate::opt_outs::OptOuts;
use crate::periods::Periods;
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};
use crate::run::Settings;
use crate::shop::Shop;
use crate::status::ClientStatus;
use crate::status::writer::StatusWriter;

/// The id of what is simulated; it is never seen outside this process.
const ID: &str = "simulated";

/// Runs the command: prints each frame that would have been sent, one per line.
///
/// Ends 6 if an approval would be asked for (nothing runs then), 4 or 1 if the gateway does not play along.
pub(crate) fn run(common: &Common, args: &Simulate) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let frame = frame(args)?;
    let IncomingFrame::Event(event) = IncomingFrame::read(&frame) else {
        return Err(Fault::usage("the event is none that the service sends").into());
    };
    if let ServiceEvent::Other(name) = &event {
        return Err(Fault::usage(format!(
            "the event `{name}` is unknown, or lacks what it is about"
        ))
        .into());
    }
    let settings = Settings::of(&config)?;
    let clock = config.clock();
    let (mailer, mail) = Mailer::new(None);
    let gateway = gateway::Client::new(settings.gateway);
    let log = ClientLog::to_stderr(clock);
    let shop = Arc::new(Shop {
        skill: config.skill_dir().to_owned(),
        clock,
        periods: Periods::on(&clock),
        gateway,
        service: None,
        journal: Journal::none(clock),
        log,
        mailer,
        guard: settings.guard,
        calls: Calls::default(),
        aloud: SpokenConfirmations::default(),
        approvals: ApprovalSubscriptions::default(),
        texts: settings.texts,
        opt_outs: OptOuts::default(),
        voice: settings.voice,
    });
    let path = paths::connect_status(config.skill_dir());
    let board = StatusWriter::new(path, shop.periods.heartbeat, ClientStatus::default());
    if args.event.is_none() {
        // What is typed here is the owner's; whose a call in a file is, only the service could tell.
        shop.note_call(ID, |known| known.inbound = true);
    }
    let mut desk = Desk::new(shop, board, settings.max_turns);
    events::handle(&mut desk, event, &frame);
    let mut would_ask = false;
    loop {
        while let Some(frame) = desk.outbox.next(Instant::now()) {
            let frame: Value = serde_json::from_str(&frame).context("reading our own frame")?;
            would_ask |= frame["type"] == "approval";
            printer.line(&frame, || words(&frame))?;
        }
        desk.log_now();
        if desk.is_done() {
            break;
        }
        let wait = desk
            .due()
            .map_or(Duration::from_secs(1), |due| due.saturating_duration_since(Instant::now()));
        match mail.wait(wait) {
            Ok(Mail::Turn { key, report }) => desk.report(&key, report),
            Ok(Mail::Dialled { .. }) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        desk.tick(Instant::now());
    }
    if would_ask {
        return Ok(Exit::Undecided);
    }
    let gateway = desk.status.gateway();
    if let Some(problem) = &gateway.problem {
        out::warning(problem);
    }
    Ok(match (&gateway.problem, gateway.reachable) {
        (None, _) => Exit::Done,
        (Some(_), Some(false)) => Exit::Unavailable,
        (Some(_), _) => Exit::No,
    })
}

/// The frame as the service would send it.
fn frame(args: &Simulate) -> anyhow::Result<String> {
    if let Some(path) = &args.event {
        return of_file(path);
    }
    let words = args.words.as_deref().unwrap_or_default();
    free_text("what is said", words)?;
    let event = match &args.sms {
        Some(from) => {
            let from: Phone = from.parse()?;
            json!({"event": "sms.received", "from": from.as_str(), "body": words, "message_id": ID})
        }
        None if args.walkie => {
            json!({"event": "walkie_request", "request_id": ID, "transcript": words})
        }
        None => {
            json!({"event": "deep_tool_request", "call_id": ID, "request_id": ID, "query": words})
        }
    };
    Ok(whole(event)?.to_string())
}

fn of_file(path: &Path) -> anyhow::Result<String> {
    let bytes = file::read(path)?
        .ok_or_else(|| Fault::usage(format!("there is no file `{}`", path.display())))?;
    let event = state::json::parse(&bytes)
        .map_err(|err| Fault::usage(format!("`{}` is no JSON: {err}", path.display())))?;
    Ok(whole(event)?.to_string())
}

/// The event with what every frame of the service has.
fn whole(event: Value) -> Result<Value, Fault> {
    let Value::Object(mut fields) = event else {
        return Err(Fault::usage(
            "an event is a JSON object, such as {\"event\":\"sms.received\",…}",
        ));
    };
    fields.entry("type").or_insert_with(|| json!("event"));
    Ok(Value::Object(fields))
}

/// A frame in a few words.
fn words(frame: &Value) -> String {
    let kind = frame["type"].as_str().unwrap_or_default();
    let mut fields = ["text", "reply", "error", "message", "action", "event", "number"].into_iter();
    let said = fields.find_map(|field| frame[field].as_str()).unwrap_or_default();
    format!("{kind}: {said}")
}
