//! Programs that run two at a time and die between two writes, by a tape of bytes that proptest can shrink.

use jiff::Timestamp;

use super::simulated_tick::SimulatedTick;
use super::world::SimulatedWorld;

/// Choices, one byte each; a tape that is used up says zero.
#[derive(Clone, Debug)]
pub(super) struct Tape<'a>(std::slice::Iter<'a, u8>);

impl<'a> Tape<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % n
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// What goes wrong.
#[derive(Debug)]
pub(super) struct Chaos<'a> {
    tape: Tape<'a>,
    /// Whether a second program waits for the first, as they do.
    locked: bool,
}

impl<'a> Chaos<'a> {
    pub(super) fn none() -> Self {
        Self { tape: Tape::new(&[]), locked: true }
    }

    pub(super) fn new(mut tape: Tape<'a>) -> Self {
        let locked = tape.below(4) > 0;
        Self { tape, locked }
    }

    /// Runs one program or two until they are through or dead; when the next one runs, `None` if never.
    pub(super) fn run_ticks(&mut self, world: &mut SimulatedWorld) -> Option<Timestamp> {
        world.is_locked = self.locked;
        let (mut one, mut other) = (SimulatedTick::new(), None);
        let kill_after = match self.tape.below(3) {
            0 => usize::MAX,
            _ => self.tape.below(40),
        };
        if !self.locked && self.tape.below(2) == 1 {
            other = Some(SimulatedTick::new());
        }
        for n in 0.. {
            assert!(n < 10_000, "the program goes round in circles: {one:?}");
            if n == kill_after && !self.tape.is_over() {
                [Some(&one), other.as_ref()].into_iter().flatten().for_each(|tick| tick.die(world));
                return Some(world.now);
            }
            let turn = if self.tape.below(2) == 1 { other.as_mut() } else { None };
            let is_through = match turn {
                Some(tick) => {
                    if tick.step(world) {
                        other = None;
                    }
                    false
                }
                None => one.step(world),
            };
            if is_through {
                break;
            }
        }
        while let Some(tick) = &mut other {
            if tick.step(world) {
                other = None;
            }
        }
        world.next_tick(one.next_poll())
    }
}
