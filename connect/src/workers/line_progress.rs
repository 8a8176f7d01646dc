//! What a caller hears of a turn by the gateway line before its answer: what the agent says before it uses a tool.

use std::time::{Duration, Instant};

use state::gateway::{TurnOutcome, reply_outcome};

use crate::prompts::caller_phrases;
use crate::shared::worker_event::WorkerEvent;
use crate::speech;

/// At most one in this time: each is spoken to its end.
const PAUSE: Duration = Duration::from_secs(4);
/// The first tool of a turn that says nothing itself is named after this.
const QUIET: Duration = Duration::from_secs(6);
/// What is longer is an answer, and not said on the way.
const LONGEST: usize = 300;

/// Follows one turn.
pub(crate) struct LineProgress<N: Fn(WorkerEvent)> {
    notify: N,
    started: Instant,
    last: Option<Instant>,
    /// What was said so far, as the agent wrote it: the end of the turn repeats it.
    said: Vec<String>,
}

impl<N: Fn(WorkerEvent)> LineProgress<N> {
    pub(crate) fn new(notify: N) -> Self {
        Self { notify, started: Instant::now(), last: None, said: Vec::new() }
    }

    /// The agent said something before it uses a tool.
    pub(crate) fn said(&mut self, text: &str) {
        let Some(spoken) = spoken(text) else { return };
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        self.said.push(text.trim().to_owned());
        self.tell(spoken);
    }

    /// The agent begins to use a tool, by this title.
    pub(crate) fn uses(&mut self, title: &str) {
        let since = self.last.unwrap_or(self.started);
        if since.elapsed() < QUIET {
            return;
        }
        let title = speech::speakable(&title.replace('→', ","));
        if !title.is_empty() && title.chars().count() <= LONGEST {
            self.tell(caller_phrases::at_work(&title));
        }
    }

    fn tell(&mut self, text: String) {
        self.last = Some(Instant::now());
        (self.notify)(WorkerEvent::Progress(text));
    }

    /// The answer in the text with which the turn ended: without what was said on the way.
    pub(crate) fn answer<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text.trim_start();
        for said in &self.said {
            rest = rest.strip_prefix(said.as_str()).unwrap_or(rest).trim_start();
        }
        if rest.is_empty() { text } else { rest }
    }
}

/// What can be said of it: whole sentences, and nothing by which the agent keeps silent.
fn spoken(text: &str) -> Option<String> {
    let TurnOutcome::Reply(text) = reply_outcome(text) else { return None };
    let text = speech::speakable(&text);
    let is_sentence = text.ends_with(['.', '!', '?', '…', ':', '。', '！', '？']);
    (is_sentence && text.chars().count() <= LONGEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{LineProgress, spoken};
    use crate::shared::worker_event::WorkerEvent;
    use std::cell::RefCell;

    #[test]
    fn only_whole_sentences_are_said() {
        assert_eq!(spoken("**Let me look** at that.").as_deref(), Some("Let me look at that."));
        for text in ["Let me", "NO_REPLY", "HEARTBEAT_OK", "", "NO_", &"x ".repeat(400)] {
            assert_eq!(spoken(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let told = RefCell::new(Vec::new());
        let mut progress = LineProgress::new(|event| {
            if let WorkerEvent::Progress(text) = event {
                told.borrow_mut().push(text);
            }
        });
        progress.said("Let me look.");
        progress.said("And there.");
        progress.uses("Exec date");
        assert_eq!(*told.borrow(), ["Let me look."]);
        assert_eq!(progress.answer("Let me look.\n\nAnd there.\n\nTwo."), "And there.\n\nTwo.");
        assert_eq!(progress.answer("Let me look."), "Let me look.");
    }
}
