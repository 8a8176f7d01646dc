//! Decides whether a request is an instruction that acts, and says why: the last step, which asks all the others.
//!
//! It looks at the verbs of the request one by one: what the verb does ([`verb_table`](super::verb_table)), whether it is
//! ordered ([`imperative`]) and what its object is ([`object`]). One verb that acts and is ordered makes the request
//! sensitive.

use std::fmt;

use super::clause::{Clause, ClauseJoin, Mood};
use super::imperative::{self, VerbRole};
use super::morphology::{self, VerbForm, VerbReading};
use super::object::{self, ObjectKind};
use super::run_on::LooseVerb;
use super::tokenize::{self, Separator, WordToken};
use super::verb_table::ActionClass;
use super::{
    elliptical, english, first_person, gerunds, normalize, noun_or_verb, owner_phrases, passives,
    split_clauses, unsaid,
};
use state::approval_policy::OwnerPhrases;

/// Requests of more characters are sensitive: nobody speaks so long, and the rules are not made for it.
pub(crate) const LONGEST: usize = 4_000;

/// Whether a request acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Classification {
    /// A question, a report, or an instruction that only looks and talks.
    Harmless,
    /// It acts, or it cannot be told whether it does.
    Sensitive(SensitiveReason),
}

/// Why a request is sensitive, in words for the owner. Names the verb, never the whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SensitiveReason {
    /// This verb acts and is ordered.
    Instruction { verb: String, does: ActionClass },
    /// It consents to something that it does not name, or obeys what somebody else wrote; the verb it does so by.
    Unsaid(String),
    /// The word stands where an ordered verb does, and is none that these rules know.
    UnknownVerb(String),
    /// One of the owner's patterns occurs.
    Pattern(String),
    /// No common English word occurs.
    NotEnglish,
    /// Longer than [`LONGEST`].
    TooLong,
}

impl fmt::Display for SensitiveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction { verb, does } => {
                write!(f, "instruction `{verb} …`: {}", does.description())
            }
            Self::UnknownVerb(word) => {
                write!(f, "instruction `{word} …`: an action that the guard does not know")
            }
            Self::Unsaid(word) => {
                write!(f, "instruction `{word} …`: it does not say what will be done")
            }
            Self::Pattern(phrase) => write!(f, "`{phrase}` of guard.patterns"),
            Self::NotEnglish => write!(f, "not in English, so the guard cannot judge it"),
            Self::TooLong => write!(f, "longer than {LONGEST} characters"),
        }
    }
}

/// Classifies what the owner said. Linear in its length; never panics.
pub(crate) fn classify(text: &str, rules: &OwnerPhrases) -> Classification {
    match judge(text, rules) {
        Ok(_) => Classification::Harmless,
        Err(reason) => Classification::Sensitive(reason),
    }
}

/// Classifies what somebody other than the owner said, by the same rules: but "me" is that somebody.
pub(crate) fn classify_strangers(text: &str, rules: &OwnerPhrases) -> Classification {
    let reason = match judge(text, rules) {
        Ok((words, covered)) => find_instruction(&first_person::for_stranger(&words), &covered),
        Err(reason) => Some(reason),
    };
    reason.map_or(Classification::Harmless, Classification::Sensitive)
}

/// The words of a harmless text, each with whether a harmless phrase of the owner covers it. Fails with why it is sensitive.
fn judge(text: &str, rules: &OwnerPhrases) -> Result<(Vec<WordToken>, Vec<bool>), SensitiveReason> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(SensitiveReason::TooLong);
    }
    let tokens = tokenize::tokenize(text);
    let words = normalize::normalize(&tokens);
    if let Some(pattern) = owner_phrases::matching_pattern(rules, &words) {
        return Err(SensitiveReason::Pattern(pattern.to_owned()));
    }
    let covered = owner_phrases::harmless_words(rules, &words);
    if let Some(reason) = find_instruction(&words, &covered) {
        return Err(reason);
    }
    if !english::is_english(&tokens) && !covered.iter().all(|&covered| covered) {
        return Err(SensitiveReason::NotEnglish);
    }
    Ok((words, covered))
}

