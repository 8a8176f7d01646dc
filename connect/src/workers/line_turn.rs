//! An owner's turn by the gateway line: sent under a key of its own, listened to, joined again after a drop, and looked for in the
//! history after a restart of the gateway. Never run twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::gateway::{KeyedRun, SessionKey, TurnOutcome, cut_to_limit, reply_outcome};

use crate::gateway_line::frames::{LineRefused, RunEvent};
use crate::gateway_line::handle::{GatewayLine, LineFault, RunListener};
use crate::gateway_line::hello::{GateStanding, LineHello};
use crate::shared::context::ClientContext;
use crate::shared::worker_event::WorkerEvent;
use crate::workers::line_progress::LineProgress;

/// One request to the gateway.
const WITHIN: Duration = Duration::from_secs(10);
/// How long a turn that was not sent yet waits for the line to come back.
const RECONNECT: Duration = Duration::from_secs(20);
/// The same for one that was sent: the gateway may be restarting.
const RESTART: Duration = Duration::from_secs(120);
/// From one look into the history to the next.
const LOOK: Duration = Duration::from_secs(2);
/// So many rows of the history are looked at.
const ROWS: u64 = 60;

/// A turn as it goes out, which is also its line in the journal: enough for another process to join it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LineTurn {
    /// The key under which the gateway takes it once.
    key: String,
    /// Where it runs.
    session: String,
    /// What it says.
    message: String,
    /// The process of the gateway that it is sent to, if that is known.
    boot: Option<String>,
}

/// How such a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineOutcome {
    /// As turns end.
    Ended(TurnOutcome),
    /// Another request broke in.
    BrokenOff,
    /// The gateway was restarted, and does not know of it.
    Lost,
}

impl LineTurn {
    /// A turn for the request of this key.
    pub(crate) fn new(
        line: &GatewayLine,
        request_key: &str,
        session: &SessionKey,
        message: &str,
    ) -> Self {
        Self {
            key: format!("clawdtalk-{request_key}"),
            session: session.as_str().to_owned(),
            message: cut_to_limit(message),
            boot: line.hello().and_then(|hello| hello.boot.clone()),
        }
    }

    /// Its line in the journal.
    pub(crate) fn to_json(&self) -> String {
        // Texts: writing them to memory does not fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Has the turn. With `interrupts` it stops the one that runs in its session.
    pub(crate) fn run(
        &self,
        context: &Arc<ClientContext>,
        request_key: &str,
        interrupts: bool,
        until: Instant,
    ) -> LineOutcome {
        let line = context.line();
        let mut conversation = Conversation {
            turn: self,
            listener: line.listen(&self.key),
            line: &line,
            until,
            progress: LineProgress::new(|event| context.notify(request_key, event)),
        };
        conversation.run(interrupts)
    }

    /// Sends the turn and does not wait for its end: nobody hears it.
    pub(crate) fn tell(&self, context: &ClientContext) -> TurnOutcome {
        let params = json!({
            "sessionKey": self.session,
            "message": self.message,
            "idempotencyKey": self.key,
            "queueMode": "followup",
        });
        let line = context.line();
        let sent = match line.request("chat.send", params.clone(), WITHIN) {
            Err(LineFault::Refused(refused)) if refused.words.contains("queueMode") => {
                let mut params = params;
                params.as_object_mut().map(|params| params.shift_remove("queueMode"));
                line.request("chat.send", params, WITHIN)
            }
            sent => sent,
        };
        match sent {
            Ok(_) => TurnOutcome::Accepted { run_id: None },
            Err(LineFault::NotSent) => TurnOutcome::Unreachable {
                why: "the gateway line is not connected".to_owned(),
                fix: None,
            },
            Err(LineFault::Refused(refused)) => not_taken(refused),
            Err(LineFault::Unanswered) => unconfirmed("the gateway did not answer"),
        }
    }

    /// Joins the turn of an earlier process, or finds out what became of it.
    pub(crate) fn resume(
        &self,
        context: &Arc<ClientContext>,
        request_key: &str,
        until: Instant,
    ) -> LineOutcome {
        let line = context.line();
        let mut conversation = Conversation {
            turn: self,
            listener: line.listen(&self.key),
            line: &line,
            until,
            progress: LineProgress::new(|event| context.notify(request_key, event)),
        };
        conversation.resume()
    }
}

/// One turn, over as many connections as it takes.
struct Conversation<'a, N: Fn(WorkerEvent)> {
    turn: &'a LineTurn,
    line: &'a GatewayLine,
    listener: RunListener,
    until: Instant,
    progress: LineProgress<N>,
}

