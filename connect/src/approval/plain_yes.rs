//! Whether somebody plainly said yes, and nothing else: what a spoken confirmation needs.

use smol_str::SmolStr;

use crate::classifier::plain_words;

/// What alone is a yes.
const YES: &[&str] = &[
    "yes",
    "yeah",
    "yep",
    "yup",
    "sure",
    "absolutely",
    "certainly",
    "definitely",
    "confirm",
    "confirmed",
    "affirmative",
];
/// What is a yes when said in a row.
const PHRASES: &[&[&str]] =
    &[&["go", "ahead"], &["do", "it"], &["please", "do"], &["of", "course"]];
/// What may stand beside a yes without changing it.
const NEUTRAL_WORDS: &[&str] = &[
    "please", "ok", "okay", "alright", "right", "just", "do", "it", "that", "go", "ahead", "of",
    "course", "uh", "um", "uhm", "oh", "well", "thanks", "thank", "you", "i", "then", "now",
];

/// The whole utterance is a yes: "yeah, go ahead", not "yes but wait" and not "yes, cancel it".
pub(super) fn is_plain_yes(text: &str) -> bool {
    let words = plain_words(text);
    let words: Vec<&str> = words.iter().map(SmolStr::as_str).collect();
    let holds = |phrase: &[&str]| words.windows(phrase.len()).any(|window| window == phrase);
    let says_yes =
        words.iter().any(|word| YES.contains(word)) || PHRASES.iter().any(|phrase| holds(phrase));
    says_yes && words.iter().all(|word| YES.contains(word) || NEUTRAL_WORDS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_plain_yes;

    #[test]
    fn only_a_plain_yes() {
        for text in [
            "yes",
            "Yes.",
            "yeah go ahead",
            "Sure, please do!",
            "uh yes please",
            "do it",
            "of course",
            "I confirm",
        ] {
            assert!(is_plain_yes(text), "{text}");
        }
        for text in [
            "",
            "no",
            "yes but wait",
            "yes, cancel it",
            "yes and delete the other one too",
            "not yes",
            "don't do it",
            "okay",
            "what did you say yes to",
            "yes no",
            "do that thing later",
            "go",
            "yes?? what was that",
        ] {
            assert!(!is_plain_yes(text), "{text}");
        }
    }
}
