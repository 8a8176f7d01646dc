//! Ten thousand histories of owners, strangers, phones and crashes: only an explicit, timely "approved"
//! lets a sensitive request through, and at most once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::case::{Aloud, Case, Clearance, Judged, Opening, Step, Waiting, open};
use super::policy::{Approve, NoDevice, Policy};
use crate::calls::Speaker;
use crate::words::turn::Consent;

const TIMEOUT: Duration = Duration::from_secs(60);
const ALOUD: Duration = Duration::from_secs(120);

/// Words, and whether they are sensitive.
const PHRASES: &[(&str, bool)] = &[
    ("Delete my test repo on GitHub", true),
    ("wire five hundred dollars to John", true),
    ("What is on my calendar today?", false),
    ("read me the sales report", false),
    ("yes", false),
    ("yes but wait", false),
];
/// The phrases as the guard judges them, the owner's and a stranger's, once for all histories.
static JUDGED: LazyLock<Vec<[Judged; 2]>> = LazyLock::new(|| {
    let rules = Policy::default().rules;
    let judged =
        |words| [Speaker::Owner, Speaker::Stranger].map(|by| Judged::of(words, by, &rules));
    PHRASES.iter().map(|(words, _)| judged(words)).collect()
});

const WORDS: &[&str] =
    &["approved", "denied", "timeout", "expired", "maybe", "Approved", "pending", "no_devices", ""];

#[derive(Clone, Debug)]
enum Happens {
    /// A request comes in, perhaps for the second time.
    Asked {
        request: usize,
        stranger: bool,
        phrase: usize,
    },
    /// The service answers the creation of a request's approval.
    Created {
        request: usize,
        notified: u32,
        failed: u32,
        lost: bool,
    },
    /// A decision comes over the socket, about any approval.
    Heard {
        approval: usize,
        word: usize,
    },
    /// A poll for a request is answered, perhaps with something about another approval or action.
    Polled {
        request: usize,
        other_id: bool,
        other_action: bool,
        word: usize,
    },
    Passes {
        seconds: u64,
    },
    /// kill -9: every case and every question aloud is gone; what was seen is in the journal.
    Crashes,
}

fn happens() -> impl Strategy<Value = Happens> {
    let (request, word) = (0..4usize, 0..WORDS.len());
    prop_oneof![
        4 => (request.clone(), prop::bool::weighted(0.25), 0..PHRASES.len())
            .prop_map(|(request, stranger, phrase)| Happens::Asked { request, stranger, phrase }),
        4 => (request.clone(), 0..3u32, 0..3u32, prop::bool::weighted(0.15))
            .prop_map(|(request, notified, failed, lost)| Happens::Created { request, notified, failed, lost }),
        5 => (0..5usize, word.clone()).prop_map(|(approval, word)| Happens::Heard { approval, word }),
        4 => (request, any::<bool>(), any::<bool>(), word)
            .prop_map(|(request, other_id, other_action, word)| Happens::Polled { request, other_id, other_action, word }),
        2 => (0..80u64).prop_map(|seconds| Happens::Passes { seconds }),
        1 => Just(Happens::Crashes),
    ]
}

