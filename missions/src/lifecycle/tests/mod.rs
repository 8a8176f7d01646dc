//! The lifecycle over a simulated service: thousands of histories, each played quietly and with programs that are killed
//! between any two writes and run two at a time.

mod chaos;
mod history;
mod outreach;
mod outreach_world;
mod simulated_tick;
mod worked_example;
mod world;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::end::RunEnd;
use super::facts::RunState;
use super::retry::{RETRIES, Recipient};
use chaos::{Chaos, Tape};
use history::History;
use world::SimulatedWorld;

/// Plays a history to its end.
fn play(history: &History, chaos: &mut Chaos) -> SimulatedWorld {
    let mut world = SimulatedWorld::new(history);
    // Far more than any history needs.
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
fn check(history: &History, world: &SimulatedWorld) {
    for (n, planned) in history.targets.iter().enumerate() {
        let made: Vec<_> = world.server.events.iter().filter(|event| event.target == n).collect();
        let budget = if planned.recipient.is_some() { RETRIES } else { 0 };
        assert!(made.len() <= 1 + budget, "{n} had {} calls", made.len());
        for (attempt, event) in made.iter().enumerate() {
            assert_eq!(event.attempt, attempt, "a retry was made twice or left out");
            let is_retry = attempt > 0;
            assert!(!is_retry || planned.window.is_inside(event.at), "outside the window");
            assert!(!is_retry || event.at.duration_since(event.made).as_secs() >= 60, "no notice");
            assert!(!is_retry || !event.was_forbidden, "a forbidden number was retried");
            assert!(
                !is_retry || made[attempt - 1].at < event.at,
                "a retry before the call before it"
            );
        }
        let voicemails = made.iter().filter(|event| event.dialled && event.is_voicemail());
        let is_person = planned.recipient == Some(Recipient::Professional);
        assert!(!is_person || voicemails.count() <= 1, "two voicemails");
    }
    let are_over = world.server.steps.iter().all(|step| step.status.is_over());
    let is_running = !matches!(world.server.run, RunState::Ended(_));
    let is_left =
        world.server.run == RunState::Running && !world.server.steps.is_empty() && are_over;
    assert!(!is_left, "left running: {world:?}");
    for target in &world.local.targets {
        assert!(!is_running || target.last().end.is_some(), "an event was forgotten");
    }
    if !is_running {
        assert!(!world.local.cron, "the cron line is still there");
        assert!(world.local.archived.is_some() && world.local.applied.is_finished());
        let by_hand = world.local.applied.ending.as_ref().is_some_and(|ending| ending.by_hand);
        let notified = world.local.notified.iter().any(|text| text.starts_with("The mission has"));
        assert!(!(notified && by_hand), "notified although ended by hand: {world:?}");
        // Programs that are killed for an hour, one after the other, give up notifying.
        assert!(notified || by_hand || world.took_an_hour_to_finish(), "not notified: {world:?}");
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
        // between its intent and its request is unconfirmed, and rightly never repeated.
        if history.interventions.is_empty() && troubled.n_unconfirmed == 0 {
            prop_assert_eq!(quiet.server.run, troubled.server.run);
            // The end of a failed mission leaves the other steps as they are just then.
            if quiet.server.run != RunState::Ended(RunEnd::Failed) || history.has_one_step() {
                prop_assert_eq!(quiet.final_state(), troubled.final_state());
            }
        }
    }
}
