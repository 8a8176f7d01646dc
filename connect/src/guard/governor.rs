//! Who governs a verb: the sentence's own order, a subject of its own, a "how to", a "not".
//!
//! For the verb at a position, the words to its left are followed ("could you please go and …") until it is
//! known whether the speaker orders it. Nothing here knows what the verb does.

use super::clause::Clause;
use super::mood::Mood;
use super::verbs::{self, Form};
use super::words::{BE, DETERMINERS, DO, HAVE, List, MODALS, SOMEONE, SUBJECTS, is, possessive};

/// What stands over a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The clause begins with it.
    Start,
    /// It is ordered: "can you …", "I want you to …", "let's …".
    Ordered,
    /// It is told, asked about or only thought of: "I …", "how to …", "who …".
    Embedded,
    /// "not", "never".
    Forbidden,
    /// It stands behind this other word, which governs nothing.
    Beside(usize),
}

/// The role of the plain form at `at`.
pub(super) fn role(clause: &Clause, at: usize) -> Role {
    let Some(left) = clause.left(at) else { return Role::Start };
    let polite = (left + 1..at).any(|i| matches!(clause.at(i), "please" | "kindly"));
    if polite && clause.at(left) != "to" {
        return Role::Start;
    }
    let word = clause.at(left);
    match word {
        "to" => after_to(clause, left),
        "you" => after_you(clause, left),
        "we" => after_we(clause, left),
        "lets" => Role::Ordered,
        "like" if clause.before_word(left) == "you" => after_you(clause, left - 1),
        "us" | "me" => after_me(clause, left),
        "not" | "never" => after_not(clause, left),
        "go" | "come" | "help" | "run" => role(clause, left),
        "is" | "be" if cleft(clause) => Role::Start,
        _ if is(MODALS, word) => after_modal(clause, left),
        _ if is(SOMEONE, word) => after_someone(clause, left),
        // "do remove it" is an order; "what do … remove" is not.
        "do" if left == clause.open => Role::Start,
        "i" if clause.mood == Mood::Request && left <= clause.open + 2 => Role::Ordered,
        _ if is(SUBJECTS, word) && word != "that" && word != "it" => Role::Embedded,
        _ if is(DO, word) => Role::Embedded,
        _ if clause.command_line => Role::Start,
        _ if through_another(clause, left) => Role::Ordered,
        _ => Role::Beside(left),
    }
}

/// "have Maria send …", "make Bob pay …": what stands between is whoever shall do it.
fn through_another(clause: &Clause, last: usize) -> bool {
    if matches!(clause.mood, Mood::Question { .. }) {
        return false;
    }
    let Some(have) = (clause.open..last).rev().find(|&at| is("have make help", clause.at(at)))
    else {
        return false;
    };
    if is(DETERMINERS, clause.at(last)) || possessive(clause.at(last)) {
        return false;
    }
    let doer = have + 1..last + 1;
    let other = |at: usize| {
        verbs::is_base(clause.at(at)) || is(BE, clause.at(at)) || is("to me us a an", clause.at(at))
    };
    doer.len() <= 3 && !doer.into_iter().any(other) && ordered(clause, have)
}

/// Whether the clause or a lead-in orders the verb at `at`.
pub(super) fn ordered(clause: &Clause, at: usize) -> bool {
    matches!(role(clause, at), Role::Start | Role::Ordered)
}

fn after_not(clause: &Clause, not: usize) -> Role {
    if clause.before_word(not) == "why" { Role::Ordered } else { Role::Forbidden }
}

/// After these, "you" is told what to do: "I suggest you cancel".
const URGED: &List = &List::of(
    "that sure suggest recommend rather prefer insist request demand propose wish hope \
    ask appreciate about maybe",
);

/// "… you delete": what stands before "you" decides.
fn after_you(clause: &Clause, you: usize) -> Role {
    let Some(before) = clause.left(you) else { return Role::Ordered };
    let asks = matches!(clause.mood, Mood::Question { .. });
    let word = match clause.at(before) {
        "not" if before > clause.start => clause.at(before - 1),
        word => word,
    };
    if is(MODALS, word) {
        return if asks && before > clause.open { Role::Embedded } else { Role::Ordered };
    }
    if word == "do" && clause.at(clause.open) == "why" {
        return Role::Ordered;
    }
    let relative = word == "that"
        && !clause.has_before(
            "sure suggest recommend insist request demand ask propose wish hope",
            before,
        );
    if is(URGED, word) && !asks && !relative { Role::Ordered } else { Role::Embedded }
}

