//! Orders without a verb that acts: "I want the repo gone", "I need a taxi", "lights off", "deletion of the repo, please".

use super::clause::{Clause, Mood};
use super::morphology::{self, VerbForm};
use super::object::{self, preposition};
use super::verb_table::{ActionClass, list};
use super::wish::wish;
use super::word_classes::{
    self, BE, DETERMINERS, DO, EMBEDDERS, HAVE, INFORMATION, MODALS, QUESTION_WORDS, SUBJECTS,
    TIMES, is, number, possessive,
};

/// Something that is wanted without a verb of the table. The answer is the word that shows it, and what it comes to.
pub(super) fn find(clause: &Clause) -> Option<(usize, ActionClass)> {
    gone_or_switched(clause)
        .or_else(|| wanted(clause))
        .or_else(|| helped(clause).map(|at| (at, does(clause, at))))
        .or_else(|| dropped(clause).map(|at| (at, ActionClass::Cancels)))
        .or_else(|| asked_for(clause))
        .or_else(|| named(clause))
        .or_else(|| state(clause).map(|at| (at, ActionClass::Switches)))
}

/// "I want the repo gone", "I want the lights off", "kitchen lights off", "that repo has to go".
fn gone_or_switched(clause: &Clause) -> Option<(usize, ActionClass)> {
    for at in clause.body_start..clause.end {
        let word = clause.at(at);
        let last = ends(clause, at + 1) || clause.at(at + 1) == "from";
        let thing = (clause.body_start..at).any(|i| is(list("switched"), clause.at(i)));
        let wished = || wish(clause, at).is_some_and(|from| from < at && clause.at(from) != "to");
        match word {
            "gone" | "offline" if last && wished() => return Some((at, ActionClass::Destroys)),
            "on" | "off" if last && thing && wished() => return Some((at, ActionClass::Switches)),
            "on" | "off" | "out" | "up" | "down" if last && thing && verbless(clause, at) => {
                return Some((at, ActionClass::Switches));
            }
            "go" | "disappear" if last && must_go(clause, at) => {
                return Some((at, ActionClass::Destroys));
            }
            _ => {}
        }
    }
    None
}

/// Whether a clause can end before `at`.
fn ends(clause: &Clause, at: usize) -> bool {
    let word = clause.at(at);
    word.is_empty() || is(TIMES, word) || word_classes::adverb(word)
}

/// "I need a taxi", "we want tickets for Friday": what is wanted is booked or bought; "the table", "my flight" is there.
fn wanted(clause: &Clause) -> Option<(usize, ActionClass)> {
    let from = wish(clause, clause.end).or_else(|| longing(clause))?;
    let first = clause.at(from);
    let holds = |name: &str| (from..clause.end).find(|&at| is(list(name), clause.at(at)));
    // "I want the lights dimmer", "some red lighting"
    if let Some(at) = holds("switched").filter(|_| first != "to" && holds("states").is_some()) {
        return Some((at, ActionClass::Switches));
    }
    // "I need to find a hotel"
    let find = first == "to" && is("find get have take", clause.at(from + 1));
    let from = if find { from + 2 } else { from };
    let first = clause.at(from);
    let definite =
        is("the that this these those it to you him her them", first) || possessive(first);
    booked_noun(clause, from).filter(|_| !definite).map(|at| (at, does(clause, at)))
}

/// "help me with a rental car": help with what is booked.
fn helped(clause: &Clause) -> Option<usize> {
    let help =
        (clause.body_start..clause.end).find(|&at| is("help assist assistance", clause.at(at)))?;
    let with = (help + 1..clause.end.min(help + 4))
        .find(|&at| is("with in getting finding booking", clause.at(at)))?;
    let asks = matches!(clause.mood, Mood::Question { .. }) && permitted(clause).is_none();
    booked_noun(clause, with + 1).filter(|_| !asks && !is("the my this that", clause.at(with + 1)))
}

/// "I no longer need the table", "the reservation is not needed any more".
fn dropped(clause: &Clause) -> Option<usize> {
    let body = || clause.body_start..clause.end;
    let noun = body()
        .find(|&at| is(list("bookable"), clause.at(at)) || is(list("deeds"), clause.at(at)))?;
    let longer = body().any(|at| clause.at(at) == "longer" && clause.before_word(at) == "no");
    let over = body().any(|at| {
        clause.at(at) == "anymore" || clause.at(at) == "any" && clause.at(at + 1) == "more"
    });
    let denied = over && body().any(|at| clause.at(at) == "not");
    let needed = body()
        .any(|at| is("need needed needs want wanted require required necessary", clause.at(at)));
    ((longer || denied) && needed && clause.mood == Mood::Report).then_some(noun)
}

