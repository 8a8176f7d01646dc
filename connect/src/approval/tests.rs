//! Ten thousand histories of owners, strangers, phones and crashes: only an explicit, timely "approved"
//! lets a sensitive request through, and at most once.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::state::{
    ApprovalRequest, Authorization, ClassifiedText, GateResult, PendingApproval,
    SpokenConfirmation, Transition, gate,
};
use crate::calls::Speaker;
use crate::prompts::turn::Consent;
use state::api::{JsonResponse, RequestLine};
use state::approval_policy::{ApprovalPolicy, NoDeviceAction, WhenToAsk};
use state::approval_status::OwnersDecision;
use state::http::Method;

const TIMEOUT: Duration = Duration::from_secs(60);
const SPOKEN_YES_COUNTS: Duration = Duration::from_secs(120);

/// Words, and whether they are sensitive.
const PHRASES: &[(&str, bool)] = &[
    ("Delete my test repo on GitHub", true),
    ("wire five hundred dollars to John", true),
    ("What is on my calendar today?", false),
    ("read me the sales report", false),
    ("yes", false),
    ("yes but wait", false),
];
/// The phrases as they are classified, the owner's and a stranger's, once for all histories.
static CLASSIFIED: LazyLock<Vec<[ClassifiedText; 2]>> = LazyLock::new(|| {
    let rules = ApprovalPolicy::default().phrases;
    let classified =
        |words| [Speaker::Owner, Speaker::Stranger].map(|by| ClassifiedText::of(words, by, &rules));
    PHRASES.iter().map(|(words, _)| classified(words)).collect()
});

const WORDS: &[&str] =
    &["approved", "denied", "timeout", "expired", "maybe", "Approved", "pending", "no_devices", ""];

fn response(body: &Value) -> JsonResponse {
    let request = RequestLine { method: Method::Get, path: "/v1/approvals/apr".into() };
    JsonResponse::read(request, 200, body.to_string().into_bytes()).unwrap()
}

