//! `connect simulate`: one event through the same code to the real gateway, without the service, the lock or the journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use state::args::{Common, reject_misspelled_option};
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::{self, Printer};
use state::phone::Phone;
use state::{file, paths};

use crate::args::SimulateArgs;
use crate::handlers;
use crate::journal::Journal;
use crate::log::ClientLog;
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};
use crate::requests::dispatcher::Dispatcher;
use crate::requests::{completion, timers};
use crate::settings::ClientSettings;
use crate::shared::context::{ClientContext, ContextParts};
use crate::shared::loop_channel::{LoopEvent, LoopReceiver, LoopSender};
use crate::status::writer::StatusWriter;
use crate::status::{ClientStatus, GatewayStatus};

/// The id of the request and its call.
const ID: &str = "simulated";

/// Runs the command: prints each frame that would have been sent, one per line.
///
/// Ends 6 if an approval would be requested (nothing runs then), 4 if the gateway cannot be reached, 1 if it refuses.
pub(crate) fn run(common: &Common, args: &SimulateArgs) -> anyhow::Result<Exit> {
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
    let settings = ClientSettings::of(&config)?;
    let (mut dispatcher, receiver) = dispatcher(&config, settings);
    if args.event.is_none() {
        // What is typed here is the owner's; the direction of a call in a file only the service could tell.
        dispatcher.update_call(ID, |call| call.inbound = true);
    }
    handlers::handle(&mut dispatcher, event, &frame);
    let would_ask = play(printer, &mut dispatcher, &receiver)?;
    if would_ask {
        return Ok(Exit::Undecided);
    }
    let gateway = dispatcher.status.gateway();
    if let Some(problem) = &gateway.problem {
        out::warning(problem);
    }
    Ok(exit_code(gateway))
}

/// A dispatcher without service, lock or journal, and where its workers' events arrive.
fn dispatcher(config: &Config, settings: ClientSettings) -> (Dispatcher, LoopReceiver) {
    let service_clock = config.clock();
    let (loop_sender, receiver) = LoopSender::new(None);
    let max_turns = settings.max_turns;
    let parts = ContextParts {
        skill: config.skill_dir().to_owned(),
        service_clock,
        service: None,
        journal: Journal::none(service_clock),
        log: ClientLog::to_stderr(service_clock),
        loop_sender,
    };
    let context = Arc::new(ClientContext::new(parts, settings));
    // Never written: a simulation enters no state and has no tick that writes.
    let path = paths::connect_status(config.skill_dir());
    let status = StatusWriter::new(path, context.periods.heartbeat, ClientStatus::default());
    (Dispatcher::new(context, status, max_turns), receiver)
}

/// Prints each frame that would be sent until nothing is awaited any more. Gives whether an approval would be requested.
fn play(
    printer: Printer,
    dispatcher: &mut Dispatcher,
    receiver: &LoopReceiver,
) -> anyhow::Result<bool> {
    let mut would_ask = false;
    loop {
        while let Some(frame) = dispatcher.outbox.next() {
            let frame: Value = serde_json::from_str(&frame).context("reading our own frame")?;
            would_ask |= frame["type"] == "approval";
            printer.print_line(&frame, || summary(&frame))?;
        }
        dispatcher.write_log();
        if dispatcher.is_finished() {
            return Ok(would_ask);
        }
        let wait = timers::due(dispatcher)
            .map_or(Duration::from_secs(1), |due| due.saturating_duration_since(Instant::now()));
        match receiver.wait(wait) {
            Ok(LoopEvent::Worker { key, event }) => {
                completion::on_worker_event(dispatcher, &key, event);
            }
            Ok(
                LoopEvent::Dialled { .. }
                | LoopEvent::GatewayDown(_)
                | LoopEvent::OwnerStopped
                | LoopEvent::Wake,
            )
            | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(would_ask),
        }
        timers::tick(dispatcher, Instant::now());
    }
}

fn exit_code(gateway: &GatewayStatus) -> Exit {
    match (&gateway.problem, gateway.reachable) {
        (None, _) => Exit::Done,
        (Some(_), Some(false)) => Exit::Unavailable,
        (Some(_), _) => Exit::No,
    }
}

/// The frame as the service would send it.
fn frame(args: &SimulateArgs) -> anyhow::Result<String> {
    if let Some(path) = &args.event {
        return frame_of_file(path);
    }
    let text = args.words.as_deref().unwrap_or_default();
    reject_misspelled_option("what is said", text)?;
    let event = match &args.sms {
        Some(from) => {
            let from: Phone = from.parse()?;
            json!({"event": "sms.received", "from": from.as_str(), "body": text, "message_id": ID})
        }
        None if args.walkie => {
            json!({"event": "walkie_request", "request_id": ID, "transcript": text})
        }
        None => {
            json!({"event": "deep_tool_request", "call_id": ID, "request_id": ID, "query": text})
        }
    };
    Ok(with_type(event)?.to_string())
}

fn frame_of_file(path: &Path) -> anyhow::Result<String> {
    let bytes = file::read(path)?
        .ok_or_else(|| Fault::usage(format!("there is no file `{}`", path.display())))?;
    let event = state::json::parse(&bytes)
        .map_err(|err| Fault::usage(format!("`{}` is no JSON: {err}", path.display())))?;
    Ok(with_type(event)?.to_string())
}

/// The event with what every frame of the service has.
fn with_type(event: Value) -> Result<Value, Fault> {
    let Value::Object(mut fields) = event else {
        return Err(Fault::usage(
            "an event is a JSON object, such as {\"event\":\"sms.received\",…}",
        ));
    };
    fields.entry("type").or_insert_with(|| json!("event"));
    Ok(Value::Object(fields))
}

/// A frame in a few words.
fn summary(frame: &Value) -> String {
    let kind = frame["type"].as_str().unwrap_or_default();
    let mut fields = ["text", "reply", "error", "message", "action", "event", "number"].into_iter();
    let text = fields.find_map(|field| frame[field].as_str()).unwrap_or_default();
    format!("{kind}: {text}")
}
