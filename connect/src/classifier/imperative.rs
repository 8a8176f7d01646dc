//! Whether a verb is ordered, or is only reported, asked about or forbidden.
//!
//! For the verb at a position, the words to its left are followed ("could you please go and …") until it is
//! known whether the speaker orders it. Nothing here knows what the verb does.

use super::clause::{Clause, Mood};
use super::morphology::{self, VerbForm};
use super::wish::wish;
use super::word_classes::{
    BE, DETERMINERS, DO, GUIDES, HAVE, MEANS, MODALS, REPORTING, SOMEONE, SUBJECTS, URGED, is,
    possessive,
};

/// What governs a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VerbRole {
    /// The clause begins with it.
    Start,
    /// It is ordered: "can you …", "I want you to …", "let's …".
    Ordered,
    /// It is reported, asked about or only thought of: "I …", "how to …", "who …".
    Embedded,
    /// "not", "never".
    Forbidden,
    /// It stands behind this other word, which governs nothing.
    Beside(usize),
}

/// The role of the plain form at `at`.
pub(super) fn role(clause: &Clause, at: usize) -> VerbRole {
    let Some(left) = clause.left(at) else { return VerbRole::Start };
    let polite = (left + 1..at).any(|i| matches!(clause.at(i), "please" | "kindly"));
    if polite && clause.at(left) != "to" {
        return VerbRole::Start;
    }
    let word = clause.at(left);
    match word {
        "to" => after_to(clause, left),
        "you" => after_you(clause, left),
        "we" => after_we(clause, left),
        "lets" => VerbRole::Ordered,
        "like" if clause.before_word(left) == "you" => after_you(clause, left - 1),
        "us" | "me" => after_me(clause, left),
        "not" | "never" => after_not(clause, left),
        "go" | "come" | "help" | "run" => role(clause, left),

        _ if is(MODALS, word) => after_modal(clause, left),
        _ if is(SOMEONE, word) => after_someone(clause, left),
        // "do remove it" is an order; "what do … remove" is not.
        "do" if left == clause.body_start => VerbRole::Start,
        "i" if clause.mood == Mood::Request && left <= clause.body_start + 2 => VerbRole::Ordered,
        _ if is(SUBJECTS, word) && word != "that" && word != "it" => VerbRole::Embedded,
        _ if is(DO, word) => VerbRole::Embedded,
        _ if clause.command_line => VerbRole::Start,
        _ if through_another(clause, left) => VerbRole::Ordered,
        _ => VerbRole::Beside(left),
    }
}

/// "have Maria send …", "make Bob pay …": what stands between is whoever shall do it.
fn through_another(clause: &Clause, last: usize) -> bool {
    if matches!(clause.mood, Mood::Question { .. }) {
        return false;
    }
    let Some(have) =
        (clause.body_start..last).rev().find(|&at| is("have make help", clause.at(at)))
    else {
        return false;
    };
    if is(DETERMINERS, clause.at(last)) || possessive(clause.at(last)) {
        return false;
    }
    let doer = have + 1..last + 1;
    let other = |at: usize| morphology::is_base(clause.at(at));
    doer.len() <= 3 && !doer.into_iter().any(other) && ordered(clause, have)
}

/// Whether the clause or a lead-in orders the verb at `at`.
pub(super) fn ordered(clause: &Clause, at: usize) -> bool {
    matches!(role(clause, at), VerbRole::Start | VerbRole::Ordered)
}

fn after_not(clause: &Clause, not: usize) -> VerbRole {
    if clause.before_word(not) == "why" { VerbRole::Ordered } else { VerbRole::Forbidden }
}

/// "… you delete": what stands before "you" decides.
fn after_you(clause: &Clause, you: usize) -> VerbRole {
    let Some(before) = clause.left(you) else { return VerbRole::Ordered };
    let asks = matches!(clause.mood, Mood::Question { .. });
    let word = match clause.at(before) {
        "not" if before > clause.start => clause.at(before - 1),
        word => word,
    };
    if is(MODALS, word) {
        return if asks && before > clause.body_start {
            VerbRole::Embedded
        } else {
            VerbRole::Ordered
        };
    }
    if word == "do" && clause.at(clause.body_start) == "why" {
        return VerbRole::Ordered;
    }
    let relative = word == "that"
        && !clause.has_before(
            "sure suggest recommend insist request demand ask propose wish hope",
            before,
        );
    if is(URGED, word) && !asks && !relative { VerbRole::Ordered } else { VerbRole::Embedded }
}

fn after_we(clause: &Clause, we: usize) -> VerbRole {
    let Some(before) = clause.left(we) else { return VerbRole::Embedded };
    let word = clause.at(before);
    let asks = matches!(clause.mood, Mood::Question { .. });
    match word {
        "can" | "could" | "shall" | "about" | "suggest" | "propose" if !asks => VerbRole::Ordered,
        // "what do you say we …"
        "say" => VerbRole::Ordered,
        "not" if clause.at(clause.body_start) == "why" && clause.mood == Mood::Request => {
            VerbRole::Ordered
        }
        _ => VerbRole::Embedded,
    }
}

