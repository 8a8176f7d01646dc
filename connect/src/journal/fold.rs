//! Reading a journal back: which requests are still open, which were seen, what is known of calls.

use std::collections::HashMap;
use std::io::BufRead;

use jiff::{SignedDuration, Timestamp};

use super::{Line, Step};

/// A request or a call is remembered this long: the service may repeat a frame (spec 3).
pub(super) const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// What a journal leaves to be done.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Every request of the last 24 hours, oldest first.
    pub(crate) requests: Vec<Request>,
    /// Every call of the last 24 hours, oldest first.
    pub(crate) calls: Vec<Call>,
}

/// A request as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The name it has in the journal.
    pub(crate) key: String,
    /// When it was first written of.
    pub(crate) at: Timestamp,
    /// The frame that asked for it; empty if that line is missing.
    pub(crate) frame: String,
    /// How far it came.
    pub(crate) stage: Stage,
}

/// How far a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Accepted, and nothing was done.
    Asked,
    /// An approval was being waited for.
    Guarded,
    /// It may have run.
    Sent,
    /// Its answer is ready.
    Answered {
        /// What is to be delivered.
        body: String,
        /// Since when.
        at: Timestamp,
    },
    /// Its answer may have been sent as a text.
    Posting,
    /// Nothing is left to do.
    Settled,
}

/// A call as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The service's id.
    pub(crate) id: String,
    /// When it was last written of.
    pub(crate) at: Timestamp,
    /// What [`crate::calls`] wrote.
    pub(crate) body: String,
}

impl Open {
    /// Folds the lines of a journal. A line that cannot be read (the last one of a crash is torn) is left out.
    ///
    /// Read line by line: what is settled, and that is nearly all of it, never takes memory at once.
    pub(crate) fn fold(mut journal: impl BufRead, now: Timestamp) -> std::io::Result<Self> {
        let mut open = Self::default();
        let mut places = HashMap::new();
        let mut call_places = HashMap::new();
        let mut line = Vec::new();
        while journal.read_until(b'\n', &mut line)? > 0 {
            let parsed = serde_json::from_slice::<Line<String>>(&line);
            line.clear();
            let Ok(line) = parsed else { continue };
            let Ok(at) = Timestamp::from_millisecond(line.at) else { continue };
            if now.duration_since(at) > MEMORY {
                continue;
            }
            if line.step == Step::Call {
                let call = Call { id: line.key, at, body: line.body.unwrap_or_default() };
                if let Some(place) = call_places.get(&call.id) {
                    open.calls[*place] = call;
                } else {
                    call_places.insert(call.id.clone(), open.calls.len());
                    open.calls.push(call);
                }
                continue;
            }
            let place = *places.entry(line.key.clone()).or_insert_with(|| {
                open.requests.push(Request {
                    key: line.key.clone(),
                    at,
                    frame: String::new(),
                    stage: Stage::Asked,
                });
                open.requests.len() - 1
            });
            open.requests[place].advance(line.step, line.body, at);
        }
        Ok(open)
    }
}

impl Request {
    /// Takes one more step. Settled is final: what is done is never done again.
    fn advance(&mut self, step: Step, body: Option<String>, at: Timestamp) {
        if self.stage == Stage::Settled {
            return;
        }
        self.stage = match step {
            Step::Asked => {
                self.frame = body.unwrap_or_default();
                return;
            }
            Step::Guarded => Stage::Guarded,
            Step::Sent => Stage::Sent,
            Step::Answered => Stage::Answered { body: body.unwrap_or_default(), at },
            Step::Posting => Stage::Posting,
            Step::Settled => {
                self.frame = String::new();
                Stage::Settled
            }
            Step::Call => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Open, Request, Stage};
    use crate::journal::compact::compact;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;
    use std::collections::HashMap;

    const T: i64 = 1_800_000_000_000;

    fn now() -> Timestamp {
        Timestamp::from_millisecond(T).unwrap() + SignedDuration::from_mins(1)
    }

    fn line(step: &str, key: &str, body: &str) -> String {
        format!("{{\"at\":{T},\"step\":\"{step}\",\"key\":\"{key}\",\"body\":\"{body}\"}}\n")
    }

    fn fold(text: &str) -> Vec<Request> {
        Open::fold(text.as_bytes(), now()).unwrap().requests
    }

    #[test]
    fn a_torn_last_line_is_ignored() {
        let text = line("asked", "deep:a", "f") + &line("sent", "deep:a", "");
        let whole = fold(&text);
        assert_eq!(whole[0].stage, Stage::Sent);
        for end in line("asked", "deep:a", "f").len()..text.len() - 1 {
            assert_eq!(fold(&text[..end])[0].stage, Stage::Asked, "{end}");
        }
    }

    #[test]
    fn what_is_settled_stays_settled_and_is_still_known() {
        let text = line("asked", "deep:a", "f")
            + &line("settled", "deep:a", "")
            + &line("sent", "deep:a", "");
        assert_eq!(fold(&text)[0].stage, Stage::Settled);
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let later = now() + SignedDuration::from_hours(25);
        assert!(
            Open::fold(line("asked", "deep:a", "f").as_bytes(), later).unwrap().requests.is_empty()
        );
    }

    #[test]
    fn the_last_word_on_a_call_counts() {
        let text = line("call", "c1", "one") + &line("call", "c1", "two");
        let open = Open::fold(text.as_bytes(), now()).unwrap();
        assert_eq!(open.calls.len(), 1);
        assert_eq!(open.calls[0].body, "two");
    }

    proptest! {
        /// Compacting changes nothing, and no bytes at all make reading fail.
        #[test]
        fn compacting_keeps_what_is_open(
            steps in proptest::collection::vec(
                (prop::sample::select(vec!["asked", "guarded", "sent", "answered", "posting", "settled", "call"]), "[a-c]", "[a-z]{0,3}"), 0..30),
            cut in 0_usize..4000,
        ) {
            let text: String = steps.iter().map(|(step, key, body)| line(step, key, body)).collect();
            let text = &text[..cut.min(text.len())];
            let open = Open::fold(text.as_bytes(), now()).unwrap();
            let short = compact(|| Ok(text.as_bytes()), now()).unwrap();
            let again = Open::fold(&short[..], now()).unwrap();
            prop_assert!(short.len() <= text.len() + 1);
            // What is over stands where it was last spoken of.
            let requests = |open: &Open| {
                let known = open.requests.iter().map(|one| (one.key.clone(), one.stage.clone()));
                known.collect::<HashMap<_, _>>()
            };
            let calls = |open: &Open| {
                open.calls.iter().map(|call| (call.id.clone(), call.clone())).collect::<HashMap<_, _>>()
            };
            prop_assert_eq!(requests(&open), requests(&again));
            prop_assert_eq!(calls(&open), calls(&again));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Open::fold(&bytes[..], now());
        }
    }
}
