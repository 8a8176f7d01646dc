//! A request for a turn of the agent, and the frames that answer it.

use std::time::Instant;

use jiff::SignedDuration;
use state::clock::Moment;
use state::gateway::{SessionKey, TurnKind};
use state::phone::Phone;

use super::answer::AnswerText;
use crate::calls::Speaker;
use crate::protocol::outgoing::{OutgoingFrame, WalkieAnswer};

/// One request for a turn of the agent.
#[derive(Clone, Debug)]
pub(crate) struct AgentRequest {
    /// Its name in the journal, the log and the tables: `deep:<request_id>`.
    pub(crate) key: String,
    /// How it came, and so how it is answered.
    pub(crate) origin: Origin,
    /// What was said or written, in full.
    pub(crate) text: String,
    /// When its frame was read.
    pub(crate) received_at: Instant,
    /// The journal has it: what becomes of it has to be there too.
    pub(crate) is_journaled: bool,
    /// How long it may wait for a gateway that is down; `None` where somebody holds the line for its answer.
    pub(crate) lifetime: Option<Lifetime>,
}

/// How long the answer to a request is worth giving, counted by the service clock, and over a sleep of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    from: Moment,
    length: SignedDuration,
}

impl Lifetime {
    /// Of a text: a day.
    const OF_TEXT: SignedDuration = SignedDuration::from_hours(24);
    /// Of a notice to the agent: what it says of a call is old news after an hour.
    const OF_NOTICE: SignedDuration = SignedDuration::from_hours(1);

    /// Of a request that came like this, and was as old as this at that moment.
    pub(crate) fn of(origin: &Origin, now: Moment, age: SignedDuration) -> Option<Self> {
        let whole = match origin {
            Origin::Text { .. } => Self::OF_TEXT,
            Origin::Internal => Self::OF_NOTICE,
            Origin::Call { .. } | Origin::Walkie { .. } => return None,
        };
        Some(Self { from: now, length: whole - age })
    }

    /// Whether it is over.
    pub(crate) fn is_over(self, now: Moment) -> bool {
        now.since(self.from) >= self.length
    }
}

impl AgentRequest {
    /// A request that is in the journal and needs no turn any more: only its answer is left to give.
    pub(crate) fn recovered(key: &str, origin: Origin) -> Self {
        let (key, text) = (key.to_owned(), String::new());
        let received_at = Instant::now();
        Self { key, origin, text, received_at, is_journaled: true, lifetime: None }
    }
}

/// How a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On a call.
    Call {
        /// The service's id of the request.
        request_id: String,
        /// The call, if the frame named it.
        call_id: Option<String>,
    },
    /// By push-to-talk.
    Walkie {
        /// The service's id of the request.
        request_id: String,
        /// The session it named, if that is the agent's.
        session: Option<SessionKey>,
    },
    /// As a text.
    Text {
        /// The sender, who gets the answer.
        from: Phone,
        /// Pictures or files that came with it.
        n_media: usize,
    },
    /// From this program itself: a notice that nobody waits for the answer of.
    Internal,
}

impl Origin {
    /// The frame of the one answer. A text is not answered by a frame.
    pub(crate) fn answer_frame(&self, answer: &AnswerText) -> Option<String> {
        let text = answer.text().to_owned();
        match self {
            Self::Call { request_id, call_id } => Some(OutgoingFrame::DeepToolResult {
                request_id: request_id.clone(),
                call_id: call_id.clone(),
                text,
            }),
            Self::Walkie { request_id, .. } => Some(OutgoingFrame::WalkieResponse {
                request_id: request_id.clone(),
                answer: match answer {
                    AnswerText::Reply(_) => WalkieAnswer::reply(text),
                    AnswerText::Error(_) => WalkieAnswer::error(text),
                },
            }),
            Self::Text { .. } | Self::Internal => None,
        }
        .map(|outgoing| outgoing.frame())
    }

    /// The frame of a progress message; only a call can carry one.
    pub(crate) fn progress_frame(&self, text: &str) -> Option<String> {
        let Self::Call { request_id, call_id } = self else { return None };
        let (request_id, call_id, text) = (request_id.clone(), call_id.clone(), text.to_owned());
        Some(OutgoingFrame::DeepToolProgress { request_id, call_id, text }.frame())
    }

    /// The frame of a follow-up: an answer after the one answer was given. Only a call can carry it.
    pub(crate) fn follow_up_frame(&self, answer: &AnswerText) -> Option<String> {
        let call_id = self.call_id()?.to_owned();
        Some(OutgoingFrame::Response { call_id, text: answer.text().to_owned() }.frame())
    }

    /// Whether a follow-up can reach somebody.
    pub(crate) fn can_follow_up(&self) -> bool {
        self.call_id().is_some()
    }

    /// The call that it came on.
    pub(crate) fn call_id(&self) -> Option<&str> {
        match self {
            Self::Call { call_id, .. } => call_id.as_deref(),
            _ => None,
        }
    }

    /// The kind of turn that the gateway is to run.
    pub(crate) fn turn_kind(&self, speaker: Speaker) -> TurnKind {
        match (self, speaker) {
            (Self::Call { .. }, Speaker::Owner) => TurnKind::OwnerVoice,
            (Self::Call { .. }, Speaker::Stranger) => TurnKind::StrangerVoice,
            (Self::Walkie { session, .. }, _) => TurnKind::Walkie(session.clone()),
            (Self::Text { .. }, _) => TurnKind::Sms,
            (Self::Internal, _) => TurnKind::Notification,
        }
    }
}
