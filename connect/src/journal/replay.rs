//! Reads a journal back: how far each request came, and the state of each call.

use std::collections::HashMap;
use std::io::BufRead;

use jiff::Timestamp;
use state::clock::Moment;

use super::clock_correction::ClockCorrection;
use super::line::{JournalLine, JournalStep, RETENTION};

/// What a journal says of the last 24 hours.
#[derive(Debug, Default)]
pub(crate) struct ReplayedJournal {
    /// Every request, oldest first.
    pub(crate) requests: Vec<ReplayedRequest>,
    /// Every call, oldest first.
    pub(crate) calls: Vec<ReplayedCall>,
}

/// A request as far as the journal records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplayedRequest {
    /// Its key in the journal.
    pub(crate) key: String,
    /// When its first line was written.
    pub(crate) at: Timestamp,
    /// The frame it came in; empty if that line is missing.
    pub(crate) frame: String,
    /// The text of a notice of our own, which came in no frame.
    pub(crate) notice: Option<String>,
    /// How far it came.
    pub(crate) stage: RequestStage,
}

/// How far a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestStage {
    /// Accepted, and nothing was done: it was not sent to the gateway, or could not be.
    Accepted,
    /// An approval was awaited.
    AwaitingApproval,
    /// A deed was put to the owner.
    Pushed {
        /// The service's id of that approval.
        approval: String,
    },
    /// It was being sent to the gateway: whether the turn ran is unconfirmed.
    Dispatched,
    /// The same by the gateway line, where it can be looked for.
    DispatchedByLine {
        /// What is known of the turn, as JSON.
        turn: String,
    },
    /// Its answer is ready.
    Answered {
        /// What is to be delivered.
        body: String,
        /// Since when.
        at: Timestamp,
    },
    /// Its answer was being sent as a text: whether it was sent is unconfirmed.
    SendingSms,
    /// Nothing is left to do.
    Done,
}

/// The last recorded state of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplayedCall {
    /// The service's id.
    pub(crate) id: String,
    /// When its last line was written.
    pub(crate) at: Timestamp,
    /// A [`CallState`](crate::calls::CallState) as JSON.
    pub(crate) body: String,
}

impl ReplayedJournal {
    /// Reads the lines of a journal. A line that cannot be read (the last one before a crash may be torn) is left out.
    ///
    /// Read line by line: what is done, and that is nearly all of it, never takes memory at once.
    pub(crate) fn read(mut journal: impl BufRead, now: Moment) -> std::io::Result<Self> {
        let (mut replayed, mut clock) = (Self::default(), ClockCorrection::from(now));
        let mut places = HashMap::new();
        let mut call_places = HashMap::new();
        let mut line = Vec::new();
        while journal.read_until(b'\n', &mut line)? > 0 {
            let parsed = serde_json::from_slice::<JournalLine<String>>(&line);
            line.clear();
            let Ok(line) = parsed else { continue };
            if line.step == JournalStep::ProcessStart {
                clock.process_started(line.at, line.up);
                continue;
            }
            let Some(at) = clock.corrected(line.at) else { continue };
            if clock.age(at) > RETENTION {
                continue;
            }
            if line.step == JournalStep::Call {
                let call = ReplayedCall { id: line.key, at, body: line.body.unwrap_or_default() };
                if let Some(place) = call_places.get(&call.id) {
                    replayed.calls[*place] = call;
                } else {
                    call_places.insert(call.id.clone(), replayed.calls.len());
                    replayed.calls.push(call);
                }
                continue;
            }
            let place = *places.entry(line.key.clone()).or_insert_with(|| {
                replayed.requests.push(ReplayedRequest {
                    key: line.key.clone(),
                    at,
                    frame: String::new(),
                    notice: None,
                    stage: RequestStage::Accepted,
                });
                replayed.requests.len() - 1
            });
            replayed.requests[place].advance(line.step, line.body, at);
        }
        Ok(replayed)
    }
}

