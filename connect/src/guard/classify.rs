//! Decides whether a request is an instruction that acts (spec 3, the guard), and can say why.
//!
//! It looks at the verbs of the request one by one: what does this verb do (`lexicon`), who governs it
//! (`governor`), what is its object (`object`). One verb that acts and is ordered makes the request sensitive.

use std::fmt;

use super::clause::{self, Clause, Join};
use super::fold::{self, Stop, Word};
use super::governor::{self, Role};
use super::juxtaposed::Loose;
use super::lexicon::Class;
use super::mood::Mood;
use super::object::{self, Object};
use super::results::{self, Wordless};
use super::rules::{self, Rules};
use super::verbs::{self, Form, Reading};
use super::{english, noun, spoken, stranger};

/// Requests longer than this many characters are sensitive: nobody speaks so long, and the rule is not
/// made for it.
pub(crate) const LONGEST: usize = 4_000;

/// What the guard makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A question, a report, or an instruction that only looks and talks.
    Harmless,
    /// It acts, or cannot be judged.
    Sensitive(Reason),
}

/// Why a request is sensitive, in words for the owner. Names the verb, never the whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This verb acts and is ordered.
    Instruction { verb: String, does: Class },
    /// The word is asked for as an action, and the rule does not know it.
    UnknownVerb(String),
    /// The owner's own pattern.
    Pattern(String),
    /// No common English word occurs.
    NotEnglish,
    /// Longer than [`LONGEST`].
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction { verb, does } => {
                write!(f, "instruction `{verb} …`: {}", does.says())
            }
            Self::UnknownVerb(word) => {
                write!(f, "instruction `{word} …`: an action that the guard does not know")
            }
            Self::Pattern(phrase) => write!(f, "`{phrase}` of guard.patterns"),
            Self::NotEnglish => write!(f, "not in English, so the guard cannot judge it"),
            Self::TooLong => write!(f, "longer than {LONGEST} characters"),
        }
    }
}

/// Judges `text`. Linear in its length; never panics.
pub(crate) fn classify(text: &str, rules: &Rules) -> Verdict {
    if text.chars().nth(LONGEST).is_some() {
        return Verdict::Sensitive(Reason::TooLong);
    }
    let folded = fold::words(text);
    let words = spoken::regular(&folded);
    if let Some(pattern) = rules::pattern_in(rules, &words) {
        return Verdict::Sensitive(Reason::Pattern(pattern.to_owned()));
    }
    let covered = rules::covered(rules, &words);
    if let Some(reason) = instruction(&words, &covered) {
        return Verdict::Sensitive(reason);
    }
    if !english::readable(&folded) && !covered.iter().all(|&covered| covered) {
        return Verdict::Sensitive(Reason::NotEnglish);
    }
    Verdict::Harmless
}

/// Judges what somebody other than the owner said, by the same rule: but "me" is that somebody.
pub(crate) fn classify_strangers(text: &str, rules: &Rules) -> Verdict {
    let as_said = classify(text, rules);
    if as_said != Verdict::Harmless {
        return as_said;
    }
    let words = spoken::regular(&fold::words(text));
    let covered = rules::covered(rules, &words);
    let reason = instruction(&stranger::as_another(&words), &covered);
    reason.map_or(Verdict::Harmless, Verdict::Sensitive)
}

/// How the verbs of the clause before were governed; "and" hands it on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum License {
    None,
    Ordered,
    Embedded,
    Forbidden,
}

fn instruction(words: &[Word], covered: &[bool]) -> Option<Reason> {
    let mut before = License::None;
    for clause in clause::clauses(words) {
        if words[clause.start].stop == Stop::Sentence {
            before = License::None;
        }
        let mut license = starting_license(&clause, before);
        for (at, &covered) in covered.iter().enumerate().take(clause.end).skip(clause.open) {
            let reason = judge(&clause, at, &mut license, before);
            if reason.is_some() && !covered {
                return reason;
            }
        }
        if let Some((at, what)) = results::wordless(&clause).filter(|&(at, _)| !covered[at]) {
            let does = match what {
                Wordless::Gone => Class::Destroys,
                Wordless::Switched => Class::Switches,
                Wordless::Booked => Class::Books,
            };
            return Some(Reason::Instruction { verb: clause.at(at).to_owned(), does });
        }
        before = license;
    }
    None
}

fn starting_license(clause: &Clause, before: License) -> License {
    let verbless = !clause.rest(clause.open).any(verbs::is_base);
    match clause.mood {
        Mood::Question { plain: true } => License::Embedded,
        Mood::Forbidden => License::Forbidden,
        // "and Bob", "tomorrow": what was said before still holds.
        _ if verbless && clause.join != Join::Fresh => before,
        _ => License::None,
    }
}

