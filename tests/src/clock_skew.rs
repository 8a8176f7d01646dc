//! A machine whose wall clock is set to wrong times between one run of a program and the next.

use crate::Rng;

/// What the clock may show: the right time, an hour more, an hour less.
const CLOCKS: [&str; 3] = ["", "+1h", "-1h"];

/// How wrong the wall clock is now, and how often that has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockSkew {
    clock: usize,
    jumps: usize,
}

impl ClockSkew {
    /// The clock of the next program: in two of three cases another one than that of the last. For
    /// [`PreparedCommand::skewed`](crate::PreparedCommand::skewed).
    pub fn draw(&mut self, rng: &mut Rng) -> &'static str {
        self.set(rng.index(CLOCKS.len()))
    }

    /// The right time.
    pub fn reset(&mut self) -> &'static str {
        self.set(0)
    }

    fn set(&mut self, clock: usize) -> &'static str {
        self.jumps += usize::from(self.clock != clock);
        self.clock = clock;
        CLOCKS[clock]
    }

    /// How often the clock was set to another time.
    pub fn jumps(&self) -> usize {
        self.jumps
    }
}

#[cfg(test)]
mod tests {
    use super::ClockSkew;
    use crate::Rng;

    #[test]
    fn only_a_change_is_a_jump() {
        let (mut skew, mut rng) = (ClockSkew::default(), Rng::new(1));
        let drawn: Vec<_> = (0..300).map(|_| skew.draw(&mut rng)).collect();
        let before = [""].iter().chain(&drawn);
        assert_eq!(before.zip(&drawn).filter(|(one, next)| one != next).count(), skew.jumps());
        assert!((150..250).contains(&skew.jumps()), "{}", skew.jumps());
        assert_eq!(skew.reset(), "");
        let jumps = skew.jumps();
        assert_eq!((skew.reset(), skew.jumps()), ("", jumps));
    }
}