/// What really happened to a request, told without a word of the guard's own code.
#[derive(Default)]
struct Truth {
    words: &'static str,
    is_strangers: bool,
    until: Option<Instant>,
    /// The first decision about this very approval, and whether it came in time.
    first: Option<(&'static str, bool)>,
    /// When the owner was asked aloud; the words that came next on the call.
    asked_aloud: Option<Instant>,
    next_words: Option<(&'static str, Instant)>,
}

/// A connect of a few lines around the guard's code, and the world around it.
struct World {
    policy: Policy,
    now: Instant,
    /// Their approvals are being made; decisions that come meanwhile are heard afterwards.
    made: HashMap<usize, (Case, Vec<(usize, usize)>)>,
    waiting: HashMap<usize, Waiting>,
    aloud: Option<(usize, Aloud)>,
    seen: HashSet<usize>,
    truths: HashMap<usize, Truth>,
    phone: Vec<usize>,
    gateway: Vec<usize>,
}

impl World {
    fn new(policy: Policy) -> Self {
        Self {
            policy,
            now: Instant::now(),
            made: HashMap::new(),
            waiting: HashMap::new(),
            aloud: None,
            seen: HashSet::new(),
            truths: HashMap::new(),
            phone: Vec::new(),
            gateway: Vec::new(),
        }
    }

    fn happens(&mut self, what: &Happens) {
        match *what {
            Happens::Asked { request, stranger, phrase } => self.asked(request, stranger, phrase),
            Happens::Created { request, notified, failed, lost } => {
                let Some((case, early)) = self.made.remove(&request) else { return };
                let id = format!("apr_{request}");
                let answer = json!({
                    "request_id": id, "status": "pending",
                    "devices_notified": notified, "devices_failed": failed,
                });
                let answer = (!lost).then_some((id.as_str(), &answer));
                let step = case.created(answer, self.now);
                self.follow(request, step);
                for (approval, word) in early {
                    self.hears(request, approval, word);
                }
            }
            Happens::Heard { approval, word } => {
                self.decided(approval, WORDS[word]);
                for (_, early) in self.made.values_mut() {
                    early.push((approval, word));
                }
                for request in self.waiting.keys().copied().collect::<Vec<_>>() {
                    self.hears(request, approval, word);
                }
            }
            Happens::Polled { request, other_id, other_action, word } => {
                let Some(waiting) = self.waiting.remove(&request) else { return };
                let mut answer = json!({ "status": WORDS[word] });
                if other_id {
                    answer["request_id"] = "apr_9".into();
                }
                if other_action {
                    answer["action"] = "something else".into();
                }
                if !other_id && !other_action {
                    self.decided(request, WORDS[word]);
                }
                let step = waiting.polled(&answer, self.now);
                self.follow(request, step);
            }
            Happens::Passes { seconds } => {
                self.now += Duration::from_secs(seconds);
                for request in self.waiting.keys().copied().collect::<Vec<_>>() {
                    let waiting = self.waiting.remove(&request).expect("it waits");
                    let step = waiting.tick(self.now);
                    self.follow(request, step);
                }
            }
            Happens::Crashes => {
                self.made.clear();
                self.waiting.clear();
                self.aloud = None;
            }
        }
    }

    fn hears(&mut self, request: usize, approval: usize, word: usize) {
        let Some(waiting) = self.waiting.remove(&request) else { return };
        let step = waiting.heard(&format!("apr_{approval}"), WORDS[word], self.now);
        self.follow(request, step);
    }

    /// Notes a decision about an approval in the truth.
    fn decided(&mut self, approval: usize, word: &'static str) {
        let now = self.now;
        if let Some(truth) = self.truths.get_mut(&approval)
            && matches!(word, "approved" | "denied" | "timeout" | "expired" | "no_devices")
            && truth.first.is_none()
        {
            truth.first = Some((word, truth.until.is_some_and(|until| now < until)));
        }
    }

    fn asked(&mut self, request: usize, stranger: bool, phrase: usize) {
        if !self.seen.insert(request) {
            return;
        }
        let (words, _) = PHRASES[phrase];
        let until = self.now + TIMEOUT;
        let truth = Truth { words, is_strangers: stranger, until: Some(until), ..Truth::default() };
        self.truths.insert(request, truth);
        if !stranger && let Some((asked, aloud)) = self.aloud.take() {
            self.truths.get_mut(&asked).expect("it was asked").next_words = Some((words, self.now));
            if let Some(clearance) = aloud.answered(words, self.now) {
                return self.run(asked, &clearance);
            }
        }
        let judged = JUDGED[phrase][usize::from(stranger)].clone();
        match open(&self.policy, judged, until) {
            Opening::Clear(clearance) => self.run(request, &clearance),
            Opening::Refuse(_) => {}
            Opening::Ask(case) => {
                self.phone.push(request);
                self.made.insert(request, (case, Vec::new()));
            }
        }
    }

    fn follow(&mut self, request: usize, step: Step) {
        match step {
            Step::Wait(waiting) => {
                self.waiting.insert(request, waiting);
            }
            Step::Release(clearance) => self.run(request, &clearance),
            Step::Refuse(_) => {}
            Step::AskAloud(aloud) => {
                self.truths.get_mut(&request).expect("it was asked").asked_aloud = Some(self.now);
                self.aloud = Some((request, aloud));
            }
        }
    }

    /// The gateway sees a request: was that right?
    fn run(&mut self, request: usize, clearance: &Clearance) {
        let truth = &self.truths[&request];
        assert_eq!(clearance.words(), truth.words, "other words than those that were asked about");
        let is_sensitive =
            PHRASES.iter().any(|(words, sensitive)| *words == truth.words && *sensitive);
        let is_gated = match self.policy.approve {
            Approve::Always => true,
            Approve::Sensitive => is_sensitive,
            Approve::Never => is_sensitive && truth.is_strangers,
        };
        assert!(!(truth.is_strangers && is_gated), "a stranger's request got through");
        match clearance.consent() {
            Consent::NotAsked => assert!(!is_gated, "nobody was asked"),
            Consent::Phone => assert_eq!(truth.first, Some(("approved", true))),
            Consent::Aloud => {
                assert_eq!(self.policy.no_device, NoDevice::Voice);
                let (asked, (words, at)) = (truth.asked_aloud.unwrap(), truth.next_words.unwrap());
                assert!(words == "yes" && at < asked + ALOUD);
            }
        }
        self.gateway.push(request);
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    let approve = prop_oneof![
        6 => Just(Approve::Sensitive), 3 => Just(Approve::Always), 1 => Just(Approve::Never)
    ];
    let no_device = prop_oneof![Just(NoDevice::Deny), Just(NoDevice::Voice)];
    (approve, no_device).prop_map(|(approve, no_device)| Policy {
        approve,
        no_device,
        ..Policy::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12_000) })]

    #[test]
    fn only_an_explicit_timely_approval_lets_a_sensitive_request_through_and_once(
        policy in policies(),
        history in prop::collection::vec(happens(), 1..40),
    ) {
        let mut world = World::new(policy);
        for what in &history {
            world.happens(what);
        }
        let unique: HashSet<_> = world.gateway.iter().collect();
        prop_assert_eq!(unique.len(), world.gateway.len(), "the gateway saw a request twice");
        prop_assert!(world.phone.iter().all(|request| !world.truths[request].is_strangers));
    }
}

/// The property would hold of a guard that lets nothing through; this shows that yours does get through.
#[test]
fn an_approved_request_does_get_through() {
    let mut world = World::new(Policy::default());
    for what in [
        Happens::Asked { request: 0, stranger: false, phrase: 0 },
        Happens::Created { request: 0, notified: 1, failed: 0, lost: false },
        Happens::Heard { approval: 0, word: 0 },
        Happens::Heard { approval: 0, word: 0 },
        Happens::Asked { request: 1, stranger: false, phrase: 2 },
    ] {
        world.happens(&what);
    }
    assert_eq!(world.gateway, [0, 1]);
}
