//! Orders that do not say what is done: consent ("yes, go ahead", "do it"), more of the same ("the usual, please"), and
//! obedience to what somebody else wrote ("do what the email says"). So does a report of a theft.

use super::clause::{Clause, ClauseJoin, Mood};
use super::imperative::ordered;
use super::verb_table::list;
use super::word_classes::{
    self, BE, BIDDINGS, BIDS, MODALS, OBEYS, QUESTION_WORDS, SAME, SUBJECTS, is,
};
use super::words::phrases;

/// The place of an order that does not say what is done.
pub(super) fn find(clause: &Clause) -> Option<usize> {
    if let Some(at) = loss(clause) {
        return Some(at);
    }
    if matches!(clause.mood, Mood::Question { .. } | Mood::Condition | Mood::Forbidden) {
        return None;
    }
    let granted = !clause.in_question()
        && !matches!(clause.join, ClauseJoin::And | ClauseJoin::Or)
        && clause.at(clause.start) != "no";
    // "please do", "make it so"; the small words count as fillers and joints elsewhere.
    let whole = |phrase: &str| {
        let words = clause.words[clause.start..].iter().map(|word| word.text.as_str());
        phrase.split(' ').zip(words.clone()).all(|(part, word)| part == word)
            && words.count() == phrase.split(' ').count()
    };
    if whole("please do") || whole("make it so") || whole("yes do") {
        return Some(clause.start);
    }
    if granted && (phrase(clause, clause.body_start, "grants") || same(clause)) {
        return Some(clause.body_start);
    }
    (clause.body_start..clause.end)
        .find(|&at| (phrase(clause, at, "consents") || obeys(clause, at)) && meant(clause, at))
}

/// "my card was stolen", "there is a fraudulent charge": what follows from a loss is left open.
fn loss(clause: &Clause) -> Option<usize> {
    let body = clause.body_start..clause.end;
    let tells = clause.mood == Mood::Report && !clause.in_question();
    let asks = body.clone().any(|at| is(QUESTION_WORDS, clause.at(at)));
    let thing = body.clone().any(|at| is(list("valuables"), clause.at(at)));
    let lost = body.clone().find(|&at| is(list("losses"), clause.at(at)));
    lost.filter(|_| tells && thing && !asks)
}

/// Whether the verb at `at` is ordered. "Go" and "ahead" count as adverbs elsewhere, so the beginning is looked at here.
fn meant(clause: &Clause, at: usize) -> bool {
    at == clause.body_start || ordered(clause, at)
}

/// Whether one of the phrases begins at `at`, and nothing of weight follows.
fn phrase(clause: &Clause, at: usize, name: &str) -> bool {
    phrases(name, clause.at(at)).any(|phrase| {
        let mut end = at;
        let fits = phrase.split(' ').all(|part| {
            end += 1;
            clause.at(end - 1) == part
        });
        // "go ahead with the payment", "do it for Bob", but not "do it yourself kits".
        let over = |at: usize| {
            let word = clause.at(at);
            word.is_empty()
                || word_classes::adverb(word)
                || is("with for to like by as but at on in if when before after from", word)
        };
        // "go ahead and read it" is about reading.
        let goes_on = clause.words.get(end).is_some_and(|next| next.text == "and");
        fits && over(end) && !(goes_on && phrase == "go ahead")
    })
}

/// "same as yesterday but to Bob", "the usual, please": no verb says what happens to it.
fn same(clause: &Clause) -> bool {
    let at = clause.body_start;
    let at = if clause.at(at) == "the" { at + 1 } else { at };
    let verb = |word: &str| {
        is(BE, word) || is(MODALS, word) || is(SUBJECTS, word) || is(QUESTION_WORDS, word)
    };
    let next = clause.at(at + 1);
    let ends = |word: &str| word.is_empty() || is("as again for to with but please like", word);
    let open = ends(next) || is("thing one order amount time", next) && ends(clause.at(at + 2));
    is(SAME, clause.at(at)) && open && !clause.rest(at).any(verb)
}

/// "do what the email says", "follow the instructions in it", "carry out whatever he asks for".
fn obeys(clause: &Clause, at: usize) -> bool {
    if !is(OBEYS, clause.at(at)) {
        return false;
    }
    let mut from = at + 1;
    while is("on out with by upon through to exactly precisely just", clause.at(from)) {
        from += 1;
    }
    let near = clause.end.min(from + 5);
    let bidding = (from..near).any(|i| is(BIDDINGS, clause.at(i)));
    let open = is(
        "what whatever as everything anything all like whichever things thing exactly",
        clause.at(from),
    ) || is("the those that any all", clause.at(from))
        && is("things thing stuff rest", clause.at(from + 1));
    let said = (from + 1..clause.end).any(|i| is(BIDS, clause.at(i)));
    let listed = is("everything anything whatever all things stuff", clause.at(from))
        && (from..clause.end).any(|i| is("in on", clause.at(i)));
    let heeds =
        !is("go work attend see take proceed stick respond run", clause.at(at)) || from > at + 1;
    heeds
        && (bidding && (clause.at(at) != "do" || is("the those these all", clause.at(from)))
            || open && (said || listed))
}
