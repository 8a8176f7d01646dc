//! Every sentence that this program says to people itself: plain English, and never a claim that something was done.

use super::context::DisplayNames;

/// No approval was needed and the turn outlasts eight seconds.
pub(crate) const WORKING: &str = "I'm working on it.";
/// The turn goes on; sent at long intervals.
pub(crate) const STILL_WORKING: &str = "I'm still working on it.";
/// The wait is over and the turn is not: the reply will be spoken on this call.
pub(crate) const STILL_RUNNING: &str =
    "Your assistant is still working on that. I'll tell you as soon as the answer is there.";
/// The same where nothing can be said later (push-to-talk).
pub(crate) const NO_ANSWER_YET: &str =
    "Your assistant is still working on that. Please ask me for the answer in a minute.";

/// More requests than are run or kept waiting at once.
pub(crate) const BUSY: &str = "The line to your assistant is busy, so I have not passed that on. Please ask again in a minute.";
/// The request waited its full time for a free turn.
pub(crate) const WAITED_TOO_LONG: &str =
    "Your assistant was busy for too long, so I have not passed that on. Please ask again.";
/// This program is being stopped and takes no new requests.
pub(crate) const STOPPING: &str =
    "I'm just being restarted, so I have not passed that on. Please ask again in a minute.";
/// The frame held no words that could be read.
pub(crate) const NOT_UNDERSTOOD: &str = "Sorry, I did not catch that. Please say it again.";
/// The request is longer than any that is passed on.
pub(crate) const TOO_LONG: &str =
    "That was too long for one request. Please ask for it in smaller pieces.";

/// The request never left for the gateway.
pub(crate) const UNREACHABLE: &str =
    "I could not reach your assistant, so nothing has happened. Please try again in a minute.";
/// The gateway is restarting or draining, and did not take the request.
pub(crate) const GATEWAY_RESTARTING: &str =
    "Your assistant is just restarting, so nothing has happened. Please try again in a minute.";
/// The request left, and its answer was lost: it is not repeated.
pub(crate) const ANSWER_LOST: &str = "I lost the connection to your assistant while it was working. \
                                      It may still carry that out, so please check before you ask again.";
/// `sessions_send` is not in `gateway.tools.allow`.
pub(crate) const NOT_ALLOWED: &str = "Your gateway does not let me pass requests on to your assistant. \
                                      My log says which setting is missing.";
/// The gateway refused the token.
pub(crate) const TOKEN_REFUSED: &str = "Your gateway refused my token, so I could not pass that on. \
                                        Please run the setup again.";
/// The gateway refused the session, in both forms.
pub(crate) const SESSION_REFUSED: &str = "Your gateway did not let me talk to your assistant's session, \
                                          so I could not pass that on.";
/// The turn ended with an error.
pub(crate) const TURN_FAILED: &str =
    "Your assistant ran into an error and could not finish that. Please try again later.";
/// The turn ended well and without words: silence, a control word, a call of a tool.
pub(crate) const NO_WORDS: &str = "Your assistant gave no answer in words.";
/// The answer could not be read.
pub(crate) const UNREADABLE: &str = "I got an answer from your assistant that I could not read, so I do \
                                   not know how that went.";

/// Sent to the gateway before a crash, and unanswered.
pub(crate) const TURN_INTERRUPTED: &str = "I lost track of that when I was restarted. It may have been carried \
                                     out or not, so please check before you ask again.";
/// The gateway was restarted meanwhile, and does not know of the request any more.
pub(crate) const TURN_LOST: &str = "Your assistant was restarted, and I lost track of that. It may have been carried \
                              out or not, so please check before you ask again.";
/// The owner asked for something else on the same call, and the turn before it was stopped.
pub(crate) const BROKEN_OFF: &str = "You asked for something else, so I stopped that.";
/// Something in this program broke while it handled the request.
pub(crate) const INTERNAL_ERROR: &str = "Sorry, something went wrong on my side, and I lost track of that. \
                                 Please check before you ask again.";

/// The approval is about to be requested.
pub(crate) const APPROVAL_REQUESTED: &str = "That needs your approval. Please look at your phone.";
/// The owner said no.
pub(crate) const DENIED: &str = "You declined that, so I have not done it.";
/// Nobody decided in time.
pub(crate) const TIMED_OUT: &str = "That was not approved in time, so I have not done it.";
/// No device is registered.
pub(crate) const NO_DEVICE: &str = "I could not ask for your approval, because no phone is registered for that, so I have not done it.";
/// No device could be reached.
pub(crate) const NOT_DELIVERED: &str =
    "The request for your approval did not reach your phone, so I have not done it.";
/// The approval could not be requested, or the answer to that was lost.
pub(crate) const APPROVAL_NOT_REQUESTED: &str =
    "I could not ask for your approval, so I have not done it.";
/// The wait for the approval was cut by a crash.
pub(crate) const APPROVAL_INTERRUPTED: &str =
    "I was restarted while I waited for your approval, so I have not done it.";
/// The request does not fit into an approval, and is never cut for one.
pub(crate) const TOO_LONG_TO_APPROVE: &str = "That is too long to be approved word for word, so I have \
                                              not done it. Please ask for it in fewer words.";
/// The journal cannot be written, so an approval could be lost or used twice.
pub(crate) const NO_JOURNAL: &str = "I can't keep records right now, so I do nothing that needs your \
                                    approval. I have not done it.";
