//! The mood of a clause, by the words at its beginning: an order, a request, a question, a report, a condition.

use super::clause::{Clause, Mood};
use super::morphology;
use super::word_classes::{
    BE, CONDITIONS, DETERMINERS, DO, HAVE, MODALS, OBJECTS, QUESTION_WORDS, SOMEONE, SUBJECTS, is,
    possessive,
};

/// The kind of a clause, by the words that it begins with.
pub(super) fn mood_of(clause: &Clause) -> Mood {
    let (word, next) = (clause.at(clause.body_start), clause.at(clause.body_start + 1));
    let third = clause.at(clause.body_start + 2);
    // "in how many days …", "to whom …"
    let led = is("in at on for from to with by of about", word) && is(QUESTION_WORDS, next);
    if led && next != "when" && next != "where" {
        return Mood::Question { plain: true };
    }
    if is(QUESTION_WORDS, word) {
        return question_word(clause, word, next, third);
    }
    if word == "not" || word == "never" || word == "no" || word == "without" {
        return Mood::Forbidden;
    }
    if matches!((word, next), ("do", "not")) {
        return if is(SUBJECTS, third) || third == "you" {
            Mood::Question { plain: true }
        } else {
            Mood::Forbidden
        };
    }
    let auxiliary = is(MODALS, word) || is(DO, word) || is(HAVE, word) || is(BE, word);
    if let Some(mood) = inverted(clause, word).filter(|_| auxiliary) {
        return mood;
    }
    if is(CONDITIONS, word) {
        return Mood::Condition;
    }
    let subject = is(SUBJECTS, word) || is(DETERMINERS, word) || possessive(word) || word == "you";
    if subject || !morphology::is_base(word) { Mood::Report } else { Mood::Bare }
}

fn question_word(clause: &Clause, word: &str, next: &str, third: &str) -> Mood {
    let auxiliary = |word: &str| is(MODALS, word) || is(DO, word) || is(HAVE, word) || is(BE, word);
    match word {
        "how" | "what" if next == "about" => Mood::Bare,
        "why" if next == "not" => Mood::Bare,
        "why" if next == "do" && third == "not" => Mood::Request,
        "when" | "where" if !auxiliary(next) && next != "to" && !next.is_empty() => Mood::Condition,
        // "What I want is …" tells.
        "what" if matches!(next, "i" | "we" | "you") => Mood::Report,
        _ => {
            let plain = clause.rest(clause.body_start).any(|w| is(MODALS, w) || is(DO, w))
                || matches!(word, "how" | "why")
                || next == "to";
            Mood::Question { plain }
        }
    }
}

/// What a clause is that begins with an auxiliary; `None` if that one is a main verb ("do it",
/// "have the invoice paid").
fn inverted(clause: &Clause, word: &str) -> Option<Mood> {
    let mut at = clause.body_start + 1;
    while matches!(clause.at(at), "not" | "just" | "please" | "maybe" | "also" | "then" | "either")
    {
        at += 1;
    }
    let subject = clause.at(at);
    let polite = clause.rest(at).any(|word| word == "please");
    let someone =
        is(SOMEONE, subject) || subject == "you" || subject == "one" && clause.at(at + 1) == "of";
    match word {
        "can" | "could" | "would" | "will" if someone => Some(Mood::Request),
        "can" | "could" | "shall" if subject == "we" => Some(Mood::Request),
        "can" | "could" | "may" if subject == "i" => {
            let through_you = is("get have ask trouble bother persuade", clause.at(at + 1))
                && clause.at(at + 2) == "you";
            Some(if polite || through_you { Mood::Request } else { Mood::Question { plain: true } })
        }
        "are" if subject == "you" && clause.at(at + 1) == "able" => Some(Mood::Request),
        "would" | "could" if subject == "it" && is("possible okay ok", clause.at(at + 2)) => {
            Some(Mood::Request)
        }
        "have" if !is(SUBJECTS, subject) && subject != "you" && !clause.in_question() => None,
        "do" if (is(OBJECTS, subject)
            || subject == "me"
            || is("as like exactly precisely", subject)
            || is(DETERMINERS, subject)) =>
        {
            None
        }
        "do" if subject.is_empty() => None,
        "need" => None,
        _ if is(BE, word) || word == "has" || word == "had" || word == "have" => {
            Some(Mood::Question { plain: false })
        }
        _ => Some(Mood::Question { plain: true }),
    }
}
