//! The lifecycle over an invented service: thousands of histories, each played quietly and with programs that are
//! killed between any two writes and run two at a time.

mod chaos;
mod history;
mod seed;
mod tick;
mod world;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::ledger::RunEnd;
use super::retry::{RETRIES, Recipient};
use super::tree::Run;
use chaos::{Chaos, Tape};
use history::History;
use world::World;

/// Plays a history to its end.
fn play(history: &History, chaos: &mut Chaos) -> World {
    let mut world = World::new(history);
    // Far more than any history needs; one that goes on for ever is a fault of its own.
    for _ in 0..4_000 {
        let Some(next) = chaos.run_ticks(&mut world) else {
            // Whatever is still scheduled rings.
            world.advance(world.now + SignedDuration::from_hours(24 * 30));
            return world;
        };
        world.advance(next);
    }
    panic!("the mission never comes to rest: {history:?}");
}

/// What must hold whatever happened on the way.
fn check(history: &History, world: &World) {
    for (n, wish) in history.targets.iter().enumerate() {
        let made: Vec<_> = world.server.events.iter().filter(|event| event.target == n).collect();
        let budget = if wish.recipient.is_some() { RETRIES } else { 0 };
        assert!(made.len() <= 1 + budget, "{n} was tried {} times", made.len());
        for (attempt, event) in made.iter().enumerate() {
            assert_eq!(event.attempt, attempt, "an attempt was made twice or left out");
            let is_retry = attempt > 0;
            assert!(!is_retry || wish.window.is_inside(event.at), "outside the window");
            assert!(!is_retry || event.at.duration_since(event.made).as_secs() >= 60, "no notice");
            assert!(!is_retry || !event.was_forbidden, "a forbidden number was tried again");
            assert!(
                !is_retry || made[attempt - 1].at < event.at,
                "tried again before the attempt before it"
            );
        }
        let voicemails = made.iter().filter(|event| event.dialled && event.is_voicemail());
        let is_person = wish.recipient == Some(Recipient::Professional);
        assert!(!is_person || voicemails.count() <= 1, "two voicemails");
    }
    let are_over = world.server.steps.iter().all(|step| step.status.is_over());
    let is_running = !matches!(world.server.run, Run::Ended(_));
    let is_left = world.server.run == Run::Running && !world.server.steps.is_empty() && are_over;
    assert!(!is_left, "left running: {world:?}");
    for target in &world.local.targets {
        assert!(!is_running || target.last().end.is_some(), "an event was forgotten");
    }
    if !is_running {
        assert!(!world.local.cron, "the cron line is still there");
        assert!(world.local.archived.is_some() && world.local.ledger.is_settled());
        let by_hand = world.local.ledger.ending.as_ref().is_some_and(|ending| ending.by_hand);
        let told = world.local.told.iter().any(|text| text.starts_with("The mission has"));
        assert!(!(told && by_hand), "told who knew: {world:?}");
        // Programs that are killed for an hour, one after the other, give up telling.
        assert!(told || by_hand || world.took_an_hour_to_settle(), "not told: {world:?}");
    }
    assert_eq!(world.n_late_dials, 0, "dialled after the end");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]
    #[test]
    fn a_mission_ends_as_it_should_whatever_is_killed_on_the_way(
        story in proptest::collection::vec(any::<u8>(), 0..80),
        trouble in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let history = History::read(&mut Tape::new(&story));
        let quiet = play(&history, &mut Chaos::none());
        check(&history, &quiet);
        let mut chaos = Chaos::new(Tape::new(&trouble));
        let troubled = play(&history, &mut chaos);
        check(&history, &troubled);
        // What somebody does by hand at a certain time meets another moment of the mission; and what was killed
        // between its intent and its request is in doubt, and rightly never repeated.
        if history.hands.is_empty() && troubled.n_in_doubt == 0 {
            prop_assert_eq!(quiet.server.run, troubled.server.run);
            // "Fail mission now" leaves the other steps as they are just then.
            if quiet.server.run != Run::Ended(RunEnd::Failed) || history.has_one_step() {
                prop_assert_eq!(quiet.end(), troubled.end());
            }
        }
    }
}