impl ReplayedRequest {
    /// Takes one more step. Done is final.
    fn advance(&mut self, step: JournalStep, body: Option<String>, at: Timestamp) {
        if self.stage == RequestStage::Done {
            return;
        }
        self.stage = match step {
            JournalStep::Accepted => {
                self.frame = body.unwrap_or_default();
                return;
            }
            JournalStep::Notice => {
                self.notice = body;
                return;
            }
            JournalStep::Unsent => RequestStage::Accepted,
            JournalStep::AwaitingApproval => RequestStage::AwaitingApproval,
            JournalStep::Pushed => RequestStage::Pushed { approval: body.unwrap_or_default() },
            JournalStep::Dispatched => match body {
                Some(turn) if !turn.is_empty() => RequestStage::DispatchedByLine { turn },
                _ => RequestStage::Dispatched,
            },
            JournalStep::Answered => RequestStage::Answered { body: body.unwrap_or_default(), at },
            JournalStep::SendingSms => RequestStage::SendingSms,
            JournalStep::Done => {
                (self.frame, self.notice) = (String::new(), None);
                RequestStage::Done
            }
            JournalStep::Call | JournalStep::ProcessStart => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{ReplayedJournal, ReplayedRequest, RequestStage};
    use crate::journal::compact::compact;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;
    use state::clock::Moment;
    use std::collections::HashMap;

    const T: i64 = 1_800_000_000_000;

    fn at(minutes: i64) -> Moment {
        let at = Timestamp::from_millisecond(T).unwrap() + SignedDuration::from_mins(minutes);
        Moment { at, uptime: serde_json::from_value(up(minutes)).unwrap() }
    }

    fn now() -> Moment {
        at(1)
    }

    /// The machine was started an hour before `T`.
    fn up(minutes: i64) -> serde_json::Value {
        serde_json::json!({"boot": 7, "ms": 60_000 * (60 + minutes)})
    }

    /// The start line of a process that started at `T` on a clock that is so many minutes ahead.
    fn start_line(ahead: i64) -> String {
        let (at, up) = (T + 60_000 * ahead, up(0));
        format!("{{\"at\":{at},\"step\":\"life\",\"key\":\"\",\"up\":{up}}}\n")
    }

    fn line(step: &str, key: &str, body: &str) -> String {
        format!("{{\"at\":{T},\"step\":\"{step}\",\"key\":\"{key}\",\"body\":\"{body}\"}}\n")
    }

    fn requests_of(text: &str) -> Vec<ReplayedRequest> {
        ReplayedJournal::read(text.as_bytes(), now()).unwrap().requests
    }

    #[test]
    fn a_torn_last_line_is_ignored() {
        let text = line("asked", "deep:a", "f") + &line("sent", "deep:a", "");
        let whole = requests_of(&text);
        assert_eq!(whole[0].stage, RequestStage::Dispatched);
        for end in line("asked", "deep:a", "f").len()..text.len() - 1 {
            assert_eq!(requests_of(&text[..end])[0].stage, RequestStage::Accepted, "{end}");
        }
    }

    #[test]
    fn what_was_not_sent_after_all_is_as_if_nothing_was_done() {
        let text = line("asked", "text:a", "f")
            + &line("notice", "ended:a", "n")
            + &line("sent", "text:a", "")
            + &line("sent", "ended:a", "")
            + &line("unsent", "text:a", "")
            + &line("unsent", "ended:a", "");
        let [text, notice] = &requests_of(&text)[..] else { panic!("two requests") };
        assert_eq!((text.frame.as_str(), &text.notice), ("f", &None));
        assert_eq!(notice.notice.as_deref(), Some("n"));
        assert!([text, notice].iter().all(|one| one.stage == RequestStage::Accepted));
    }

    #[test]
    fn what_is_done_stays_done_and_listed() {
        let text = line("asked", "deep:a", "f")
            + &line("settled", "deep:a", "")
            + &line("sent", "deep:a", "");
        assert_eq!(requests_of(&text)[0].stage, RequestStage::Done);
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let later = at(25 * 60);
        assert!(
            ReplayedJournal::read(line("asked", "deep:a", "f").as_bytes(), later)
                .unwrap()
                .requests
                .is_empty()
        );
    }

    #[test]
    fn the_last_line_of_a_call_counts() {
        let text = line("call", "c1", "one") + &line("call", "c1", "two");
        let replayed = ReplayedJournal::read(text.as_bytes(), now()).unwrap();
        assert_eq!(replayed.calls.len(), 1);
        assert_eq!(replayed.calls[0].body, "two");
    }

    #[test]
    fn a_process_whose_clock_was_wrong_is_dated_by_the_uptime() {
        // On a clock 25 hours behind everything was written too long ago; 25 hours ahead, it never becomes old.
        for ahead in [-25 * 60, 25 * 60] {
            let at = T + 60_000 * ahead;
            let text = start_line(ahead)
                + &line("asked", "deep:a", "f").replace(&T.to_string(), &at.to_string());
            let requests = ReplayedJournal::read(text.as_bytes(), now()).unwrap().requests;
            assert_eq!(now().at.duration_since(requests[0].at), SignedDuration::from_mins(1));
            let later = super::tests::at(25 * 60);
            assert_eq!(ReplayedJournal::read(text.as_bytes(), later).unwrap().requests, []);
        }
    }

    #[test]
    fn a_compacted_journal_keeps_the_start_lines_of_its_lines_and_adds_the_present_one() {
        let recent = line("asked", "deep:a", "f");
        let text = start_line(1)
            + &start_line(2)
            + &recent
            + &start_line(3)
            + &line("call", "c", "")
            + &line("call", "c", "x");
        let short = compact(|| Ok(text.as_bytes()), now(), start_line(4).as_bytes()).unwrap();
        let wanted =
            start_line(2) + &recent + &start_line(3) + &line("call", "c", "x") + &start_line(4);
        assert_eq!(String::from_utf8(short).unwrap(), wanted);
        let again = compact(|| Ok(wanted.as_bytes()), now(), start_line(3).as_bytes()).unwrap();
        assert_eq!(
            again,
            (start_line(2) + &recent + &start_line(3) + &line("call", "c", "x")).as_bytes()
        );
    }

    proptest! {
        /// Compacting changes nothing, and no bytes at all make reading fail.
        #[test]
        fn compacting_loses_nothing(
            steps in proptest::collection::vec(
                (prop::sample::select(vec!["asked", "notice", "guarded", "sent", "unsent", "answered", "posting", "settled", "call", "life"]), "[a-c]", "[a-z]{0,3}"), 0..30),
            cut in 0_usize..4000,
        ) {
            let written = |(step, key, body): &(&str, String, String)| match *step {
                "life" => start_line(i64::try_from(body.len()).unwrap()),
                step => line(step, key, body),
            };
            let text: String = steps.iter().map(written).collect();
            let text = &text[..cut.min(text.len())];
            let replayed = ReplayedJournal::read(text.as_bytes(), now()).unwrap();
            let short = compact(|| Ok(text.as_bytes()), now(), start_line(0).as_bytes()).unwrap();
            let again = ReplayedJournal::read(&short[..], now()).unwrap();
            prop_assert!(short.len() <= text.len() + start_line(0).len() + 1);
            // What is done stands where its last line was.
            let requests = |journal: &ReplayedJournal| {
                let stages = journal.requests.iter().map(|one| (one.key.clone(), one.stage.clone()));
                stages.collect::<HashMap<_, _>>()
            };
            let calls = |journal: &ReplayedJournal| {
                journal.calls.iter().map(|call| (call.id.clone(), call.clone())).collect::<HashMap<_, _>>()
            };
            prop_assert_eq!(requests(&replayed), requests(&again));
            prop_assert_eq!(calls(&replayed), calls(&again));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = ReplayedJournal::read(&bytes[..], now());
        }
    }
}
