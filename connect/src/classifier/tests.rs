//! The classifier on the labelled phrases of `labelled_phrases.tsv`, and what must be true of any text: no panic, no
//! noise that hides a verb.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::classify::{Classification, SensitiveReason, classify};
use state::approval_policy::OwnerPhrases;

/// Label and phrase of each line.
fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("labelled_phrases.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').expect("every line has a label and a phrase"))
}

/// The phrases of `label` that the rule tells right, and that `keep` keeps.
fn right(label: &str, keep: impl Fn(&Classification) -> bool) -> Vec<&'static str> {
    let rows = table().filter(|(named, phrase)| *named == label && phrase.is_ascii());
    rows.map(|(_, phrase)| phrase)
        .filter(|phrase| keep(&classify(phrase, &OwnerPhrases::default())))
        .collect()
}

static RIGHT: LazyLock<[Vec<&str>; 2]> = LazyLock::new(|| {
    let order = |verdict: &Classification| {
        matches!(verdict, Classification::Sensitive(SensitiveReason::Instruction { .. }))
    };
    [right("harmless", |verdict| *verdict == Classification::Harmless), right("sensitive", order)]
});

fn sensitive(phrase: &str) -> bool {
    classify(phrase, &OwnerPhrases::default()) != Classification::Harmless
}

#[test]
fn labelled_phrases_are_classified_as_labelled() {
    let (mut acting, mut missed, mut harmless, mut alarms) = (0, Vec::new(), 0, Vec::new());
    for (label, phrase) in table() {
        let verdict = classify(phrase, &OwnerPhrases::default());
        match (label, verdict) {
            ("sensitive", Classification::Sensitive(_)) => acting += 1,
            ("sensitive", Classification::Harmless) => missed.push(phrase),
            ("harmless", Classification::Harmless) => harmless += 1,
            ("harmless", Classification::Sensitive(reason)) => {
                alarms.push(format!("{phrase}: {reason}"));
            }
            _ => panic!("no label `{label}`"),
        }
    }
    let report = format!("missed: {missed:#?}\nfalse alarms: {alarms:#?}");
    let (acting, harmless) = (acting + missed.len(), harmless + alarms.len());
    assert!(acting >= 200 && harmless >= 200, "{acting} sensitive, {harmless} harmless");
    assert!(missed.len() * 100 <= acting * 3, "recall under 0.97\n{report}");
    assert!(alarms.len() * 100 <= harmless * 3, "false alarms over 0.03\n{report}");
    if !missed.is_empty() || !alarms.is_empty() {
        println!("{report}");
    }
}

#[test]
fn a_sensitive_request_has_its_reason() {
    #[track_caller]
    fn case(phrase: &str, wanted: &str) {
        match classify(phrase, &OwnerPhrases::default()) {
            Classification::Sensitive(reason) => {
                assert_eq!(reason.to_string(), wanted, "{phrase:?}");
            }
            Classification::Harmless => panic!("{phrase:?} is harmless, wanted {wanted:?}"),
        }
    }
    case("what's up and delete the repo", "instruction `delete …`: deletes or destroys something");
    case("I need the bill paid", "instruction `paid …`: pays or sells");
    case(
        "could you frobnicate the server",
        "instruction `frobnicate …`: an action that the guard does not know",
    );
    case("borra todos mis mensajes", "not in English, so the guard cannot judge it");
    case(&"please ".repeat(600), "longer than 4000 characters");
}

#[test]
fn the_owners_patterns_add() {
    let rules = OwnerPhrases { patterns: vec!["Code Red".into()], ..OwnerPhrases::default() };
    let wanted = Classification::Sensitive(SensitiveReason::Pattern("Code Red".into()));
    assert_eq!(classify("is it a code red?", &rules), wanted);
    assert_eq!(classify("is it a code reduction?", &rules), Classification::Harmless);
}

#[test]
fn a_harmless_phrase_covers_its_own_verb_only() {
    let rules = OwnerPhrases {
        harmless: vec!["turn on the lights".into(), "mach das Licht an".into()],
        ..OwnerPhrases::default()
    };
    assert_eq!(classify("Turn on the lights in the kitchen", &rules), Classification::Harmless);
    assert_eq!(classify("Mach das Licht an!", &rules), Classification::Harmless);
    for phrase in [
        "turn on the lights and delete the repo",
        "turn on the oven",
        "mach das Licht an und das Auto",
    ] {
        assert_ne!(classify(phrase, &rules), Classification::Harmless, "{phrase}");
    }
    let all = OwnerPhrases { patterns: vec!["lights".into()], ..rules };
    assert_ne!(
        classify("turn on the lights", &all),
        Classification::Harmless,
        "a pattern adds whatever is exempt"
    );
}

/// What governs a verb is looked for by recursion, which must stay shallow.
#[test]
fn the_longest_requests_need_no_more_than_a_workers_stack() {
    let words = [
        "go help ",
        "to you ",
        "xqzw ",
        "and if you can ",
        "have make ",
        "a ",
        "delte ",
        "\u{1F5D1} ",
    ];
    let classifying = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        for word in words {
            let text: String = word.chars().cycle().take(4_000).collect();
            classify(&text, &OwnerPhrases::default());
        }
    });
    classifying.unwrap().join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_classified(text in any::<String>()) {
        classify(&text, &OwnerPhrases::default());
    }

    #[test]
    fn any_words_in_any_order_are_classified(picks in prop::collection::vec((0..2_000_usize, 0..6_usize), 0..40)) {
        static WORDS: LazyLock<Vec<&str>> =
            LazyLock::new(|| table().flat_map(|(_, phrase)| phrase.split(' ')).collect());
        let stops = [" ", " ", ", ", ". ", "? ", " and "];
        let text: String =
            picks.iter().flat_map(|&(word, stop)| [WORDS[word % WORDS.len()], stops[stop]]).collect();
        classify(&text, &OwnerPhrases::default());
    }

    #[test]
    fn noise_changes_no_classification(
        row in any::<prop::sample::Index>(), acting in any::<bool>(), upper in any::<bool>(),
        noise in 0..4_usize, every in 1..5_usize,
    ) {
        let phrase = row.get(&RIGHT[usize::from(acting)]);
        let mark = ["\u{200B}", "\u{AD}", "\u{FEFF}", "\u{2060}"][noise];
        let noisy = |(at, c): (usize, char)| format!("{c}{}", if at % every == 0 { mark } else { "" });
        let hidden: String = phrase.chars().enumerate().map(noisy).collect();
        let hidden = if upper { hidden.to_uppercase() } else { hidden };
        prop_assert_eq!(sensitive(&hidden), acting, "{}", phrase);
    }

    #[test]
    fn what_comes_before_does_not_hide_an_order(row in any::<prop::sample::Index>(), lead in 0..5_usize) {
        let leads = ["What time is it? ", "Thanks. ", "I sold my car. ", "How do I get home? ", "um okay "];
        let text = format!("{}{}", leads[lead], row.get(&RIGHT[1]));
        prop_assert!(sensitive(&text), "{}", text);
    }
}
