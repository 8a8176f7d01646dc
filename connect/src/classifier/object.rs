//! What follows a verb: its object, whether that is the owner, and whether the verb acts on it.

use super::address::address_after;
use super::clause::Clause;
use super::idioms::idiom;
use super::verb_table::{VerbCondition, VerbRow, list};
use super::word_classes::{
    self, BE, DETERMINERS, HAVE, INFORMATION, MODALS, OBJECTS, OTHERS_LISTS, OWN_DEVICES, PEOPLE,
    POSSESSIVES, PREPOSITIONS, SUBJECTS, WordSet, is, number, possessive,
};

/// Whether the verb at `at`, read as `reading`, does here what its row says.
pub(super) fn acts(clause: &Clause, at: usize, row: &VerbRow) -> bool {
    if idiom(clause, at) || clause.at(at + 1) == "nothing" {
        return false;
    }
    match row.when {
        VerbCondition::Any => true,
        VerbCondition::Unless(list) => {
            let owner = is(list, "me") && to_owner(clause, at);
            let apparatus = head(clause, at).any(|word| is("system panel", word));
            let excused = |word: &str| is(list, word) && !is("me us", word);
            !owner && (apparatus || !head(clause, at).any(excused))
        }
        VerbCondition::Into(list) => {
            let own = memory(clause, head(clause, at), list)
                || memory(clause, destination(clause, at), list);
            !own && !sum(clause, at)
        }
        VerbCondition::Only(list) => {
            later(clause, at + 1, clause.end.min(at + 10), list) && !owner_later(clause, at)
        }
        VerbCondition::ObjectKind(list) => later(clause, at + 1, phrase_end(clause, at + 1), list),
        VerbCondition::With(list) => particle(clause, at, list),
        VerbCondition::Then(list) => list.split('|').any(|phrase| follows(clause, at, phrase)),
    }
}

/// Whether the verb at `at` with its object list is told of something that was named before it (passives).
pub(super) fn acts_on(clause: &Clause, from: usize, at: usize, row: &VerbRow) -> bool {
    let named = |list: &str| (from..at).any(|i| is(list, clause.at(i)));
    match row.when {
        VerbCondition::Any | VerbCondition::Into(_) => true,
        VerbCondition::Unless(list) => !(named(list) || is(list, "me") && owner_later(clause, at)),
        VerbCondition::Only(list) | VerbCondition::ObjectKind(list) => {
            named(list) || later(clause, at + 1, clause.end, list)
        }
        VerbCondition::With(list) => is(list, clause.at(at + 1)),
        VerbCondition::Then(list) => list.split('|').any(|phrase| follows(clause, at, phrase)),
    }
}

/// The head of the object: "a really loud alarm" of "a really loud alarm for seven", "bob" of "bob the story".
fn head<'a>(clause: &'a Clause<'a>, at: usize) -> impl Iterator<Item = &'a str> {
    let mut from = at + 1;
    while word_classes::adverb(clause.at(from))
        && !clause.at(from).is_empty()
        && clause.at(from) != "all"
    {
        from += 1;
    }
    if matches!(clause.at(from), "me" | "us")
        && !clause.at(from + 1).is_empty()
        && !preposition(clause.at(from + 1))
    {
        from += 1;
    }
    let first = clause.at(from);
    let marked = marks(first);
    let limit = clause.end.min(from + 6);
    let mut end = from;
    while end < limit {
        let word = clause.at(end);
        let stops = end > from && (preposition(word) || !marked && marks(word));
        if stops || is(OBJECTS, first) && end > from && !marked {
            break;
        }
        end += 1;
    }
    (from..end).map(|i| clause.at(i))
}

/// The words after "to", "on" or "in" behind the object.
fn destination<'a>(clause: &'a Clause<'a>, at: usize) -> impl Iterator<Item = &'a str> {
    let to = (at + 1..clause.end)
        .find(|&i| matches!(clause.at(i), "to" | "on" | "in" | "onto" | "into"));
    let from = to.map_or(clause.end, |to| to + 1);
    (from..clause.end.min(from + 5)).map(|i| clause.at(i))
}

/// The owner's own notes, reminders and lists; not "the mailing list".
fn memory<'a>(clause: &Clause, phrase: impl Iterator<Item = &'a str>, list: &str) -> bool {
    let phrase: Vec<&str> = phrase.collect();
    let others = phrase.iter().any(|word| is(OTHERS_LISTS, word));
    let addressed = clause.rest(clause.body_start).any(|word| word == "ticket" || word == "issue");
    !others && !addressed && phrase.iter().any(|word| is(list, word))
}

/// "add five and seven".
fn sum(clause: &Clause, at: usize) -> bool {
    let rest: Vec<&str> = clause.rest(at + 1).collect();
    let figures = rest.iter().all(|word| number(word) || is("and to plus percent point", word));
    clause.at(at) == "add" && figures && !rest.is_empty()
}