#[derive(Clone, Debug)]
enum HistoryEvent {
    /// A request comes in, perhaps for the second time.
    Requested {
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
    Decided {
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
    TimePasses {
        seconds: u64,
    },
    /// kill -9: every approval and every spoken confirmation is gone; what was seen is in the journal.
    Crashes,
}

fn history_event() -> impl Strategy<Value = HistoryEvent> {
    let (request, word) = (0..4usize, 0..WORDS.len());
    prop_oneof![
        4 => (request.clone(), prop::bool::weighted(0.25), 0..PHRASES.len())
            .prop_map(|(request, stranger, phrase)| HistoryEvent::Requested { request, stranger, phrase }),
        4 => (request.clone(), 0..3u32, 0..3u32, prop::bool::weighted(0.15))
            .prop_map(|(request, notified, failed, lost)| HistoryEvent::Created { request, notified, failed, lost }),
        5 => (0..5usize, word.clone()).prop_map(|(approval, word)| HistoryEvent::Decided { approval, word }),
        4 => (request, any::<bool>(), any::<bool>(), word)
            .prop_map(|(request, other_id, other_action, word)| HistoryEvent::Polled { request, other_id, other_action, word }),
        2 => (0..80u64).prop_map(|seconds| HistoryEvent::TimePasses { seconds }),
        1 => Just(HistoryEvent::Crashes),
    ]
}

/// What really happened to a request, recorded without any of the code under test.
#[derive(Default)]
struct Truth {
    words: &'static str,
    is_strangers: bool,
    until: Option<Instant>,
    /// The first decision about this very approval, and whether it came in time.
    first: Option<(&'static str, bool)>,
    /// When the owner was asked aloud; the words that came next on the call.
    confirmation_asked_at: Option<Instant>,
    next_words: Option<(&'static str, Instant)>,
}

/// A client of a few lines around the code under test, and the world around it.
struct World {
    policy: ApprovalPolicy,
    now: Instant,
    /// Their approvals are being made; decisions that come meanwhile are taken afterwards.
    created: HashMap<usize, (ApprovalRequest, Vec<(usize, usize)>)>,
    pending: HashMap<usize, PendingApproval>,
    confirmation: Option<(usize, SpokenConfirmation)>,
    seen: HashSet<usize>,
    truths: HashMap<usize, Truth>,
    phone: Vec<usize>,
    gateway: Vec<usize>,
}

impl World {
    fn new(policy: ApprovalPolicy) -> Self {
        Self {
            policy,
            now: Instant::now(),
            created: HashMap::new(),
            pending: HashMap::new(),
            confirmation: None,
            seen: HashSet::new(),
            truths: HashMap::new(),
            phone: Vec::new(),
            gateway: Vec::new(),
        }
    }

    fn apply(&mut self, what: &HistoryEvent) {
        match *what {
            HistoryEvent::Requested { request, stranger, phrase } => {
                self.request(request, stranger, phrase);
            }
            HistoryEvent::Created { request, notified, failed, lost } => {
                let Some((approval, early)) = self.created.remove(&request) else { return };
                let id = format!("apr_{request}");
                let answer = response(&json!({
                    "request_id": id, "status": "pending",
                    "devices_notified": notified, "devices_failed": failed,
                }));
                let answer = (!lost).then_some((id.as_str(), &answer));
                let transition = approval.created(answer, self.now);
                self.follow(request, transition);
                for (approval, word) in early {
                    self.decide_pending(request, approval, word);
                }
            }
            HistoryEvent::Decided { approval, word } => {
                self.note_decision(approval, WORDS[word]);
                for (_, early) in self.created.values_mut() {
                    early.push((approval, word));
                }
                for request in self.pending.keys().copied().collect::<Vec<_>>() {
                    self.decide_pending(request, approval, word);
                }
            }
            HistoryEvent::Polled { request, other_id, other_action, word } => {
                let Some(pending) = self.pending.remove(&request) else { return };
                let id = if other_id { 9 } else { request };
                let mut answer = json!({"request_id": format!("apr_{id}"), "status": WORDS[word]});
                if other_action {
                    answer["action"] = "something else".into();
                }
                if !other_id && !other_action {
                    self.note_decision(request, WORDS[word]);
                }
                let transition =
                    pending.polled(&response(&answer), Timestamp::UNIX_EPOCH, self.now);
                self.follow(request, transition);
            }
            HistoryEvent::TimePasses { seconds } => {
                self.now += Duration::from_secs(seconds);
                for request in self.pending.keys().copied().collect::<Vec<_>>() {
                    let pending = self.pending.remove(&request).expect("it waits");
                    let transition = pending.at(self.now);
                    self.follow(request, transition);
                }
            }
            HistoryEvent::Crashes => {
                self.created.clear();
                self.pending.clear();
                self.confirmation = None;
            }
        }
    }

    fn decide_pending(&mut self, request: usize, approval: usize, word: usize) {
        let Some(pending) = self.pending.remove(&request) else { return };
        let request_id = format!("apr_{approval}");
        let event = OwnersDecision { request_id, decision: WORDS[word].to_owned() };
        let transition = pending.decided(&event, self.now);
        self.follow(request, transition);
    }

    /// Notes a decision about an approval in the truth.
    fn note_decision(&mut self, approval: usize, word: &'static str) {
        let now = self.now;
        if let Some(truth) = self.truths.get_mut(&approval)
            && matches!(word, "approved" | "denied" | "timeout" | "expired" | "no_devices")
            && truth.first.is_none()
        {
            truth.first = Some((word, truth.until.is_some_and(|until| now < until)));
        }
    }

    fn request(&mut self, request: usize, stranger: bool, phrase: usize) {
        if !self.seen.insert(request) {
            return;
        }
        let (words, _) = PHRASES[phrase];
        let until = self.now + TIMEOUT;
        let truth = Truth { words, is_strangers: stranger, until: Some(until), ..Truth::default() };
        self.truths.insert(request, truth);
        if !stranger && let Some((asked, confirmation)) = self.confirmation.take() {
            self.truths.get_mut(&asked).expect("it was asked").next_words = Some((words, self.now));
            if let Some(authorization) = confirmation.confirm(words, self.now) {
                return self.run(asked, &authorization);
            }
        }
        let classified = CLASSIFIED[phrase][usize::from(stranger)].clone();
        match gate(&self.policy, classified, until) {
            GateResult::Pass(authorization) => self.run(request, &authorization),
            GateResult::Refuse(_) => {}
            GateResult::AskOwner(approval) => {
                self.phone.push(request);
                self.created.insert(request, (approval, Vec::new()));
            }
        }
    }

    fn follow(&mut self, request: usize, transition: Transition) {
        match transition {
            Transition::Pending(pending) => {
                self.pending.insert(request, pending);
            }
            Transition::Approved(authorization) => self.run(request, &authorization),
            Transition::Refused(_) => {}
            Transition::ConfirmAloud(confirmation) => {
                self.truths.get_mut(&request).expect("it was asked").confirmation_asked_at =
                    Some(self.now);
                self.confirmation = Some((request, confirmation));
            }
        }
    }

    /// The gateway sees a request: was that right?
    fn run(&mut self, request: usize, authorization: &Authorization) {
        let truth = &self.truths[&request];
        assert_eq!(
            authorization.text(),
            truth.words,
            "other words than those that were asked about"
        );
        let is_sensitive =
            PHRASES.iter().any(|(words, sensitive)| *words == truth.words && *sensitive);
        let is_gated = match self.policy.approve {
            WhenToAsk::Always => true,
            WhenToAsk::Sensitive => is_sensitive,
            WhenToAsk::Never => is_sensitive && truth.is_strangers,
        };
        assert!(!(truth.is_strangers && is_gated), "a stranger's request got through");
        match authorization.consent() {
            Consent::NotNeeded => assert!(!is_gated, "nobody was asked"),
            Consent::OnPhone => assert_eq!(truth.first, Some(("approved", true))),
            Consent::AtTheDeed { .. } => panic!("no gate is in sight"),
            Consent::Spoken => {
                assert_eq!(self.policy.no_device, NoDeviceAction::Voice);
                let (asked, (words, at)) =
                    (truth.confirmation_asked_at.unwrap(), truth.next_words.unwrap());
                assert!(words == "yes" && at < asked + SPOKEN_YES_COUNTS);
            }
        }
        self.gateway.push(request);
    }
}

fn policies() -> impl Strategy<Value = ApprovalPolicy> {
    let approve = prop_oneof![
        6 => Just(WhenToAsk::Sensitive), 3 => Just(WhenToAsk::Always), 1 => Just(WhenToAsk::Never)
    ];
    let no_device = prop_oneof![Just(NoDeviceAction::Deny), Just(NoDeviceAction::Voice)];
    (approve, no_device).prop_map(|(approve, no_device)| ApprovalPolicy {
        approve,
        no_device,
        ..ApprovalPolicy::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12_000) })]

    #[test]
    fn only_an_explicit_timely_approval_lets_a_sensitive_request_through_and_once(
        policy in policies(),
        history in prop::collection::vec(history_event(), 1..40),
    ) {
        let mut world = World::new(policy);
        for what in &history {
            world.apply(what);
        }
        let unique: HashSet<_> = world.gateway.iter().collect();
        prop_assert_eq!(unique.len(), world.gateway.len(), "the gateway saw a request twice");
        prop_assert!(world.phone.iter().all(|request| !world.truths[request].is_strangers));
    }
}

/// The property would hold of code that lets nothing through; this shows that something does get through.
#[test]
fn an_approved_request_does_get_through() {
    let mut world = World::new(ApprovalPolicy::default());
    for what in [
        HistoryEvent::Requested { request: 0, stranger: false, phrase: 0 },
        HistoryEvent::Created { request: 0, notified: 1, failed: 0, lost: false },
        HistoryEvent::Decided { approval: 0, word: 0 },
        HistoryEvent::Decided { approval: 0, word: 0 },
        HistoryEvent::Requested { request: 1, stranger: false, phrase: 2 },
    ] {
        world.apply(&what);
    }
    assert_eq!(world.gateway, [0, 1]);
}