/// What governed the verbs of the clause before; "and" hands it on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Governance {
    None,
    Ordered,
    Embedded,
    Forbidden,
}

/// The first verb that acts and is ordered.
fn find_instruction(words: &[WordToken], covered: &[bool]) -> Option<SensitiveReason> {
    let mut before = Governance::None;
    let mut results = false;
    for clause in split_clauses::clauses(words) {
        if words[clause.start].separator == Separator::Sentence {
            before = Governance::None;
        }
        let mut governance = inherited_governance(&clause, before);
        for (at, &covered) in covered.iter().enumerate().take(clause.end).skip(clause.body_start) {
            let reason = check_word(&clause, at, &mut governance, before);
            if reason.is_some() && !covered {
                return reason;
            }
        }
        results = passives::result(&clause, results);
        if results
            && let Some(reason) = listed_result(&clause).filter(|_| !covered[clause.body_start])
        {
            return Some(reason);
        }
        if let Some((at, what)) = elliptical::find(&clause).filter(|&(at, _)| !covered[at]) {
            return Some(SensitiveReason::Instruction {
                verb: clause.at(at).to_owned(),
                does: what,
            });
        }
        if let Some(at) = unsaid::find(&clause).filter(|&at| !covered[at]) {
            return Some(SensitiveReason::Unsaid(clause.at(at).to_owned()));
        }
        before = governance;
    }
    None
}

/// What governs the verbs of a clause before any of them was looked at.
fn inherited_governance(clause: &Clause, before: Governance) -> Governance {
    let verbless = !clause.rest(clause.body_start).any(morphology::is_base);
    match clause.mood {
        Mood::Question { plain: true } => Governance::Embedded,
        Mood::Forbidden => Governance::Forbidden,
        // "and Bob", "tomorrow": what was said before still holds.
        _ if verbless && clause.join != ClauseJoin::Fresh => before,
        _ => Governance::None,
    }
}

/// Whether the word at `at` is a verb that acts and is ordered. Keeps in `governance` what governs it.
fn check_word(
    clause: &Clause,
    at: usize,
    governance: &mut Governance,
    before: Governance,
) -> Option<SensitiveReason> {
    let word = clause.at(at);
    let readings = morphology::readings(word);
    if readings.is_empty() {
        return unknown_verb(clause, at);
    }
    let acting = readings.iter().filter(|reading| reading.row.does.is_some());
    if readings.iter().any(|reading| reading.form == VerbForm::Base) {
        let role = imperative::role(clause, at);
        let inherited = role == VerbRole::Start && inherits(clause, at, before);
        record_governance(clause, role, inherited, governance, before);
        let found =
            acting.clone().filter(|reading| reading.form == VerbForm::Base).find(|reading| {
                let noun = || reading.noun && noun_or_verb::is_noun(clause, at, reading);
                let orders = match role {
                    VerbRole::Start => !inherited && !noun(),
                    VerbRole::Ordered => true,
                    VerbRole::Embedded | VerbRole::Forbidden => false,
                    VerbRole::Beside(beside) => {
                        let object = object::object(clause, at);
                        !noun()
                            && LooseVerb { at, beside, noun: reading.noun, object }.orders(clause)
                    }
                };
                orders && object::acts(clause, at, reading.row)
            });
        if let Some(reading) = found {
            return reason_for(word, reading);
        }
    }
    let result = acting.clone().filter(|reading| reading.form == VerbForm::Past).find(|reading| {
        passives::ordered_result(clause, at)
            .is_some_and(|from| object::acts_on(clause, from, at, reading.row))
    });
    let gerund = || {
        acting.clone().filter(|reading| reading.form == VerbForm::Ing).find(|reading| {
            gerunds::is_ordered(clause, at) && object::acts(clause, at, reading.row)
        })
    };
    result.or_else(gerund).and_then(|reading| reason_for(word, reading))
}

