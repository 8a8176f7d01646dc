//! An outreach over a simulated service: thousands of histories, each played by programs that are killed between any two
//! writes. Nobody is called twice for one try, none is forgotten, and nothing goes beyond the window, the budget, the last
//! hour, the do-not-call list, the owner's yes.

use jiff::Timestamp;
use proptest::prelude::*;

use super::chaos::Tape;
use super::history::ScriptedEnd;
use super::outreach_world::{Call, World};
use crate::lifecycle::facts::MissionFacts;
use crate::lifecycle::retry::RETRIES;
use crate::lifecycle::rows::rows;

fn check(world: &World) {
    for n in 0..world.people.len() {
        let calls: Vec<&Call> = world.calls.iter().filter(|call| call.person == n).collect();
        let most = if world.recipient.is_some() { 1 + RETRIES } else { 1 };
        assert!(calls.len() <= most, "{n} had {} calls", calls.len());
        for (attempt, call) in calls.iter().enumerate() {
            assert_eq!(call.attempt, attempt, "one try was made twice: {world:#?}");
            assert!(world.people[n].window.is_inside(call.at), "outside the window");
            assert!(call.at <= world.until, "after the last hour");
            assert!(call.at.duration_since(call.made).as_secs() >= 60, "no notice");
        }
        let ends = calls.iter().enumerate().map(|(attempt, _)| world.people[n].ends[attempt]);
        assert!(ends.filter(|end| *end == ScriptedEnd::Voicemail).count() <= 1, "two messages");
    }
    assert!(world.max_attempts.is_none_or(|most| world.calls.len() <= most), "beyond the budget");
    let mut firsts: Vec<Timestamp> =
        world.calls.iter().filter(|call| call.attempt == 0).map(|call| call.at).collect();
    firsts.sort_unstable();
    for some in firsts.windows(world.pacing.batch + 1) {
        let span = some[world.pacing.batch].duration_since(some[0]);
        assert!(span >= world.pacing.interval(), "too many at once: {world:#?}");
    }
    for call in world.calls.iter().filter(|call| call.attempt == 0) {
        let is_ahead =
            |one: &&Call| one.attempt == 0 && one.made <= call.made && one.at > call.made;
        let n = world.calls.iter().filter(is_ahead).count();
        assert!(n <= 2 * world.pacing.batch, "more than two batches ahead");
    }
    let (outreach, steps) = (world.outreach(), world.steps());
    let facts = MissionFacts {
        now: world.now,
        steps: &steps,
        run: world.run,
        targets: &world.targets,
        verify_step: None,
        outreach: Some(&outreach),
    };
    let rows = rows(&world.applied, facts);
    assert_eq!(rows.len(), world.people.len(), "somebody was forgotten");
    let open: Vec<_> = rows.iter().filter(|row| !row.outcome.is_final()).collect();
    let by_hand = world.applied.ending.as_ref().is_some_and(|end| end.by_hand);
    assert!(open.is_empty() || by_hand, "left open: {open:?} of {world:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]
    #[test]
    fn an_outreach_reaches_each_once_whatever_is_killed_on_the_way(
        story in proptest::collection::vec(any::<u8>(), 0..60),
        kills in proptest::collection::vec(0usize..25, 0..12),
    ) {
        let mut world = World::read(&mut Tape::new(&story));
        let mut kills = kills.into_iter();
        for n in 0.. {
            assert!(n < 3_000, "it never ends: {world:#?}");
            let next = world.tick(kills.next().filter(|kill| *kill > 0).unwrap_or(usize::MAX));
            if world.applied.is_finished() {
                break;
            }
            world.advance(next);
        }
        check(&world);
    }
}
