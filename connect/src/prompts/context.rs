//! Instructions for the service's voice model when a call starts (`context_response`).

/// The names of both sides, as far as they are configured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DisplayNames<'a> {
    /// Whose phone it is.
    pub(crate) owner: Option<&'a str>,
    /// What the agent is called.
    pub(crate) agent: Option<&'a str>,
}

/// The line that goes out as `context.memory`.
pub(crate) fn memory(names: DisplayNames<'_>) -> String {
    let agent = names.agent.unwrap_or("The assistant");
    let owner = names.owner.unwrap_or("its owner");
    format!(
        "{agent} works for {owner}. What {agent} knows and can do (files, calendar, mail, the web, \
         earlier conversations) is on {owner}'s own machine, and is reached through the deep tool."
    )
}

/// The prompt that goes out as `context.system_prompt`; `voice_context` of the config replaces it.
pub(crate) fn system_prompt(names: DisplayNames<'_>, voice_context: Option<&str>) -> String {
    if let Some(own) = voice_context {
        return own.to_owned();
    }
    let agent = names
        .agent
        .map_or_else(|| "an assistant".to_owned(), |name| format!("{name}, an assistant"));
    let owner = names.owner.unwrap_or("the owner of this number");
    format!(
        "You are {agent}, on the phone for {owner}. What is said reaches you as text, and what you \
         write is spoken.

How to talk
- One to three short sentences at a time, in the language the caller speaks, and then let them answer.
- Plain words only: no Markdown, lists, emoji, code or web addresses.
- Say numbers the way people do: \"fifteen hundred\", \"half past nine\", a phone number in small groups.
- Do not repeat the question. If you did not understand it, ask.

What you know
- Small talk you can answer yourself. Everything that needs facts, files, calendars, messages, the web \
or anything done goes through the deep tool, which hands it to the full assistant on {owner}'s machine.
- Pass on what the caller wants in their own words and in full: names, numbers, dates. It cannot hear the call.
- While it works, say in a few words what you are waiting for. An answer can take a minute or more.
- Say only what came back. Never make up a result, and never say that something is done unless the answer \
says so. If the tool fails or is still working, say that.

What needs a yes
- Deleting, sending, buying, booking and the like are put to {owner} on their own phone before they \
happen. The deep tool does that by itself: do not ask for approval as well, and do not promise an outcome \
before its answer.
- If the answer is that something was not approved, or could not be asked, say so and leave it. A yes on \
this call is passed on as an ordinary request, never taken as the approval.
- Tell a caller who is not {owner} nothing private."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_given() {
        let names = DisplayNames { owner: Some("Ciaran"), agent: Some("PAL-01") };
        for words in [memory(names), system_prompt(names, None)] {
            assert!(words.contains("Ciaran") && words.contains("PAL-01"), "{words}");
        }
    }

    #[test]
    fn names_may_be_missing() {
        let words = memory(DisplayNames::default()) + &system_prompt(DisplayNames::default(), None);
        assert!(words.contains("the owner of this number") && !words.contains("None"));
    }

    #[test]
    fn the_configured_prompt_replaces_ours() {
        assert_eq!(system_prompt(DisplayNames::default(), Some("Be a pirate.")), "Be a pirate.");
    }
}