fn after_someone(clause: &Clause, someone: usize) -> VerbRole {
    if matches!(clause.mood, Mood::Question { .. }) {
        return VerbRole::Embedded;
    }
    match clause.left(someone).map(|before| clause.at(before)) {
        None | Some("can" | "could" | "would" | "will" | "have" | "get") => VerbRole::Ordered,
        _ => VerbRole::Embedded,
    }
}

/// "you should …", "we must …", "if you could …", "I will …".
fn after_modal(clause: &Clause, modal: usize) -> VerbRole {
    let asks = matches!(clause.mood, Mood::Question { .. });
    let Some(subject) = clause.left(modal) else { return VerbRole::Embedded };
    let modal = clause.at(modal);
    let before = clause.left(subject).map_or("", |at| clause.at(at));
    match clause.at(subject) {
        "you" => {
            let hope = clause.has_before("hope think wish hoping", subject);
            let reports = clause.has_before("tell know explain told", subject);
            let hoped = is("think hoping hope wondering if chance way wish believe", before);
            let reported = is(REPORTING, before) && !hope;
            let reports = before == "if" && reports && !clause.has_before("wondering", subject);
            if reported || reports || asks && !hoped {
                VerbRole::Embedded
            } else {
                VerbRole::Ordered
            }
        }
        "we" if !asks && is("should must can could", modal) => {
            if is("if when what how whether that", before) {
                VerbRole::Embedded
            } else {
                VerbRole::Ordered
            }
        }
        word if is(SOMEONE, word) && !asks => VerbRole::Ordered,
        "i" if modal == "must" && clause.mood == Mood::Report && before.is_empty() => {
            VerbRole::Ordered
        }
        _ => VerbRole::Embedded,
    }
}

/// "let us …", "help me …"; "let me …" is what the speaker does.
fn after_me(clause: &Clause, me: usize) -> VerbRole {
    let Some(before) = clause.left(me) else { return VerbRole::Beside(me) };
    match (clause.at(before), clause.at(me)) {
        ("let", "us") => VerbRole::Ordered,
        ("let" | "make" | "watch" | "see" | "hear", _) => VerbRole::Embedded,
        ("help", _) => role(clause, before),
        _ => VerbRole::Beside(me),
    }
}

/// "… to delete": the word before "to" decides.
fn after_to(clause: &Clause, to: usize) -> VerbRole {
    let Some(before) = clause.left(to) else { return VerbRole::Embedded };
    if clause.at(before) == "not" {
        return VerbRole::Forbidden;
    }
    let asks = matches!(clause.mood, Mood::Question { .. });
    let word = clause.at(before);
    if word == "you" || is(SOMEONE, word) {
        return instructed_to(clause, before);
    }
    if matches!(word, "me" | "us") {
        return match clause.left(before).map(|at| (at, clause.at(at))) {
            Some((help, "help")) => role(clause, help),
            _ => VerbRole::Embedded,
        };
    }
    match word {
        "want" | "need" | "like" | "love" | "wish" | "prefer" | "hoping" | "hope" | "got"
        | "ready" | "looking" | "trying" | "wanting" => wished(clause, before, asks),
        "have" | "ought" | "better" | "has" | "needs" | "supposed" => duty(clause, before, asks),
        "help" | "assistance" if wish(clause, before).is_some() => VerbRole::Ordered,
        "sure" | "certain" | "forget" | "remember" | "try" | "attempt" | "proceed" | "continue"
        | "help" | "free" | "hesitate" | "fail" | "neglect" | "agree" | "start" | "begin" => {
            reminded(clause, before)
        }
        "able" | "kind" | "enough" | "as" | "possible" | "okay" | "ok" | "alright" | "mind" => {
            if clause.mood == Mood::Request || clause.mood == Mood::Bare {
                VerbRole::Ordered
            } else {
                VerbRole::Embedded
            }
        }
        "welcome" | "allowed" | "authorized" | "authorised" | "cleared" | "permission"
        | "approval" | "ahead" | "permitted" | "going" => {
            let allowed = word != "going" && clause.has_before("you your", before);
            let going = || matches!(subject(clause, before), WishSubject::You);
            if (allowed || word == "going" && going()) && !asks {
                VerbRole::Ordered
            } else {
                VerbRole::Embedded
            }
        }
        "time" if is("it time now high", clause.at(clause.body_start)) => VerbRole::Ordered,
        _ => purpose(clause, to),
    }
}

/// "I want you to …", "it is up to you to …", but not "I asked you to …".
fn instructed_to(clause: &Clause, you: usize) -> VerbRole {
    let asks = matches!(clause.mood, Mood::Question { .. });
    let verb = clause.left(you);
    let word = verb.map_or("", |at| clause.at(at));
    let past = morphology::readings(word).iter().any(|reading| reading.form == VerbForm::Past)
        || is("asked told wanted needed expected allowed", word);
    let hoped = past && clause.has_before("was just", you);
    let negated = verb.is_some_and(|at| clause.has_before("not never", at));
    if negated {
        VerbRole::Forbidden
    } else if asks || past && !hoped || word == "for" && clause.has_before("way how", you) {
        VerbRole::Embedded
    } else {
        VerbRole::Ordered
    }
}

