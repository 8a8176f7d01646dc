//! `missions` and every kind of answer to a request that schedules: nobody is called or texted twice, by hand or by `tick`.

#[path = "missions/many_missions.rs"]
mod many_missions;

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{
    ErrorResponse, Proof, RequestFault, Rng, Sandbox, ServiceSettings, Signal, SimulatedService,
};
use many_missions::{MISSIONS, ManyMissions};
use serde_json::{Value, json};

const EVENTS: &str = "/v1/assistants/:id/events";

/// The same line twice, for every kind of answer to the first.
#[test]
fn no_answer_makes_the_same_line_schedule_twice() {
    let service = SimulatedService::start();
    service.clock().periods(50);
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["init", "M", "I", "R"]).ok();
    sandbox.run(MISSIONS, ["setup-agent", "m", "A", "I", "Hi", "--caller-id-only"]).ok();
    for (n, foreign) in ErrorResponse::samples().into_iter().enumerate() {
        let to = format!("+1332220{:04}", 1000 + n);
        let mut line = vec!["--mission", "m", &to, "in 15m"];
        if n % 2 == 0 {
            line.splice(0..0, ["schedule-call", "--any-time"]);
        } else {
            line.insert(0, "schedule-sms");
            line.push("Hello");
        }
        service.fail("POST", EVENTS, RequestFault::Response(foreign), 1);
        let out = sandbox.run(MISSIONS, &line);
        assert_eq!(out.code(), foreign.exit(), "{foreign:?} {out}");
        let again = sandbox.run(MISSIONS, &line);
        let sent = service.seen_at("POST", EVENTS);
        let sent: Vec<_> = sent.iter().filter(|seen| seen.body["to"] == *to).collect();
        if foreign.proof() == Proof::None {
            assert_eq!((again.code(), sent.len()), (8, 1), "{foreign:?} {again}");
            again.stderr_has("may have been scheduled").stderr_has("hint: look with");
        } else {
            assert_eq!((again.code(), sent.len()), (0, 2), "{foreign:?} {again}");
            let same = [0, 1].map(|n| (sent[n].header("idempotency-key"), &sent[n].body));
            assert_eq!(same[0] == same[1], foreign.proof() == Proof::Later, "{foreign:?} {same:?}");
        }
    }
}

/// A deferred request whose time has come meanwhile was not carried out: the same line counts from now.
#[test]
fn a_request_that_was_deferred_for_too_long_is_sent_anew() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["init", "M", "I", "R"]).ok();
    sandbox.run(MISSIONS, ["setup-agent", "m", "A", "I", "Hi", "--caller-id-only"]).ok();
    let line = ["schedule-call", "--mission", "m", "+13322201000", "in 15m", "--any-time"];
    let later = ErrorResponse {
        retry_after: Some(3600),
        ..ErrorResponse::new(429, harness::BodyKind::Empty)
    };
    service.fail("POST", EVENTS, RequestFault::Response(later), 1);
    sandbox.run(MISSIONS, line).fails(4);
    service.advance(Duration::from_secs(20 * 60));
    sandbox.run(MISSIONS, line).ok();
    let sent = service.seen_at("POST", EVENTS);
    assert_ne!(sent[0].body["scheduled_at"], sent[1].body["scheduled_at"]);
    assert_ne!(sent[0].header("idempotency-key"), sent[1].header("idempotency-key"));
}

/// Each of many missions makes a retry and gets another answer; ticks go on for some minutes.
#[test]
fn no_answer_makes_a_tick_repeat_what_may_have_been_done() {
    for some in ErrorResponse::samples().chunks(28) {
        ticks_after(some);
    }
}

fn ticks_after(foreign: &[ErrorResponse]) {
    let many = ManyMissions::new(ServiceSettings::default(), foreign.len());
    for (n, foreign) in foreign.iter().enumerate() {
        many.service.fail("POST", &ManyMissions::events_of(n), RequestFault::Response(*foreign), 1);
    }
    let mut reported: BTreeSet<String> = BTreeSet::new();
    // An answer that asks to wait, or refuses the key, ends a tick for all missions.
    for _ in 0..16 {
        let out = many.tick();
        ManyMissions::note_unconfirmed(&out.json(), &mut reported);
        many.service.advance(Duration::from_secs(25));
    }
    for (n, foreign) in foreign.iter().enumerate() {
        let sent = many.service.seen_at("POST", &ManyMissions::events_of(n));
        let slug = ManyMissions::slug(n);
        match foreign.proof() {
            Proof::None => {
                assert_eq!(sent.len(), 1, "{foreign:?} was repeated");
                assert!(reported.contains(&slug), "{foreign:?}: it was not reported");
            }
            Proof::Later => {
                assert_eq!(sent.len(), 2, "{foreign:?}");
                assert_eq!(sent[0].body, sent[1].body, "{foreign:?}");
                let keys = [0, 1].map(|n| sent[n].header("idempotency-key"));
                assert_eq!(keys[0], keys[1], "{foreign:?}");
            }
            Proof::Refused | Proof::KeyRefused => assert_eq!(sent.len(), 2, "{foreign:?}"),
        }
    }
}

