//! Patterns of national numbers as prefixes: "every number of these lengths that begins so".
//!
//! A pattern is compiled to an automaton and walked digit by digit. Where everything of some lengths follows and nothing else,
//! the walk has come to a prefix that says it all.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;
use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense::DFA;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

/// No national number is longer.
const LONGEST: usize = 17;

/// A beginning of numbers, and how long the numbers are that begin so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DigitPrefix {
    pub(super) digits: String,
    pub(super) lengths: BTreeSet<usize>,
}

/// A pattern that can be walked.
pub(super) struct Pattern {
    dfa: DFA<Vec<u32>>,
    start: StateID,
}

/// Lengths of what may follow: those of which everything is accepted, and those of which something is.
#[derive(Clone, Default)]
struct Follow {
    all: BTreeSet<usize>,
    some: BTreeSet<usize>,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> anyhow::Result<Self> {
        // `\d` means ten digits here.
        let pattern = format!("^(?:{})$", pattern.replace(r"\d", "[0-9]"));
        let dfa = DFA::new(&pattern).with_context(|| format!("compiling `{pattern}`"))?;
        let start =
            dfa.start_state(&start::Config::new().anchored(regex_automata::Anchored::Yes))?;
        Ok(Self { dfa, start })
    }

    /// The prefixes that say the same as the pattern, for numbers of these lengths.
    pub(super) fn prefixes(&self, lengths: &BTreeSet<usize>) -> Vec<DigitPrefix> {
        let (mut found, mut known) = (Vec::new(), HashMap::new());
        self.walk(self.start, &mut String::new(), lengths, &mut known, &mut found);
        found
    }

    /// The lengths of the numbers that begin with these digits.
    pub(super) fn lengths_behind(&self, digits: &str) -> BTreeSet<usize> {
        let state = digits.bytes().fold(self.start, |state, byte| self.dfa.next_state(state, byte));
        let follow = self.follow(state, 0, &mut HashMap::new());
        follow.some.iter().map(|n| n + digits.len()).collect()
    }

    fn walk(
        &self,
        state: StateID,
        digits: &mut String,
        lengths: &BTreeSet<usize>,
        known: &mut HashMap<StateID, Follow>,
        found: &mut Vec<DigitPrefix>,
    ) {
        let follow = self.follow(state, digits.len(), known);
        let whole = |rest: &BTreeSet<usize>| -> BTreeSet<usize> {
            rest.iter().map(|n| n + digits.len()).filter(|n| lengths.contains(n)).collect()
        };
        let all = whole(&follow.all);
        let rest: BTreeSet<usize> = whole(&follow.some).difference(&all).copied().collect();
        if !all.is_empty() {
            found.push(DigitPrefix { digits: digits.clone(), lengths: all });
        }
        if rest.is_empty() {
            return;
        }
        for digit in '0'..='9' {
            digits.push(digit);
            self.walk(self.dfa.next_state(state, digit as u8), digits, &rest, known, found);
            digits.pop();
        }
    }

    fn follow(&self, state: StateID, depth: usize, known: &mut HashMap<StateID, Follow>) -> Follow {
        if self.dfa.is_dead_state(state) || depth > LONGEST {
            return Follow::default();
        }
        if let Some(known) = known.get(&state) {
            return known.clone();
        }
        let mut follow = Follow::default();
        if self.dfa.is_match_state(self.dfa.next_eoi_state(state)) {
            follow.all.insert(0);
            follow.some.insert(0);
        }
        let next: Vec<Follow> = (b'0'..=b'9')
            .map(|digit| self.follow(self.dfa.next_state(state, digit), depth + 1, known))
            .collect();
        for n in 0..LONGEST {
            if next.iter().all(|one| one.all.contains(&n)) {
                follow.all.insert(n + 1);
            }
            if next.iter().any(|one| one.some.contains(&n)) {
                follow.some.insert(n + 1);
            }
        }
        known.insert(state, follow.clone());
        follow
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[track_caller]
    fn case(pattern: &str, lengths: &[usize], wanted: &[(&str, &[usize])]) {
        let found = Pattern::new(pattern).unwrap().prefixes(&lengths.iter().copied().collect());
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.digits.as_str(), one.lengths.iter().copied().collect::<Vec<_>>()))
            .collect();
        let wanted: Vec<_> = wanted.iter().map(|(digits, all)| (*digits, all.to_vec())).collect();
        assert_eq!(found, wanted, "{pattern}");
    }

    #[test]
    fn a_pattern_becomes_the_shortest_prefixes_that_say_the_same() {
        case(r"90[01]\d{7}", &[10], &[("900", &[10]), ("901", &[10])]);
        case(
            r"8(?:4[2-3]|70)\d{7}|84[2]46\d\d",
            &[7, 10],
            &[("842", &[10]), ("84246", &[7]), ("843", &[10]), ("870", &[10])],
        );
        case(r"[1-9]\d{8}|\d{9}", &[9], &[("", &[9])]);
    }

    #[test]
    fn what_a_number_may_begin_with_is_known() {
        let canada = Pattern::new(r"[2-9]\d{9}|3\d{6}").unwrap();
        let lengths = |digits| canada.lengths_behind(digits).into_iter().collect::<Vec<_>>();
        assert_eq!((lengths("3"), lengths("4"), lengths("0")), (vec![7, 10], vec![10], vec![]));
    }
}