pub(super) fn marks(word: &str) -> bool {
    is(DETERMINERS, word) || possessive(word) || number(word)
}

pub(super) fn preposition(word: &str) -> bool {
    is(PREPOSITIONS, word)
}

fn phrase_end(clause: &Clause, from: usize) -> usize {
    let limit = clause.end.min(from + 7);
    (from..limit).find(|&i| preposition(clause.at(i)) && i > from).unwrap_or(limit)
}

/// A word of `list` between `from` and `end` that is not part of a thing to be read ("flight status").
fn later(clause: &Clause, from: usize, end: usize, list: impl WordSet + Copy) -> bool {
    (from..end).any(|i| is(list, clause.at(i)) && !is(INFORMATION, clause.at(i + 1)))
}

fn particle(clause: &Clause, at: usize, list: &str) -> bool {
    let mut next = at + 1;
    while word_classes::adverb(clause.at(next))
        && clause.at(next) != "away"
        && !clause.at(next).is_empty()
    {
        next += 1;
    }
    if is(list, clause.at(next)) {
        return true;
    }
    let stops = |i: &usize| {
        clause.at(*i) != "to" && (!is(SUBJECTS, clause.at(*i)) || is(OBJECTS, clause.at(*i)))
    };
    (next..clause.end.min(at + 9)).take_while(stops).skip(1).any(|i| {
        let after = clause.at(i + 1);
        let ends = after.is_empty()
            || preposition(after)
            || word_classes::adverb(after)
            || number(after)
            || clause.at(at) == "get" && marks(after);
        is(list, clause.at(i)) && ends
    })
}

fn follows(clause: &Clause, at: usize, phrase: &str) -> bool {
    let mut parts = phrase.split_whitespace().zip(at + 1..);
    let plain = parts.all(|(part, i)| clause.at(i) == part);
    let me = matches!(clause.at(at + 2), "me" | "us" | "myself") && !phrase.contains(' ');
    plain && !me
}

/// The owner is the one it goes to: "send me …", "forward it to my phone", but not "email me and Bob".
pub(super) fn to_owner(clause: &Clause, at: usize) -> bool {
    let mut next = at + 1;
    while word_classes::adverb(clause.at(next)) && !clause.at(next).is_empty() {
        next += 1;
    }
    let end = phrase_end(clause, next);
    let amount = is("send resend mail forward", clause.at(at))
        && (next..end).any(|i| money(clause.at(i)) && !is(INFORMATION, clause.at(i + 1)));
    // "send me 500 dollars", "send a cab to me": the owner gets it, but not from the agent's own mouth.
    if address_after(clause, at) || amount || later(clause, next, end, list("hired")) {
        return false;
    }
    if matches!(clause.at(next), "me" | "us" | "myself" | "ourselves") {
        let hired = later(clause, next + 1, end, list("bookable"));
        let also = (matches!(clause.at(next + 1), "plus" | "cc")
            || follows(clause, next, "as well as"))
            || clause.other_after(next + 1);
        return !also && !hired;
    }
    owner_later(clause, at)
}

fn money(word: &str) -> bool {
    word.starts_with('$') || is("dollars dollar bucks euros euro pounds grand bitcoin", word)
}

/// "… to me", "… to my phone", "share … with me".
fn owner_later(clause: &Clause, at: usize) -> bool {
    (at + 1..clause.end).any(|i| {
        let next = clause.at(i + 1);
        let after = if clause.at(i + 2) == "own" { i + 3 } else { i + 2 };
        let own =
            next == "my" && is(OWN_DEVICES, clause.at(after)) && !is("from", clause.at(after + 1));
        let me = matches!(next, "me" | "myself" | "us") || own;
        let shared = clause.at(i) == "with" && clause.at(at) == "share";
        (clause.at(i) == "to" || shared) && me && !clause.other_after(i + 2)
    }) && !address_after(clause, at)
}

/// How clearly an object follows a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    /// Nothing, or a preposition.
    None,
    /// Some word.
    Other,
    /// "the …", "my …", a number.
    Marked,
    /// "it", "them", "mom".
    Pronoun,
}

/// How clear the object is that follows the verb at `at`.
pub(super) fn object(clause: &Clause, at: usize) -> ObjectKind {
    let next = clause.at(at + 1);
    if next.is_empty() || is(BE, next) || is(MODALS, next) || is(HAVE, next) {
        ObjectKind::None
    } else if is(DETERMINERS, next) || is(POSSESSIVES, next) || possessive(next) || number(next) {
        if is(OBJECTS, next) { ObjectKind::Pronoun } else { ObjectKind::Marked }
    } else if is(OBJECTS, next) || is(PEOPLE, next) || matches!(next, "me" | "us") {
        ObjectKind::Pronoun
    } else if preposition(next) {
        ObjectKind::None
    } else {
        ObjectKind::Other
    }
}