fn after_we(clause: &Clause, we: usize) -> Role {
    let Some(before) = clause.left(we) else { return Role::Embedded };
    let word = clause.at(before);
    let asks = matches!(clause.mood, Mood::Question { .. });
    match word {
        "can" | "could" | "shall" | "about" | "suggest" | "propose" if !asks => Role::Ordered,
        // "what do you say we …"
        "say" => Role::Ordered,
        "not" if clause.at(clause.open) == "why" && clause.mood == Mood::Request => Role::Ordered,
        _ => Role::Embedded,
    }
}

fn after_someone(clause: &Clause, someone: usize) -> Role {
    if matches!(clause.mood, Mood::Question { .. }) {
        return Role::Embedded;
    }
    match clause.left(someone).map(|before| clause.at(before)) {
        None | Some("can" | "could" | "would" | "will" | "have" | "get") => Role::Ordered,
        _ => Role::Embedded,
    }
}

/// "you should …", "we must …", "if you could …", "I will …".
fn after_modal(clause: &Clause, modal: usize) -> Role {
    let asks = matches!(clause.mood, Mood::Question { .. });
    let Some(subject) = clause.left(modal) else { return Role::Embedded };
    let modal = clause.at(modal);
    let before = clause.left(subject).map_or("", |at| clause.at(at));
    match clause.at(subject) {
        "you" => {
            const DOUBT: &List = &List::of(
                "know that thought said whether what how which where when who why told says \
                heard",
            );
            let hope = clause.has_before("hope think wish hoping", subject);
            let told = clause.has_before("tell know explain told", subject);
            let hoped = is("think hoping hope wondering if chance way wish believe", before);
            let doubted = is(DOUBT, before) && !hope;
            let told = before == "if" && told && !clause.has_before("wondering", subject);
            if doubted || told || asks && !hoped { Role::Embedded } else { Role::Ordered }
        }
        "we" if !asks && is("should must can could", modal) => {
            if is("if when what how whether that", before) { Role::Embedded } else { Role::Ordered }
        }
        word if is(SOMEONE, word) && !asks => Role::Ordered,
        _ => Role::Embedded,
    }
}

/// "let us …", "help me …"; "let me …" is what the speaker does.
fn after_me(clause: &Clause, me: usize) -> Role {
    let Some(before) = clause.left(me) else { return Role::Beside(me) };
    match (clause.at(before), clause.at(me)) {
        ("let", "us") => Role::Ordered,
        ("let" | "make" | "watch" | "see" | "hear", _) => Role::Embedded,
        ("help", _) => role(clause, before),
        _ => Role::Beside(me),
    }
}

/// "… to delete": the word before "to" decides.
fn after_to(clause: &Clause, to: usize) -> Role {
    let Some(before) = clause.left(to) else { return Role::Embedded };
    if clause.at(before) == "not" {
        return Role::Forbidden;
    }
    let asks = matches!(clause.mood, Mood::Question { .. });
    let word = clause.at(before);
    if word == "you" || is(SOMEONE, word) {
        return told_to(clause, before);
    }
    if matches!(word, "me" | "us") {
        return match clause.left(before).map(|at| (at, clause.at(at))) {
            Some((help, "help")) => role(clause, help),
            _ => Role::Embedded,
        };
    }
    match word {
        "want" | "need" | "like" | "love" | "wish" | "prefer" | "hoping" | "hope" | "got"
        | "ready" | "looking" | "trying" | "wanting" => wished(clause, before, asks),
        "have" | "ought" | "better" | "has" | "needs" | "supposed" => duty(clause, before, asks),
        "sure" | "certain" | "forget" | "remember" | "try" | "attempt" | "proceed" | "continue"
        | "help" | "free" | "hesitate" | "fail" | "neglect" | "agree" | "start" | "begin" => {
            reminded(clause, before)
        }
        "able" | "kind" | "enough" | "as" | "possible" | "okay" | "ok" | "alright" | "mind" => {
            if clause.mood == Mood::Request || clause.mood == Mood::Bare {
                Role::Ordered
            } else {
                Role::Embedded
            }
        }
        "welcome" | "allowed" | "authorized" | "authorised" | "cleared" | "permission"
        | "approval" | "ahead" | "permitted" | "going" => {
            let allowed = word != "going" && clause.has_before("you your", before);
            let going = || matches!(subject(clause, before), Subject::You);
            if (allowed || word == "going" && going()) && !asks {
                Role::Ordered
            } else {
                Role::Embedded
            }
        }
        "time" if is("it time now high", clause.at(clause.open)) => Role::Ordered,
        _ => purpose(clause, to),
    }
}