/// "I am in need of a taxi", "I could use a coffee", "I feel like having soup".
fn longing(clause: &Clause) -> Option<usize> {
    let speaker = is("i we", clause.at(clause.body_start));
    let after = (clause.body_start..clause.end).find(|&at| {
        let before = clause.before_word(at);
        match clause.at(at) {
            "of" => before == "need",
            "for" => is("mood looking searching", before),
            "use" => before == "could",
            "having" => before == "like",
            "craving" => true,
            _ => false,
        }
    });
    after.filter(|_| speaker).map(|at| at + 1)
}

/// The noun after `from` that names what is booked or done, if it is the last of its phrase ("a taxi", not "taxi fares").
fn booked_noun(clause: &Clause, from: usize) -> Option<usize> {
    let limit = clause.end.min(from + 8);
    let stops = |i: &usize| preposition(clause.at(*i)) && clause.at(*i) != "of";
    let end = (from + 1..limit).find(stops).unwrap_or(limit);
    let counted = is("a an some another", clause.at(from)) || number(clause.at(from));
    (from..end).find(|&at| {
        let noun = is(list("bookable"), clause.at(at)) || is(list("deeds"), clause.at(at));
        let next = clause.at(at + 1);
        noun && (ends(clause, at + 1) || counted && !is(INFORMATION, next) || preposition(next))
    })
}

/// What a wanted noun comes to.
fn does(clause: &Clause, at: usize) -> ActionClass {
    if is(list("bookable"), clause.at(at)) { ActionClass::Books } else { ActionClass::Changes }
}

/// "can I get a cab to the airport", "is it possible to book a table": asked for politely.
fn asked_for(clause: &Clause) -> Option<(usize, ActionClass)> {
    let at = permitted(clause)?;
    let first = clause.at(at + 1);
    let noun = || {
        let from = if is("me us", first) { at + 2 } else { at + 1 };
        is("get have take make put do use find place submit initiate issue start", clause.at(at))
            .then(|| booked_noun(clause, from))?
    };
    if let Some(noun) = noun() {
        return Some((noun, does(clause, noun)));
    }
    let readings = morphology::readings(clause.at(at)).iter();
    // "can I swap sugar for salt", "can I get my car jumped"
    let other = is("swap exchange trade", clause.at(at)) || clause.at(at) == "get" && first == "my";
    let acting =
        readings.filter(|reading| reading.form == VerbForm::Base && !reading.rare && !other);
    let doing = acting.clone().filter(|reading| object::acts(clause, at, reading.row));
    let request = clause.at(at) == "request";
    let found = doing.filter_map(|reading| reading.row.does).find(|does| {
        request
            || matches!(
                does,
                ActionClass::Books
                    | ActionClass::Buys
                    | ActionClass::Pays
                    | ActionClass::Cancels
                    | ActionClass::Calls
            )
    });
    found.filter(|_| !first.is_empty() && !preposition(first)).map(|does| (at, does))
}

/// Where the verb is that is asked for: "can I …", "am I able to …", "would it be possible to …".
fn permitted(clause: &Clause) -> Option<usize> {
    let (start, end) = (clause.body_start, clause.end);
    let inner = |at: usize| {
        (start..at).any(|i| is(QUESTION_WORDS, clause.at(i)) || is(EMBEDDERS, clause.at(i)))
    };
    let skip = |mut at: usize| {
        while word_classes::adverb(clause.at(at)) && !clause.at(at).is_empty() {
            at += 1;
        }
        at
    };
    let may = (start..end)
        .find(|&at| is("can could may might", clause.at(at)) && is("i we", clause.at(at + 1)));
    if let Some(may) = may.filter(|&may| !inner(may)) {
        return Some(skip(may + 2));
    }
    // "make sure I get a room"
    let sure = (start..end).find(|&at| clause.at(at) == "sure" && clause.before_word(at) == "make");
    if let Some(i) =
        sure.and_then(|sure| (sure + 1..end.min(sure + 3)).find(|&at| is("i we", clause.at(at))))
    {
        return Some(if clause.at(i + 1) == "can" { i + 2 } else { i + 1 });
    }
    let opens = is("is am are will would", clause.at(start));
    let able = (start + 1..end)
        .find(|&at| is("able allowed possible way ok okay alright", clause.at(at)))?;
    let to = (able + 1..end.min(able + 5)).find(|&at| clause.at(at) == "to")?;
    (opens && able <= start + 4).then(|| skip(to + 1))
}

