//! A request that wants a turn of the agent, and the frames that answer it.

use std::time::Instant;

use state::gateway::{SessionKey, Turn};
use state::phone::Phone;

use crate::calls::Speaker;
use crate::protocol::outgoing::{OutgoingFrame, WalkieAnswer};

/// One request on its way to the agent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its name in the journal, the log and the tables: `deep:<request_id>`.
    pub(crate) key: String,
    /// How it came, and so how it is answered.
    pub(crate) way: Way,
    /// What was said or written, in full.
    pub(crate) words: String,
    /// When its frame was read.
    pub(crate) received: Instant,
    /// The journal has it: what becomes of it has to be there too.
    pub(crate) is_noted: bool,
}

impl Request {
    /// A request that an earlier life took, and of which only the answer is left to give.
    pub(crate) fn taken_up(key: &str, way: Way) -> Self {
        let (key, words) = (key.to_owned(), String::new());
        Self { key, way, words, received: Instant::now(), is_noted: true }
    }
}

/// How a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
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
    /// A report of ours, which nobody waits for.
    Report,
}

/// What is said to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The agent's words, or the answer to a request that was heard and declined.
    Reply(String),
    /// Why there is no answer, in our own words.
    Fault(&'static str),
}

impl Said {
    fn text(&self) -> &str {
        match self {
            Self::Reply(text) => text,
            Self::Fault(text) => text,
        }
    }
}

impl Way {
    /// The one answer. A text is not answered by a frame.
    pub(crate) fn result(&self, said: &Said) -> Option<String> {
        let text = said.text().to_owned();
        match self {
            Self::Call { request_id, call_id } => Some(OutgoingFrame::DeepToolResult {
                request_id: request_id.clone(),
                call_id: call_id.clone(),
                text,
            }),
            Self::Walkie { request_id, .. } => Some(OutgoingFrame::WalkieResponse {
                request_id: request_id.clone(),
                answer: match said {
                    Said::Reply(_) => WalkieAnswer::reply(text),
                    Said::Fault(_) => WalkieAnswer::error(text),
                },
            }),
            Self::Text { .. } | Self::Report => None,
        }
        .map(|outgoing| outgoing.frame())
    }

    /// A word while it is worked on; only a call can carry one.
    pub(crate) fn progress(&self, text: &str) -> Option<String> {
        let Self::Call { request_id, call_id } = self else { return None };
        let (request_id, call_id, text) = (request_id.clone(), call_id.clone(), text.to_owned());
        Some(OutgoingFrame::DeepToolProgress { request_id, call_id, text }.frame())
    }

    /// What is said later, after the one answer was given; only a call can carry it.
    pub(crate) fn later(&self, said: &Said) -> Option<String> {
        let call_id = self.call_id()?.to_owned();
        Some(OutgoingFrame::Response { call_id, text: said.text().to_owned() }.frame())
    }

    /// The call that it belongs to.
    pub(crate) fn call_id(&self) -> Option<&str> {
        match self {
            Self::Call { call_id, .. } => call_id.as_deref(),
            _ => None,
        }
    }

    /// The kind of turn that the gateway is asked for.
    pub(crate) fn turn(&self, speaker: Speaker) -> Turn {
        match (self, speaker) {
            (Self::Call { .. }, Speaker::Owner) => Turn::OwnerVoice,
            (Self::Call { .. }, Speaker::Stranger) => Turn::StrangerVoice,
            (Self::Walkie { session, .. }, _) => Turn::Walkie(session.clone()),
            (Self::Text { .. }, _) => Turn::Sms,
            (Self::Report, _) => Turn::Report,
        }
    }
}
