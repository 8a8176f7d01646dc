//! Tells the agent's main session what opt-outs mean for it: an answer to a question of ours, or the owner's own STOP.

use state::phone::Phone;

use super::phone_display::display;

/// The message about somebody who opted out by a word that also answers our last text to them.
pub(crate) fn reply_notice(from: &Phone, word: &str) -> String {
    let from = display(from);
    format!(
        "[ClawdTalk] {from} answered {word} to the last text to them, which asked something. The carrier takes it for an \
         opt-out too: no more texts go to that number, and it must not be asked again by text. This is a report, not a \
         request."
    )
}

/// The message that the owner stopped everything by a text; `n` requests were under way.
pub(crate) fn stop_notice(n: usize) -> String {
    let what = match n {
        0 => "Nothing was under way".to_owned(),
        1 => "One request was under way and is ended".to_owned(),
        n => format!("{n} requests were under way and are ended"),
    };
    format!(
        "[ClawdTalk] The owner texted STOP. {what}: do nothing more for it. The carrier delivers no texts to the owner's phone \
         until it texts START. This is a report, not a request."
    )
}

#[cfg(test)]
mod tests {
    use super::{reply_notice, stop_notice};

    #[test]
    fn a_notice_says_who_and_what() {
        let notice = reply_notice(&"+15551112222".parse().unwrap(), "CANCEL");
        assert!(notice.contains("+1 (555) 111-2222 answered CANCEL"), "{notice}");
        for (n, wanted) in [(0, "Nothing was"), (1, "One request was"), (3, "3 requests were")] {
            assert!(stop_notice(n).contains(wanted), "{n}");
        }
    }
}
