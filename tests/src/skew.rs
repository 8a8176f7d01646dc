//! A machine whose clock on the wall is set while its programs come and go.

use crate::Fate;

/// What the clock may show: the right time, an hour more, an hour less.
const CLOCKS: [&str; 3] = ["", "+1h", "-1h"];

/// How wrong the clock is now, and how often that has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skew {
    clock: usize,
    jumps: usize,
}

impl Skew {
    /// The clock of the next program: in two of three cases another one than that of the last. For
    /// [`Run::skewed`](crate::Run::skewed).
    pub fn draw(&mut self, fate: &mut Fate) -> &'static str {
        self.set(fate.place(CLOCKS.len()))
    }

    /// The right time.
    pub fn mend(&mut self) -> &'static str {
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
    use super::Skew;
    use crate::Fate;

    #[test]
    fn only_a_change_is_a_jump() {
        let (mut skew, mut fate) = (Skew::default(), Fate::new(1));
        let drawn: Vec<_> = (0..300).map(|_| skew.draw(&mut fate)).collect();
        let before = [""].iter().chain(&drawn);
        assert_eq!(before.zip(&drawn).filter(|(one, next)| one != next).count(), skew.jumps());
        assert!((150..250).contains(&skew.jumps()), "{}", skew.jumps());
        assert_eq!(skew.mend(), "");
        let jumps = skew.jumps();
        assert_eq!((skew.mend(), skew.jumps()), ("", jumps));
    }
}