/// What came of listening to a turn.
enum Heard {
    /// It ended.
    Ended(LineOutcome),
    /// It said that it ended, with nothing: it may wait for its turn.
    Nothing,
    /// The connection is gone.
    Dropped,
}

impl<N: Fn(WorkerEvent)> Conversation<'_, N> {
    fn run(&mut self, interrupts: bool) -> LineOutcome {
        let wait = self.until.min(Instant::now() + RECONNECT);
        let hello = self.line.wait_hello(wait);
        // What the words would have been judged for is let through only where the deed is held.
        let Some(hello) = hello.filter(|hello| hello.gate == GateStanding::Loaded) else {
            let why = "the gate is not connected".to_owned();
            return LineOutcome::Ended(TurnOutcome::Unreachable { why, fix: None });
        };
        match self.send(interrupts) {
            // It was not sent, or not taken: what is known of it does not matter.
            Err(LineFault::NotSent) => {
                let why = "the gateway line was cut".to_owned();
                LineOutcome::Ended(TurnOutcome::Unreachable { why, fix: None })
            }
            Err(LineFault::Refused(refused)) => LineOutcome::Ended(not_taken(refused)),
            Err(LineFault::Unanswered) => self.join(&hello),
            Ok(status) => match self.heard(&status) {
                Some(outcome) => outcome,
                None => self.join(&hello),
            },
        }
    }

    fn resume(&mut self) -> LineOutcome {
        let Some(hello) = self.line.wait_hello(self.until.min(Instant::now() + RESTART)) else {
            return LineOutcome::Lost;
        };
        if self.turn.boot.is_some() && hello.boot == self.turn.boot {
            return self.join_here(&hello);
        }
        self.find()
    }

    /// Goes on after a drop: joins the turn where the gateway still knows its key, else looks for it.
    fn join(&mut self, before: &LineHello) -> LineOutcome {
        match self.line.wait_hello(self.until.min(Instant::now() + RESTART)) {
            None => LineOutcome::Ended(unconfirmed("the gateway line did not come back")),
            Some(hello) if hello.is_same_process(before) => self.join_here(&hello),
            Some(_) => self.find(),
        }
    }

    /// The same text under the same key joins the turn that runs: the gateway takes a key once.
    fn join_here(&mut self, hello: &LineHello) -> LineOutcome {
        if Instant::now() >= self.until {
            return LineOutcome::Ended(unconfirmed("the turn takes too long"));
        }
        if hello.gate != GateStanding::Loaded {
            // Where it never arrived it would begin now, and nothing would hold what it does.
            return self.find();
        }
        match self.send(false) {
            Ok(status) => match self.heard(&status) {
                Some(outcome) => outcome,
                None => self.join(hello),
            },
            Err(LineFault::Refused(_)) => self.find(),
            Err(LineFault::NotSent | LineFault::Unanswered) => self.join(hello),
        }
    }

    /// Sends the turn; gives the status of the gateway's answer.
    fn send(&self, interrupts: bool) -> Result<String, LineFault> {
        let LineTurn { key, session, message, .. } = self.turn;
        let mut params = json!({
            "sessionKey": session,
            "message": message,
            "idempotencyKey": key,
            "queueMode": if interrupts { "interrupt" } else { "followup" },
        });
        let sent = match self.line.request("chat.send", params.clone(), WITHIN) {
            // 2026.7 does not know how to queue, and has not taken it.
            Err(LineFault::Refused(refused)) if refused.words.contains("queueMode") => {
                params.as_object_mut().map(|params| params.shift_remove("queueMode"));
                if interrupts {
                    // One that has ended meanwhile is no fault.
                    let of = json!({"sessionKey": session});
                    let _ = self.line.request("chat.abort", of, WITHIN);
                }
                self.line.request("chat.send", params, WITHIN)
            }
            sent => sent,
        }?;
        Ok(sent["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Listens to the turn, which the gateway has taken with this status; `None` if the connection is gone.
    fn heard(&mut self, status: &str) -> Option<LineOutcome> {
        if status == "ok" {
            // It has ended before: its events are over.
            return Some(self.find());
        }
        match self.listen() {
            Heard::Ended(outcome) => Some(outcome),
            Heard::Nothing if self.is_queued() => Some(self.find()),
            Heard::Nothing => Some(LineOutcome::Ended(TurnOutcome::NoReply)),
            Heard::Dropped => None,
        }
    }

    fn listen(&mut self) -> Heard {
        loop {
            let Some(event) = self.listener.next(self.until) else {
                return Heard::Ended(LineOutcome::Ended(unconfirmed("the turn takes too long")));
            };
            match event {
                RunEvent::Preamble(text) => self.progress.said(&text),
                RunEvent::Tool(title) => self.progress.uses(&title),
                RunEvent::Text(_) => {}
                RunEvent::Final(text) if text.trim().is_empty() => return Heard::Nothing,
                RunEvent::Final(text) => {
                    let answer = reply_outcome(self.progress.answer(&text));
                    return Heard::Ended(LineOutcome::Ended(answer));
                }
                RunEvent::Error(words) => {
                    return Heard::Ended(LineOutcome::Ended(TurnOutcome::Failed { words }));
                }
                RunEvent::Aborted => return Heard::Ended(LineOutcome::BrokenOff),
                RunEvent::Dropped => return Heard::Dropped,
            }
        }
    }

    /// Whether the turn waits for another one: then its end comes under a name that we do not know.
    fn is_queued(&self) -> bool {
        let params = json!({"runId": self.turn.key, "timeoutMs": 0});
        let waited = self.line.request("agent.wait", params, WITHIN);
        waited.is_ok_and(|answer| answer["status"] == "pending")
    }

    /// Looks for the turn in the session's history until it has ended. One that is not there is lost, unless it waits for
    /// another one.
    fn find(&mut self) -> LineOutcome {
        loop {
            match self.look() {
                Some(KeyedRun::Ended(outcome)) => return LineOutcome::Ended(outcome),
                Some(KeyedRun::Unknown) if !self.is_queued() => return LineOutcome::Lost,
                Some(KeyedRun::Unknown | KeyedRun::Running) | None => {}
            }
            if Instant::now() + LOOK >= self.until {
                return LineOutcome::Ended(unconfirmed("the turn takes too long"));
            }
            // An event wakes early; what it says is in the history too.
            while self.listener.next(Instant::now() + LOOK).is_some() {}
            if self.line.wait_hello(self.until.min(Instant::now() + RESTART)).is_none() {
                return LineOutcome::Ended(unconfirmed("the gateway line did not come back"));
            }
        }
    }

    /// One look; `None` if the history cannot be had now.
    fn look(&self) -> Option<KeyedRun> {
        let params = json!({"sessionKey": self.turn.session, "limit": ROWS});
        let history = self.line.request("chat.history", params, WITHIN).ok()?;
        let rows = history["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        Some(KeyedRun::read(rows, &self.turn.key))
    }
}

fn unconfirmed(why: &str) -> TurnOutcome {
    TurnOutcome::Unconfirmed { why: why.to_owned() }
}

/// The outcome of a turn that the gateway did not take.
fn not_taken(refused: LineRefused) -> TurnOutcome {
    if refused.code == "UNAVAILABLE" {
        return TurnOutcome::Busy { retry_after: None };
    }
    TurnOutcome::Refused { words: refused.words }
}

/// Makes the phone's session anew, with the main conversation in it; false if that does not come along.
pub(crate) fn fork(line: &GatewayLine, session: &SessionKey, main: &SessionKey) -> bool {
    let mut params = json!({
        "key": session.as_str(),
        "parentSessionKey": main.as_str(),
        "fork": true,
        "forkFrom": "last-completed",
    });
    let create = |params: &Value| line.request("sessions.create", params.clone(), WITHIN);
    let made = match create(&params) {
        // 2026.7 forks without this word.
        Err(LineFault::Refused(refused)) if refused.words.contains("forkFrom") => {
            params.as_object_mut().map(|params| params.shift_remove("forkFrom"));
            create(&params)
        }
        made => made,
    };
    match made {
        Ok(_) => true,
        // There is no main conversation yet that could be missed.
        Err(LineFault::Refused(refused)) => refused.words.contains("unknown parent"),
        Err(_) => false,
    }
}
