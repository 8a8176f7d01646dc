//! Asks the owner where the guard wants that: makes the approval, and waits for the socket and the polls at once.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use state::api::{self, Path};

use crate::agent::is_report;
use crate::approvals::Heard;
use crate::calls::Speaker;
use crate::guard::case::{self, Case, Clearance, Judged, Opening, Refusal, Step};
use crate::journal;
use crate::report::Report;
use crate::request::{Request, Said, Way};
use crate::shop::Shop;
use crate::words::said;

/// The stack of a thread that polls.
const STACK: usize = 256 << 10;

/// What came of asking the guard.
pub(crate) enum Answer {
    /// It may go to the agent.
    Clear(Clearance),
    /// It may not; this is said.
    Refused(Said),
    /// A simulation would ask the owner here, and runs nothing.
    WouldAsk,
}

/// Clears a request, or says why not. Waits while the owner decides.
pub(crate) fn of(shop: &Arc<Shop>, request: &Request, speaker: Speaker) -> Answer {
    if is_report(request) {
        return Answer::Clear(case::report(&request.words));
    }
    let now = Instant::now();
    if let Some(clearance) = said_yes(shop, request, speaker, now) {
        return Answer::Clear(clearance);
    }
    let judged = Judged::of(&request.words, speaker, &shop.guard.rules);
    if let Some(why) = judged.why() {
        shop.log.words(|| format!("{}: {why}", request.key));
    }
    let until = now + shop.guard.timeout;
    let case = match case::open(&shop.guard, judged, until) {
        Opening::Clear(clearance) => return Answer::Clear(clearance),
        Opening::Refuse(refusal) => return refused(shop, request, refusal),
        Opening::Ask(case) => case,
    };
    let Some(service) = &shop.service else {
        let expires_in = shop.guard.timeout.as_secs();
        let ask = json!({"type": "approval", "action": case.action(), "expires_in": expires_in});
        shop.report(&request.key, Report::Would(ask));
        return Answer::WouldAsk;
    };
    shop.journal.note(journal::Step::Guarded, &request.key, None);
    if !shop.journal.is_writable() {
        return refused(shop, request, Refusal::NoRecord);
    }
    shop.report(&request.key, Report::Asking);
    shop.log.line(format_args!("{}: asking the owner", request.key));
    match ask(shop, service, case, &request.way) {
        Step::Release(clearance) => {
            shop.log.line(format_args!("{}: approved", request.key));
            Answer::Clear(clearance)
        }
        Step::Refuse(refusal) => refused(shop, request, refusal),
        Step::AskAloud(aloud) => match request.way.call_id() {
            Some(call_id) => {
                shop.log.line(format_args!("{}: no phone; asking aloud", request.key));
                let question = said::ask_aloud(aloud.words());
                shop.aloud.ask(call_id, aloud);
                Answer::Refused(Said::Reply(question))
            }
            None => refused(shop, request, Refusal::NoDevice),
        },
        // The wait ends with a decision or with the time.
        Step::Wait(_) => refused(shop, request, Refusal::TimedOut),
    }
}

/// Whether this request is the yes to a question that was asked aloud on the same call.
fn said_yes(shop: &Shop, request: &Request, speaker: Speaker, now: Instant) -> Option<Clearance> {
    let aloud = shop.aloud.taken_for(&request.key)?;
    let clearance =
        (speaker == Speaker::Owner).then(|| aloud.answered(&request.words, now)).flatten();
    let what = if clearance.is_some() { "confirmed aloud" } else { "no plain yes; let go" };
    shop.log.line(format_args!("{}: {what}", request.key));
    clearance
}

/// Makes the approval and waits for its end. A connection that drops changes nothing: the polls go on.
fn ask(shop: &Arc<Shop>, service: &api::Client, case: Case, way: &Way) -> Step {
    let (sender, heard) = mpsc::channel();
    let _told = shop.approvals.tell(sender.clone());
    let left = case.until().saturating_duration_since(Instant::now());
    let body = json!({
        "action": case.action(),
        "details": who_asked(way),
        "require_biometric": false,
        "expires_in": shop.guard.timeout.as_secs(),
    });
    let made = service.clone().with_deadline(left).post("/v1/approvals", body).and_then(|answer| {
        let id = answer.text("request_id")?.to_owned();
        Ok((id, answer.into_json()))
    });
    let now = Instant::now();
    let (id, answer) = match &made {
        Ok((id, answer)) => (id.as_str(), answer),
        Err(err) => {
            shop.log.line(format_args!("the approval could not be asked for: {err}"));
            return case.created(None, now);
        }
    };
    let step = case.created(Some((id, answer)), now);
    if matches!(step, Step::Wait(_))
        && let Ok(path) = api::path(&["v1", "approvals", id])
    {
        poll(service, path, shop.clock.period(Duration::from_secs(1)), sender);
    }
    wait(step, &heard)
}

fn wait(mut step: Step, heard: &mpsc::Receiver<Heard>) -> Step {
    loop {
        let Step::Wait(waiting) = step else { return step };
        let left = waiting.until().saturating_duration_since(Instant::now());
        step = match heard.recv_timeout(left) {
            Ok(Heard::Decided(id, decision)) => waiting.heard(&id, &decision, Instant::now()),
            Ok(Heard::Polled(answer)) => waiting.polled(&answer, Instant::now()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let until = waiting.until();
                thread::sleep(until.saturating_duration_since(Instant::now()));
                waiting.tick(until)
            }
        };
    }
}

/// Asks the service again and again where an approval stands, on a thread of its own, so that a slow answer
/// never holds up a decision that came over the socket. Ends when nobody listens any more.
fn poll(service: &api::Client, path: Path, pause: Duration, sender: mpsc::Sender<Heard>) {
    let service = service.clone();
    let poll = move || {
        loop {
            thread::sleep(pause);
            // What goes wrong here only means that this look showed nothing.
            let answer = service.get(path.clone(), &[]).map_or(Value::Null, api::Answer::into_json);
            if sender.send(Heard::Polled(answer)).is_err() {
                return;
            }
        }
    };
    // Without the thread there is still the socket, and the end of the time.
    let _ = thread::Builder::new().name("poll".to_owned()).stack_size(STACK).spawn(poll);
}

/// Who asked, for the owner's phone.
fn who_asked(way: &Way) -> &'static str {
    match way {
        Way::Walkie { .. } => "Asked by push-to-talk",
        Way::Call { .. } | Way::Text { .. } | Way::Report => "Asked on a phone call",
    }
}

fn refused(shop: &Shop, request: &Request, refusal: Refusal) -> Answer {
    shop.log.line(format_args!("{}: not passed on: {refusal:?}", request.key));
    let words = match (refusal, &request.way) {
        (Refusal::Stranger, Way::Text { .. }) => said::NOT_BY_TEXT,
        (Refusal::Stranger, _) => said::NOT_FOR_CALLERS,
        (Refusal::Denied, _) => said::DENIED,
        (Refusal::TimedOut, _) => said::TIMED_OUT,
        (Refusal::NoDevice, _) => said::NO_DEVICE,
        (Refusal::NotDelivered, _) => said::NOT_DELIVERED,
        (Refusal::CouldNotAsk, _) => said::COULD_NOT_ASK,
        (Refusal::TooLong, _) => said::TOO_LONG_TO_APPROVE,
        (Refusal::NoRecord, _) => said::NO_RECORD,
    };
    Answer::Refused(Said::Reply(words.to_owned()))
}