/// "… printed and mailed": the last of several results, the first of which was ordered.
fn listed_result(clause: &Clause) -> Option<SensitiveReason> {
    let (at, word) = (clause.body_start, clause.at(clause.body_start));
    let past = morphology::readings(word).iter().filter(|reading| reading.form == VerbForm::Past);
    let acting = past.filter(|reading| reading.row.does.is_some());
    let found = acting.clone().find(|reading| object::acts_on(clause, at, at, reading.row));
    found.and_then(|reading| reason_for(word, reading))
}

/// Why a verb makes the request sensitive.
fn reason_for(word: &str, reading: &VerbReading) -> Option<SensitiveReason> {
    reading.row.does.map(|does| SensitiveReason::Instruction { verb: word.to_owned(), does })
}

/// Keeps what governs the verbs of this clause for the next one.
fn record_governance(
    clause: &Clause,
    role: VerbRole,
    inherited: bool,
    governance: &mut Governance,
    before: Governance,
) {
    *governance = match role {
        VerbRole::Start if inherited => before,
        VerbRole::Start | VerbRole::Ordered => match clause.mood {
            Mood::Question { plain: true } => return,
            _ => Governance::Ordered,
        },
        VerbRole::Embedded => Governance::Embedded,
        VerbRole::Forbidden => Governance::Forbidden,
        VerbRole::Beside(_) => return,
    };
}

/// Whether the verb that begins this clause is governed by what governs the clause before: "how do I clone
/// and delete a repo", "don't call or text him".
fn inherits(clause: &Clause, at: usize, before: Governance) -> bool {
    let adjacent = morphology::is_base(clause.word_before());
    match (clause.join, before) {
        (ClauseJoin::Fresh, _)
        | (ClauseJoin::Comma, Governance::Forbidden)
        | (_, Governance::None | Governance::Ordered) => false,
        (ClauseJoin::And, Governance::Embedded)
        | (ClauseJoin::Or, Governance::Embedded | Governance::Forbidden) => {
            let it = object::object(clause, at) == ObjectKind::Pronoun;
            !(stative(clause, at) || it && clause.depends_on_a_check())
        }
        (ClauseJoin::And, Governance::Forbidden) | (ClauseJoin::Comma, Governance::Embedded) => {
            adjacent
        }
    }
}

/// "What do I have tomorrow and cancel the dentist": nobody asks what they cancel the dentist.
fn stative(clause: &Clause, at: usize) -> bool {
    clause.question_of_having()
        && matches!(object::object(clause, at), ObjectKind::Marked | ObjectKind::Pronoun)
}

/// A word in the place of an ordered verb that these rules do not know.
fn unknown_verb(clause: &Clause, at: usize) -> Option<SensitiveReason> {
    let word = clause.at(at);

    let named = matches!(object::object(clause, at), ObjectKind::Marked | ObjectKind::Pronoun);
    if at == clause.body_start && named && !english::is_known_word(word) {
        let acting = morphology::misspelt(word);
        let acting = acting.iter().find(|reading| object::acts(clause, at, reading.row));
        return acting.and_then(|reading| reason_for(word, reading));
    }
    let left = clause.at(clause.left(at)?);
    let before_left = || clause.left(at).map_or("", |to| clause.before_word(to));
    let place = match left {
        "you" | "lets" => true,
        "to" => matches!(before_left(), "you" | "want" | "need" | "like"),
        _ => false,
    };
    let strange =
        word.len() > 2 && word.chars().all(char::is_alphabetic) && !english::is_function_word(word);
    let ordered = || imperative::role(clause, at) == VerbRole::Ordered;
    (place && strange && ordered()).then(|| SensitiveReason::UnknownVerb(word.to_owned()))
}