/// A thousand histories: any answers, to requests that were carried out or not, lists that lag, ticks that are killed.
fn histories(settings: ServiceSettings, seed: u64) {
    const N: usize = 25;
    let mut rng = Rng::new(seed);
    let many = ManyMissions::new(settings, N);
    let kinds = ErrorResponse::samples();
    let mut proofs: Vec<Vec<Proof>> = Vec::new();
    for n in 0..N {
        let mut answers = Vec::new();
        for _ in 0..=rng.index(3) {
            let foreign = kinds[rng.index(kinds.len())];
            let carried_out = foreign.proof() == Proof::None && rng.chance(50);
            answers.push(match rng.below(10) {
                0 => (RequestFault::Lost, Proof::None),
                1 => (RequestFault::Cut, Proof::None),
                _ => (
                    RequestFault::Response(ErrorResponse { carried_out, ..foreign }),
                    foreign.proof(),
                ),
            });
        }
        // The newest rule is the first to be used.
        for (fault, _) in answers.iter().rev() {
            many.service.fail("POST", &ManyMissions::events_of(n), *fault, 1);
        }
        proofs.push(answers.into_iter().map(|(_, proof)| proof).collect());
    }
    let mut reported: BTreeSet<String> = BTreeSet::new();
    for _ in 0..7 {
        if rng.chance(50) {
            let mut tick = many.spawn_tick();
            std::thread::sleep(Duration::from_millis(rng.below(150))); // the moment of the kill
            tick.signal(Signal::KILL);
            tick.finish(Duration::from_secs(60));
        } else {
            let out = many.tick();
            assert!([0, 1, 3, 4, 8].contains(&out.code()), "{out}");
            ManyMissions::note_unconfirmed(&out.json(), &mut reported);
        }
        many.service.advance(Duration::from_secs(10));
    }
    // What a killed tick would have reported is reported when it is next searched for, which may be after its time; and a
    // tick that an answer stopped searches for nothing more.
    let mut n_complete = 0;
    for _ in 0..80 {
        many.service.advance(Duration::from_secs(if n_complete == 0 { 25 } else { 15 * 60 }));
        let report = many.tick().json();
        ManyMissions::note_unconfirmed(&report, &mut reported);
        let mut missions = report["missions"].as_array().into_iter().flatten();
        n_complete += u32::from(missions.all(|mission| mission["failed"].is_null()));
        if n_complete == 2 {
            break;
        }
    }
    assert_eq!(n_complete, 2, "some answer stops every tick");
    let state = many.sandbox.json("skill/.missions_state.json");
    for n in 0..N {
        let slug = ManyMissions::slug(n);
        let made = many.retries_of(n);
        let sent = many.service.seen_at("POST", &ManyMissions::events_of(n)).len();
        assert!(made.len() <= 1, "{slug} was scheduled {} times: {made:?}", made.len());
        let is_known = |row: &Value| {
            let id = row["id"].as_str().expect("a row has an id");
            state[&slug]["events"].get(id).is_some()
        };
        // A request that left without a clear answer was found, or reported.
        let is_sure =
            |n: usize| proofs[n].get(..sent).is_some_and(|all| !all.contains(&Proof::None));
        let is_found = !made.is_empty() && made.iter().all(is_known);
        let is_reported = reported.contains(&slug);
        assert!(
            is_found || is_reported || is_sure(n),
            "{slug}: {sent} sent, {made:?}, {:?}",
            proofs[n]
        );
    }
}

#[test]
fn no_history_of_answers_schedules_anybody_twice() {
    for seed in 0..20 {
        let lag = Duration::from_millis(200);
        histories(ServiceSettings { seed, lag, ..ServiceSettings::default() }, 100 + seed);
    }
}

#[test]
fn no_history_schedules_anybody_twice_where_the_service_honours_keys() {
    for seed in 20..40 {
        let lag = Duration::from_millis(200);
        histories(
            ServiceSettings { seed, lag, idempotent: true, ..ServiceSettings::default() },
            200 + seed,
        );
    }
}

/// The service defers a request, and then says that a request with this key is under way: that is ours.
#[test]
fn a_conflict_over_our_own_key_stays_unconfirmed() {
    let service = SimulatedService::start();
    service.clock().periods(50);
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["init", "M", "I", "R"]).ok();
    sandbox.run(MISSIONS, ["setup-agent", "m", "A", "I", "Hi", "--caller-id-only"]).ok();
    let line = ["schedule-call", "--mission", "m", "+13322201000", "in 15m", "--any-time"];
    service.fail("POST", EVENTS, RequestFault::RetryAfter(503, 1), 1);
    let busy = "A request with this Idempotency-Key is still being processed";
    let busy = json!({"error": {"code": "conflict", "message": busy}});
    service.once("POST", EVENTS, 409, busy);
    for _ in 0..2 {
        sandbox.run(MISSIONS, line).fails(8).stderr_has("may have been scheduled");
    }
    let sent = service.seen_at("POST", EVENTS);
    let keys: Vec<_> = sent.iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 2, "nothing goes out after the conflict");
    assert_eq!(keys[0], keys[1]);
}