/// "I want to …", "we need to …": a wish is an order, another's wish or a denied one is not.
fn wished(clause: &Clause, verb: usize, asks: bool) -> VerbRole {
    // "… when I need to replace it" asks or tells.
    let inner = is("when if whether what how where why which who", clause.at(clause.body_start))
        && is("i we", clause.at(clause.body_start + 1));
    if asks || inner && clause.at(clause.body_start) != "what" {
        return VerbRole::Embedded;
    }
    // "I like to sell" tells of a habit, "I would like to sell" does not.
    let habit = is("like love prefer trying", clause.at(verb)) && !clause.has_before("would", verb);
    match subject(clause, verb) {
        WishSubject::Speaker if !habit => VerbRole::Ordered,
        WishSubject::You if clause.at(verb) != "like" && clause.mood != Mood::Condition => {
            VerbRole::Ordered
        }
        WishSubject::Denied => VerbRole::Forbidden,
        _ => VerbRole::Embedded,
    }
}

/// "you have to …", "I have to …": what the speaker must do, the agent may well do for them. "I had to …" tells.
fn duty(clause: &Clause, verb: usize, asks: bool) -> VerbRole {
    // "everything I have to buy", "she said I have to call"
    let speaker = (clause.body_start..verb).find(|&at| is("i we", clause.at(at)));
    let inner = clause.mood == Mood::Condition || speaker.is_some_and(|at| at > clause.body_start);
    match subject(clause, verb) {
        _ if asks => VerbRole::Embedded,
        WishSubject::Denied => VerbRole::Forbidden,
        WishSubject::You | WishSubject::Someone => VerbRole::Ordered,
        WishSubject::Speaker if !inner => VerbRole::Ordered,
        _ => VerbRole::Embedded,
    }
}

/// "remember to …", "make sure to …", "don't forget to …": an order if these are ordered.
fn reminded(clause: &Clause, verb: usize) -> VerbRole {
    let word = clause.at(verb);
    if matches!(word, "forget" | "hesitate" | "fail" | "neglect") {
        let denied = clause.has_before("not never", verb);
        let asks = matches!(clause.mood, Mood::Question { .. });
        return if denied && !asks && !clause.has_before("i he she they", verb) {
            VerbRole::Ordered
        } else {
            VerbRole::Embedded
        };
    }
    let verb = match word {
        "sure" | "certain" | "free" => match clause.left(verb) {
            Some(make) if matches!(clause.at(make), "make" | "be" | "feel") => make,
            Some(_) => return VerbRole::Embedded,
            None => return VerbRole::Ordered,
        },
        _ => verb,
    };
    match role(clause, verb) {
        VerbRole::Start | VerbRole::Ordered => VerbRole::Ordered,
        role => role,
    }
}

/// "use my card to pay …", "get the robot to clean …": what an order is for is ordered too; "find a way to …"
/// and "get me the steps to …" are not.
fn purpose(clause: &Clause, to: usize) -> VerbRole {
    let verb = (clause.body_start..to).find(|&at| morphology::is_base(clause.at(at)));
    match verb {
        Some(verb) if is(MEANS, clause.at(verb)) && ordered(clause, verb) => {
            let guide = (verb..to).any(|at| is(GUIDES, clause.at(at)));
            if guide { VerbRole::Embedded } else { VerbRole::Ordered }
        }
        _ => VerbRole::Embedded,
    }
}

enum WishSubject {
    /// "I", "we".
    Speaker,
    You,
    Someone,
    /// Anybody else.
    Other,
    /// There is a "not" before the verb.
    Denied,
}

/// The subject of the wish at `verb`, over its auxiliaries.
fn subject(clause: &Clause, verb: usize) -> WishSubject {
    let mut at = verb;
    while let Some(left) = clause.left(at) {
        let word = clause.at(left);
        match word {
            "not" | "never" => return WishSubject::Denied,
            // "everything I need to buy" belongs to the thing before it.
            "i" | "we"
                if left > clause.body_start
                    && matches!(clause.mood, Mood::Bare | Mood::Request) =>
            {
                return WishSubject::Other;
            }
            "i" | "we" => return WishSubject::Speaker,
            "you" => return WishSubject::You,
            _ if is(SOMEONE, word) => return WishSubject::Someone,
            _ if is(MODALS, word)
                || is(BE, word)
                || is(HAVE, word)
                || is("got do going to", word) =>
            {
                at = left;
            }
            _ => return WishSubject::Other,
        }
    }
    // "need to cancel the dentist", without its "I".
    if at == verb { WishSubject::Speaker } else { WishSubject::Other }
}