fn judge(clause: &Clause, at: usize, license: &mut License, before: License) -> Option<Reason> {
    let word = clause.at(at);
    let readings = verbs::readings(word);
    if readings.is_empty() {
        return unknown(clause, at);
    }
    let acting = readings.iter().filter(|reading| reading.row.does.is_some());
    if readings.iter().any(|reading| reading.form == Form::Base) {
        let role = governor::role(clause, at);
        let inherited = role == Role::Start && inherits(clause, at, before);
        note(clause, role, inherited, license, before);
        let found = acting.clone().filter(|reading| reading.form == Form::Base).find(|reading| {
            let noun = || reading.noun && noun::is_noun(clause, at, reading);
            let orders = match role {
                Role::Start => !inherited && !noun(),
                Role::Ordered => true,
                Role::Embedded | Role::Forbidden => false,
                Role::Beside(beside) => {
                    let object = object::object(clause, at);
                    !noun() && Loose { at, beside, noun: reading.noun, object }.orders(clause)
                }
            };
            orders && object::acts(clause, at, reading.row)
        });
        if let Some(reading) = found {
            return tell(word, reading);
        }
    }
    let result = acting.clone().filter(|reading| reading.form == Form::Past).find(|reading| {
        results::wanted(clause, at)
            .is_some_and(|from| object::acts_on(clause, from, at, reading.row))
    });
    let gerund = || {
        acting
            .clone()
            .filter(|reading| reading.form == Form::Ing)
            .find(|reading| results::gerund(clause, at) && object::acts(clause, at, reading.row))
    };
    result.or_else(gerund).and_then(|reading| tell(word, reading))
}

fn tell(word: &str, reading: &Reading) -> Option<Reason> {
    reading.row.does.map(|does| Reason::Instruction { verb: word.to_owned(), does })
}

/// Keeps what governs the verbs of this clause for the next one.
fn note(clause: &Clause, role: Role, inherited: bool, license: &mut License, before: License) {
    *license = match role {
        Role::Start if inherited => before,
        Role::Start | Role::Ordered => match clause.mood {
            Mood::Question { plain: true } => return,
            _ => License::Ordered,
        },
        Role::Embedded => License::Embedded,
        Role::Forbidden => License::Forbidden,
        Role::Beside(_) => return,
    };
}

/// Whether the verb that begins this clause is governed by what governs the clause before: "how do I clone
/// and delete a repo", "don't call or text him".
fn inherits(clause: &Clause, at: usize, before: License) -> bool {
    let adjacent = verbs::is_base(clause.word_before());
    match (clause.join, before) {
        (Join::Fresh, _) | (_, License::None | License::Ordered) => false,
        (Join::And, License::Embedded) | (Join::Or, License::Embedded | License::Forbidden) => {
            let it = object::object(clause, at) == Object::Pronoun;
            !(stative(clause, at) || it && clause.looked_up())
        }
        (Join::And, License::Forbidden) => adjacent,
        // "don't delete, move or rename anything", but not "don't wait, send it".
        (Join::Comma, License::Forbidden) => adjacent && clause.lists_with_or(),
        (Join::Comma, License::Embedded) => {
            adjacent || clause.asked() && clause.before_has_question()
        }
    }
}

/// "What do I have tomorrow and cancel the dentist": nobody asks what they cancel the dentist.
fn stative(clause: &Clause, at: usize) -> bool {
    clause.question_of_having()
        && matches!(object::object(clause, at), Object::Marked | Object::Pronoun)
}

/// A word in the place of an ordered verb that is no English we know.
fn unknown(clause: &Clause, at: usize) -> Option<Reason> {
    let word = clause.at(at);
    if results::strange(clause, at) {
        return Some(Reason::UnknownVerb(word.to_owned()));
    }
    let named = matches!(object::object(clause, at), Object::Marked | Object::Pronoun);
    if at == clause.open && named && !english::known(word) {
        let acting = verbs::misspelt(word);
        let acting = acting.iter().find(|reading| object::acts(clause, at, reading.row));
        return acting.and_then(|reading| tell(word, reading));
    }
    let left = clause.at(clause.left(at)?);
    let told = || clause.left(at).map_or("", |to| clause.before_word(to));
    let place = match left {
        "you" | "lets" => true,
        "to" => matches!(told(), "you" | "want" | "need" | "like"),
        _ => false,
    };
    let strange = word.len() > 2 && word.chars().all(char::is_alphabetic) && !english::small(word);
    let ordered = || governor::role(clause, at) == Role::Ordered;
    (place && strange && ordered()).then(|| Reason::UnknownVerb(word.to_owned()))
}