/// "deletion of the repo, please", "uber to the airport", "a table for two": a noun says what is to be done.
fn named(clause: &Clause) -> Option<(usize, ActionClass)> {
    let last = clause.end - 1;
    if !matches!(clause.mood, Mood::Report | Mood::Bare)
        || clause.in_question()
        || !nouns_only(clause)
    {
        return None;
    }
    let urged = (clause.start..clause.end)
        .any(|at| is("please now asap immediately", clause.at(at)))
        || clause.words.get(clause.end).is_some_and(|next| next.text == "please");
    // "dentist appointment today at nine"
    let dated = (clause.body_start..clause.end).any(|at| number(clause.at(at)));
    let head = (clause.body_start..clause.end.min(clause.body_start + 4))
        .find(|&at| is(list("bookable"), clause.at(at)) || is(list("deeds"), clause.at(at)))?;
    let before = (clause.body_start..head).all(|at| {
        let word = clause.at(at);
        !is("the this that these those", word)
    }) && !(clause.body_start..head)
        .any(|at| is("minimum maximum total average", clause.at(at)))
        && !(head == clause.body_start
            && morphology::is_base(clause.at(head))
            && !is(list("bookable"), clause.at(head)));
    let next = clause.at(head + 1);
    let goes = is("of to for from between with on", next) && head < last || is("request", next);
    let planned = dated && is("appointment meeting", clause.at(head));
    let alone = (ends(clause, head + 1) || planned && preposition(next)) && (urged || planned);
    (before && (goes || alone)).then_some((head, does(clause, head)))
}

/// Whether the clause has no verb, pronoun or question in it.
fn nouns_only(clause: &Clause) -> bool {
    let mut rest = clause.rest(clause.body_start);
    let noun = |word: &str| {
        is(list("deeds"), word)
            || is(list("bookable"), word)
            || morphology::readings(word).iter().any(|reading| reading.noun)
    };
    let begins = clause.at(clause.body_start);
    let verb_first = morphology::is_base(begins) && !noun(begins);
    !verb_first
        && !rest.any(|word| {
            [BE, MODALS, HAVE, DO, QUESTION_WORDS, SUBJECTS, INFORMATION]
                .iter()
                .any(|list| is(*list, word))
        })
}

/// "blue lights please", "lights brighter", "socket off in the hall": a thing, its state, and nothing but places.
fn state(clause: &Clause) -> Option<usize> {
    if clause.in_question() || !matches!(clause.mood, Mood::Report | Mood::Bare) {
        return None;
    }
    let body = clause.body_start..clause.end;
    let known = |word: &str| {
        ["switched", "states", "places"].iter().any(|name| is(list(name), word))
            || is(DETERMINERS, word)
            || word_classes::adverb(word)
    };
    let thing = body.clone().find(|&at| {
        is(list("switched"), clause.at(at)) || is("brighter dimmer darker", clause.at(at))
    })?;
    let state = body.clone().any(|at| is(list("states"), clause.at(at)));
    (state && body.clone().all(|at| known(clause.at(at)))).then_some(thing)
}

/// "kitchen lights off": nothing in it is a verb, a pronoun or a question.
fn verbless(clause: &Clause, at: usize) -> bool {
    let mood = clause.mood == Mood::Report || clause.mood == Mood::Bare;
    let verb = (clause.body_start..at).any(|i| {
        let word = clause.at(i);
        is(BE, word) || is(MODALS, word)
    });
    mood && !verb && !clause.in_question() && at - clause.body_start <= 6
}

fn must_go(clause: &Clause, at: usize) -> bool {
    let to = clause.left(at).filter(|&to| clause.at(to) == "to");
    let over = to.and_then(|to| clause.left(to));
    let duty = over
        .is_some_and(|over| matches!(clause.at(over), "needs" | "has" | "got" | "need" | "have"));
    let first = clause.at(clause.body_start);
    duty && clause.mood == Mood::Report
        && (matches!(first, "the" | "that" | "this" | "those" | "these") || possessive(first))
}
