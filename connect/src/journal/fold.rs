//! Reading a journal back: which requests are still open, which were seen, what is known of calls.

use std::collections::HashMap;
use std::io::BufRead;

use jiff::{SignedDuration, Timestamp};
use state::moment::Moment;

use super::dates::Dates;
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
    pub(crate) fn fold(mut journal: impl BufRead, now: Moment) -> std::io::Result<Self> {
        let (mut open, mut dates) = (Self::default(), Dates::from(now));
        let mut places = HashMap::new();
        let mut call_places = HashMap::new();
        let mut line = Vec::new();
        while journal.read_until(b'\n', &mut line)? > 0 {
            let parsed = serde_json::from_slice::<Line<String>>(&line);
            line.clear();
            let Ok(line) = parsed else { continue };
            if line.step == Step::Life {
                dates.life(line.at, line.up);
                continue;
            }
            let Some(at) = dates.of(line.at) else { continue };
            if dates.age(at) > MEMORY {
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
            Step::Call | Step::Life => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Open, Request, Stage};
    use crate::journal::compact::compact;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;
    use state::moment::Moment;
    use std::collections::HashMap;

    const T: i64 = 1_800_000_000_000;

    fn at(minutes: i64) -> Moment {
        let at = Timestamp::from_millisecond(T).unwrap() + SignedDuration::from_mins(minutes);
        Moment { at, up: serde_json::from_value(up(minutes)).unwrap() }
    }

    fn now() -> Moment {
        at(1)
    }

    /// The machine was started an hour before `T`.
    fn up(minutes: i64) -> serde_json::Value {
        serde_json::json!({"boot": 7, "ms": 60_000 * (60 + minutes)})
    }

    /// A life that began at `T` on a clock that is so many minutes ahead.
    fn life(ahead: i64) -> String {
        let (at, up) = (T + 60_000 * ahead, up(0));
        format!("{{\"at\":{at},\"step\":\"life\",\"key\":\"\",\"up\":{up}}}\n")
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
        let later = at(25 * 60);
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

    #[test]
    fn a_life_whose_clock_was_wrong_is_dated_by_the_uptime() {
        // On a clock 25 hours behind everything was written too long ago; 25 hours ahead, it never becomes old.
        for ahead in [-25 * 60, 25 * 60] {
            let at = T + 60_000 * ahead;
            let text = life(ahead)
                + &line("asked", "deep:a", "f").replace(&T.to_string(), &at.to_string());
            let requests = Open::fold(text.as_bytes(), now()).unwrap().requests;
            assert_eq!(now().at.duration_since(requests[0].at), SignedDuration::from_mins(1));
            let later = super::tests::at(25 * 60);
            assert_eq!(Open::fold(text.as_bytes(), later).unwrap().requests, []);
        }
    }

    #[test]
    fn a_compacted_journal_keeps_the_lives_of_its_lines_and_begins_the_present() {
        let kept = line("asked", "deep:a", "f");
        let text = life(1)
            + &life(2)
            + &kept
            + &life(3)
            + &line("call", "c", "")
            + &line("call", "c", "x");
        let short = compact(|| Ok(text.as_bytes()), now(), life(4).as_bytes()).unwrap();
        let wanted = life(2) + &kept + &life(3) + &line("call", "c", "x") + &life(4);
        assert_eq!(String::from_utf8(short).unwrap(), wanted);
        let again = compact(|| Ok(wanted.as_bytes()), now(), life(3).as_bytes()).unwrap();
        assert_eq!(again, (life(2) + &kept + &life(3) + &line("call", "c", "x")).as_bytes());
    }

    proptest! {
        /// Compacting changes nothing, and no bytes at all make reading fail.
        #[test]
        fn compacting_keeps_what_is_open(
            steps in proptest::collection::vec(
                (prop::sample::select(vec!["asked", "guarded", "sent", "answered", "posting", "settled", "call", "life"]), "[a-c]", "[a-z]{0,3}"), 0..30),
            cut in 0_usize..4000,
        ) {
            let written = |(step, key, body): &(&str, String, String)| match *step {
                "life" => life(i64::try_from(body.len()).unwrap()),
                step => line(step, key, body),
            };
            let text: String = steps.iter().map(written).collect();
            let text = &text[..cut.min(text.len())];
            let open = Open::fold(text.as_bytes(), now()).unwrap();
            let short = compact(|| Ok(text.as_bytes()), now(), life(0).as_bytes()).unwrap();
            let again = Open::fold(&short[..], now()).unwrap();
            prop_assert!(short.len() <= text.len() + life(0).len() + 1);
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