/// The owner texted STOP meanwhile.
pub(crate) const STOPPED_BY_OWNER: &str = "You asked me by text to stop, so I stopped there.";
/// The machine slept while the request waited for a yes, so nobody knows how old that is.
pub(crate) const MACHINE_SLEPT: &str =
    "My computer was asleep while I waited for your yes, so I have not done it. Please ask again.";
/// The owner approved a deed that the gate holds.
pub(crate) const DEED_APPROVED: &str = "You approved that. I'll go on.";
/// The gate asked too often.
pub(crate) const TOO_MANY_DEEDS: &str =
    "There were too many things to approve, so I have not done it.";
/// Somebody who is not the owner asked for something sensitive, on a call.
pub(crate) const NOT_FOR_STRANGERS: &str = "I can't do that for you, but I can pass on a message.";
/// The same by text message.
pub(crate) const NOT_BY_TEXT: &str = "I can't do that by text, but I can pass on a message.";

/// No device, and `guard.no_device` is `voice`: asks aloud. `request` is in the owner's own words.
pub(crate) fn confirm_aloud(request: &str) -> String {
    format!(
        "I can't reach your phone for approval. You asked: {}. Shall I go ahead? Please say yes or no.",
        request.trim().trim_end_matches(['.', '!', '?'])
    )
}

/// A deed is put to the owner: `action` is what is about to be done, in words that can be spoken.
pub(crate) fn deed_held(action: &str) -> String {
    format!("That needs your approval: {}. Please look at your phone.", unended(action))
}

/// No device, and `guard.no_device` is `voice`: asks aloud about a deed.
pub(crate) fn confirm_deed_aloud(action: &str) -> String {
    format!(
        "I can't reach your phone for approval. I am about to do this: {}. Shall I go ahead? Please say yes or no.",
        unended(action)
    )
}

/// The agent uses a tool, by this title.
pub(crate) fn at_work(title: &str) -> String {
    format!("I'm working on it: {}.", unended(title))
}

/// The answer to a yes aloud to a deed, and whether it came while the deed was still held.
pub(crate) fn heard_yes(in_time: bool) -> &'static str {
    if in_time { "All right, I'll go on." } else { "That came too late, so I have not done it." }
}

fn unended(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', '?', ':'])
}

/// The one line that answers a text which asks who this is.
pub(crate) fn who_this_is(names: DisplayNames<'_>) -> String {
    let name = |name: Option<&str>| name.map(state::sanitize::line).filter(|name| !name.is_empty());
    let who = match (name(names.agent), name(names.owner)) {
        (Some(agent), Some(owner)) => format!("{agent}, an AI assistant that works for {owner}"),
        (Some(agent), None) => format!("{agent}, an AI assistant"),
        (None, Some(owner)) => format!("the AI assistant of {owner}"),
        (None, None) => "an AI assistant".to_owned(),
    };
    format!("This is {who}. Reply STOP to get no more texts and calls from this number.")
}

/// What an inbound caller hears first, where the config has no greeting.
pub(crate) fn greeting(agent: Option<&str>) -> String {
    agent.map_or_else(
        || "Hello, how can I help?".to_owned(),
        |agent| format!("Hello, this is {agent}. How can I help?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        WORKING,
        STILL_WORKING,
        STILL_RUNNING,
        NO_ANSWER_YET,
        BUSY,
        WAITED_TOO_LONG,
        STOPPING,
        NOT_UNDERSTOOD,
        TOO_LONG,
        UNREACHABLE,
        GATEWAY_RESTARTING,
        ANSWER_LOST,
        NOT_ALLOWED,
        TOKEN_REFUSED,
        SESSION_REFUSED,
        TURN_FAILED,
        NO_WORDS,
        UNREADABLE,
        TURN_INTERRUPTED,
        INTERNAL_ERROR,
        TURN_LOST,
        BROKEN_OFF,
        DEED_APPROVED,
        TOO_MANY_DEEDS,
        APPROVAL_REQUESTED,
        DENIED,
        TIMED_OUT,
        NO_DEVICE,
        NOT_DELIVERED,
        APPROVAL_NOT_REQUESTED,
        APPROVAL_INTERRUPTED,
        TOO_LONG_TO_APPROVE,
        NO_JOURNAL,
        STOPPED_BY_OWNER,
        MACHINE_SLEPT,
        NOT_FOR_STRANGERS,
        NOT_BY_TEXT,
    ];

    #[test]
    fn nothing_claims_success() {
        for sentence in ALL {
            let words = sentence.to_lowercase().replace("have not done it", "");
            assert!(!words.starts_with("done") && !words.contains("done"), "{sentence}");
            assert!(!words.contains("success") && !words.contains("completed"), "{sentence}");
        }
    }

    #[test]
    fn every_sentence_can_be_spoken_as_it_stands() {
        for sentence in ALL.iter().map(|s| (*s).to_owned()).chain([
            confirm_aloud("delete my test repo."),
            greeting(None),
            greeting(Some("PAL-01")),
            who_this_is(DisplayNames::default()),
            who_this_is(DisplayNames { agent: Some("PAL-01"), owner: Some("Ciaran") }),
            who_this_is(DisplayNames { agent: None, owner: Some("Ciaran") }),
        ]) {
            assert_eq!(crate::speech::speakable(&sentence), sentence);
            assert!(sentence.len() > 10 && sentence.ends_with(['.', '?']), "{sentence}");
        }
    }

    #[test]
    fn a_confirmation_repeats_the_request() {
        assert_eq!(
            confirm_aloud("Delete my test repo."),
            "I can't reach your phone for approval. You asked: Delete my test repo. Shall I go ahead? \
             Please say yes or no."
        );
    }
}
