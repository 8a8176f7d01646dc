//! What holds of every reply that is spoken or texted.

use proptest::prelude::*;
use state::sms_segments::{MAX_SEGMENTS, Segments};

use crate::speech::{LONGEST_SPOKEN, for_text, speakable};

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Markdown and more, made of the pieces that meet badly.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-zA-Zж会0-9]{1,4}",
        3 => prop::sample::select(vec![
            "*", "**", "_", "__", "`", "``", "```", "~~", "#", "##", ">", "<", "|", "[", "]", "](", "(", ")",
            "!", "\\", "-", "---", "- ", "* ", "1. ", "+ ", "&amp;", "&lt;", "&#42;", "&", ";", "https://",
            "http://x.y/z", "www.", "<b>", "</b>", "<br>", "<!--", "-->", "<think>", "</think>", "[[a_b]]", "[^1]",
            "[x] ", "[ ] ", "]: ", "{", "}", "\"", ":", ".", ",", "•", "…", "–", "=", "$", "%", "@", "NO_REPLY",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![" ", "\n", "\n\n", "  \n", "\t"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["👍🏽", "👩‍👧", "🇩🇪", "1️⃣", "\u{200d}", "\u{fe0f}", "\u{200b}", "é", "e\u{301}"]).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Words of a reply, none of which may be lost.
fn content() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Zäж会]{1,8}",
        1 => "[$€£¥][1-9][0-9]{0,3}",
        1 => "\\*[1-9][0-9]|\\*#[0-9]{2}#|\\*[0-9]{4}#|#[0-9]{2}#|[0-9]{3}-[0-9]{4}",
        1 => "[a-z]{1,3}_[a-z]{1,3}(_[a-z]{1,3})?|[a-z]{2}\\.txt|[0-9] \\* [0-9]|[a-z] [<>] [0-9]",
    ]
}

/// A piece of Markdown, and what must be heard of it.
fn markdown() -> impl Strategy<Value = (String, Vec<String>)> {
    let inline = (content(), 0..9_usize).prop_map(|(words, kind)| {
        let marked = match kind {
            0 if !words.contains('*') => format!("**{words}**"),
            1 if !words.contains(['*', '_']) => format!("_{words}_"),
            2 => format!("`{words}`"),
            3 => format!("[{words}](https://x.y/a_b)"),
            4 => format!("~~{words}~~"),
            _ => words.clone(),
        };
        (marked, words)
    });
    let line = prop::collection::vec(inline, 1..5);
    (line, 0..9_usize).prop_map(|(line, kind)| {
        let (marked, words): (Vec<_>, Vec<_>) = line.into_iter().unzip();
        let line = match kind {
            0 => format!("# {}\n", marked.join(" ")),
            1 => format!("- {}\n", marked.join(" ")),
            2 => format!("1. {}\n", marked.join(" ")),
            3 => format!("> {}\n\n", marked.join(" ")),
            4 => format!("\n| {} |\n|{}\n\n", marked.join(" | "), "---|".repeat(marked.len())),
            5 => format!("\n    {}\n", marked.join(" ")),
            _ => format!("{}\n\n", marked.join(" ")),
        };
        (line, words)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_spoken_is_clean(reply in pieces()) {
        let spoken = speakable(&reply);
        prop_assert!(spoken.chars().count() <= LONGEST_SPOKEN);
        prop_assert!(!spoken.contains(['\n', '`', '[', ']', '|', '\u{200b}', '\u{fe0f}']), "{:?}", spoken);
        prop_assert_eq!(spoken.trim(), &spoken);
        prop_assert_eq!(speakable(&spoken), spoken);
    }

    #[test]
    fn nothing_that_is_said_is_lost(lines in prop::collection::vec(markdown(), 1..8)) {
        let reply: String = lines.iter().map(|(line, _)| line.as_str()).collect();
        let (spoken, text) = (speakable(&reply), for_text(&reply, 1_500, MAX_SEGMENTS));
        let mut at = 0;
        for words in lines.iter().flat_map(|(_, words)| words) {
            let found = spoken[at..].find(words.as_str());
            prop_assert!(found.is_some(), "{:?} in {:?} of {:?}", words, spoken, reply);
            at += found.unwrap_or_default() + words.len();
            prop_assert!(text.contains(words), "{:?} in {:?} of {:?}", words, text, reply);
        }
    }

    /// Links, tags, character references, code blocks, directives, formulas and tool calls need one of these
    /// signs; without them no letter or digit of any script is lost.
    #[test]
    fn no_letter_is_lost(reply in pieces()) {
        let reply: String = reply.replace("://", "").replace("www.", "").replace("NO_REPLY", "")
            .chars().filter(|c| !"[]<>&`~|{$".contains(*c)).collect();
        let reply = reply.replace("\\(", "(");
        prop_assert_eq!(letters(&speakable(&reply)), letters(&reply));
        let line = reply.replace(char::is_whitespace, " ");
        prop_assert_eq!(letters(&speakable(&line)), letters(&line));
    }

    #[test]
    fn no_letter_of_any_script_is_lost(reply in "[^\\[\\]<>&`~|\\{$]{0,200}") {
        prop_assume!(!["://", "www.", "\\("].iter().any(|sign| reply.contains(sign)));
        prop_assert_eq!(letters(&speakable(&reply)), letters(&reply));
    }

    #[test]
    fn any_reply_can_be_spoken_and_texted(reply in "(?s).{0,300}", n in 0_usize..200) {
        let spoken = speakable(&reply);
        prop_assert_eq!(speakable(&spoken), spoken);
        let text = for_text(&reply, n, 2);
        prop_assert!(text.chars().count() <= n && Segments::of(&text).count <= 2);
    }
}

proptest! {
    // Long texts take their time in a debug build.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_long_reply_is_cut_and_stays_so(reply in pieces(), times in 20_usize..80) {
        let spoken = speakable(&reply.repeat(times));
        prop_assert!(spoken.chars().count() <= LONGEST_SPOKEN);
        prop_assert_eq!(speakable(&spoken), spoken);
        let text = for_text(&reply.repeat(times), 1_500, MAX_SEGMENTS);
        prop_assert!(text.chars().count() <= 1_500 && Segments::of(&text).count <= MAX_SEGMENTS);
    }
}