/// "I want you to …", "it is up to you to …", but not "I asked you to …".
fn told_to(clause: &Clause, you: usize) -> Role {
    let asks = matches!(clause.mood, Mood::Question { .. });
    let verb = clause.left(you);
    let word = verb.map_or("", |at| clause.at(at));
    let past = verbs::readings(word).iter().any(|reading| reading.form == Form::Past)
        || is("asked told wanted needed expected allowed", word);
    let hoped = past && clause.has_before("was just", you);
    let negated = verb.is_some_and(|at| clause.has_before("not never", at));
    if negated {
        Role::Forbidden
    } else if asks || past && !hoped || word == "for" && clause.has_before("way how", you) {
        Role::Embedded
    } else {
        Role::Ordered
    }
}

/// "I want to …", "we need to …": a wish is an order, another's wish or a denied one is not.
fn wished(clause: &Clause, verb: usize, asks: bool) -> Role {
    // "… when I need to replace it" asks or tells.
    let inner = is("when if whether what how where why which who", clause.at(clause.open))
        && is("i we", clause.at(clause.open + 1));
    if asks || inner && clause.at(clause.open) != "what" {
        return Role::Embedded;
    }
    // "I like to sell" tells of a habit, "I would like to sell" does not.
    let habit = is("like love prefer trying", clause.at(verb)) && !clause.has_before("would", verb);
    match subject(clause, verb) {
        Subject::Speaker if !habit => Role::Ordered,
        Subject::You if clause.at(verb) != "like" && clause.mood != Mood::Condition => {
            Role::Ordered
        }
        Subject::Denied => Role::Forbidden,
        _ => Role::Embedded,
    }
}

/// "you have to …", "we have got to …"; "I have to …" tells of the speaker's own plans.
fn duty(clause: &Clause, verb: usize, asks: bool) -> Role {
    let own = clause.has_before("i", verb);
    match subject(clause, verb) {
        _ if asks => Role::Embedded,
        Subject::Denied => Role::Forbidden,
        Subject::You | Subject::Someone => Role::Ordered,
        Subject::Speaker if !own => Role::Ordered,
        _ => Role::Embedded,
    }
}

/// "remember to …", "make sure to …", "don't forget to …": an order if these are ordered.
fn reminded(clause: &Clause, verb: usize) -> Role {
    let word = clause.at(verb);
    if matches!(word, "forget" | "hesitate" | "fail" | "neglect") {
        let denied = clause.has_before("not never", verb);
        let asks = matches!(clause.mood, Mood::Question { .. });
        return if denied && !asks && !clause.has_before("i he she they", verb) {
            Role::Ordered
        } else {
            Role::Embedded
        };
    }
    let verb = match word {
        "sure" | "certain" | "free" => match clause.left(verb) {
            Some(make) if matches!(clause.at(make), "make" | "be" | "feel") => make,
            Some(_) => return Role::Embedded,
            None => return Role::Ordered,
        },
        _ => verb,
    };
    match role(clause, verb) {
        Role::Start | Role::Ordered => Role::Ordered,
        role => role,
    }
}

/// "use my card to pay …", "get the robot to clean …": what an order is for is ordered too; "find a way to …"
/// and "get me the steps to …" are not.
fn purpose(clause: &Clause, to: usize) -> Role {
    const MEANS: &List = &List::of("use log sign go head visit open hop get have");
    const GUIDES: &List = &List::of(
        "me way ways how steps instructions guide recipe directions ideas tips advice link",
    );
    let verb = (clause.open..to).find(|&at| verbs::is_base(clause.at(at)));
    match verb {
        Some(verb) if is(MEANS, clause.at(verb)) && ordered(clause, verb) => {
            let guide = (verb..to).any(|at| is(GUIDES, clause.at(at)));
            if guide { Role::Embedded } else { Role::Ordered }
        }
        _ => Role::Embedded,
    }
}

enum Subject {
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
fn subject(clause: &Clause, verb: usize) -> Subject {
    let mut at = verb;
    while let Some(left) = clause.left(at) {
        let word = clause.at(left);
        match word {
            "not" | "never" => return Subject::Denied,
            // "everything I need to buy" belongs to the thing before it.
            "i" | "we"
                if left > clause.open && matches!(clause.mood, Mood::Bare | Mood::Request) =>
            {
                return Subject::Other;
            }
            "i" | "we" => return Subject::Speaker,
            "you" => return Subject::You,
            _ if is(SOMEONE, word) => return Subject::Someone,
            _ if is(MODALS, word)
                || is(BE, word)
                || is(HAVE, word)
                || is("got do going to", word) =>
            {
                at = left;
            }
            _ => return Subject::Other,
        }
    }
    // "need to cancel the dentist", without its "I".
    if at == verb { Subject::Speaker } else { Subject::Other }
}

/// "What I need is …", "all you have to do is …", "the next thing is …".
fn cleft(clause: &Clause) -> bool {
    let first = clause.at(clause.open);
    clause.mood == Mood::Report && is("what all the first next my", first)
}
