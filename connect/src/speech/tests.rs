//! What is spoken and texted of the replies that agents write.

use proptest::prelude::*;
use state::sms_segments::{MAX_SEGMENTS, Segments};

use super::*;

#[track_caller]
fn case(reply: &str, wanted: &str) {
    assert_eq!(speakable(reply), wanted, "{reply:?}");
}

#[track_caller]
fn same(reply: &str) {
    case(reply, reply);
}

#[test]
fn plain_words_stay_as_they_are() {
    same("You have two meetings.");
    same("50€ – that’s 40 % of “it”, isn't it?");
    same("Обед в café: 会議は九時です。 שלום, مرحبا!");
    same("Use snake_case, a_b_c and MAX__SIZE in C# or F#.");
    same("2*3*4 is 24, 5 * 3 is 15, 2**8 is 256, a*b is c.");
    same("Issue #1 and #hashtag, x > 5, y >= 3, a < b, ~5 km, R&D, AT&T.");
    same("It costs $5.00 + 10% = $5.50; ±2 °C, 3 × 4 ≤ 12, ½ m², √2 ≈ 1.41, E = mc².");
    same("Mail me@example.com or see C:\\Users\\me and /usr/bin, ~/notes.txt.");
    same("می‌خواهم क्‍ष नमस्ते ไทย");
    same("C♯ is not D♭.");
}

#[test]
fn markdown_is_taken_out() {
    case(
        "**Two** meetings:\n\n- [Standup](https://x.y/z) at 9\n- Обед в café, 50 €\n- 会議 `snake_case` in C#",
        "Two meetings: Standup at 9. Обед в café, 50 €. 会議 snake_case in C#",
    );
    case("# Today\n\nTwo *meetings* and __one__ ~~call~~.", "Today. Two meetings and one call.");
    case("Title\n=====\nText\n---\nMore", "Title. Text. More");
    case("## About C# ##\nIt is ***new***.", "About C#. It is new.");
    case("> Quoted\n> > twice\n\n> 5", "Quoted twice. > 5");
    case("这是**重点**内容和*强调*。", "这是重点内容和强调。");
    case("Not \\*bold\\*, \\_this\\_, \\# that", "Not bold, this, that");
    case("Price* and f*** and **unclosed", "Price and f and unclosed");
    case("Call `rm -rf build` or ``a`b`` now", "Call rm -rf build or ab now");
    case("_emphasis_ and __init__ stay words", "emphasis and init stay words");
}

#[test]
fn lists_become_sentences() {
    case("1. Standup\n2. Lunch\n10) Gym", "1. Standup. 2. Lunch. 10) Gym");
    case("* one\n  * two\n+ three\n• four\n– five", "one. two. three. four. five");
    case("Today:\n- [x] Milk\n- [ ] Bread", "Today: done: Milk. to do: Bread");
    case("- 5 eggs!\n- flour;\n- salt", "5 eggs! flour; salt");
    case("It is\n+5 degrees", "It is +5 degrees");
    case("2026 was\n2025. No.", "2026 was, 2025. No.");
}

#[test]
fn line_ends_inside_a_paragraph() {
    case("Your day:\n9:00 Standup\n12:00 Lunch", "Your day: 9:00 Standup, 12:00 Lunch");
    case("one\ntwo", "one two");
    let wrapped = "This line was wrapped by an editor at about seventy columns, at\nMunich.";
    case(wrapped, &wrapped.replace('\n', " "));
}

#[test]
fn tables_are_read_row_by_row() {
    case(
        "| Name | Free |\n|---|:-:|\n| Bob | ✅ |\n| Eve | ❌ |\n\nThat's all.",
        "Name, Free. Bob, yes. Eve, no. That's all.",
    );
    case("a | b\n--|--\n1 | 2 \\| 3", "a, b. 1, 2, 3");
    case("left | right", "left, right");
}

#[test]
fn links_by_their_text_and_addresses_by_their_host() {
    case("See [the **plan**](https://x.y/a_(b) \"Title\").", "See the plan.");
    case(
        "See https://www.example.com/a/b?c=d#e, or http://user:pw@x.org:80.",
        "See example.com, or x.org.",
    );
    case("<https://x.y/z> and <me@x.y> and www.x.y", "x.y and me@x.y and x.y");
    case("![A cat](https://x.y/cat.png) ![](https://x.y/dog.png)", "A cat x.y");
    case("[https://x.y/z](https://x.y/z)", "x.y");
    case(
        "[docs][1] and [draft] and note[^1].\n\n[1]: https://x.y\n[^1]: A note.",
        "docs and draft and note. A note.",
    );
    case("请看https://x.y/z。谢谢", "请看x.y。谢谢");
    case("[call](tel:+15551234567) [](mailto:a@b.c)", "call a@b.c");
    case("[a [b](https://x.y) c", "a b c");
    same("https:// and http://");
}

#[test]
fn code_is_left_out_unless_it_is_short() {
    case("Run:\n```sh\nls -la\n```\nDone", "Run: ls -la. Done");
    case(
        "Like so:\n```rust\nfn a() {}\nfn b() {}\nfn c() {}\n```",
        "Like so: Some code is left out here.",
    );
    case("```markdown\n**Hi** there\n```", "Hi there");
    case("~~~\nlet x = [1];\n~~~", "let x = 1;");
    case("Cut off:\n```\na\nb\nc", "Cut off: Some code is left out here.");
    case("```not a block``` here", "not a block here");
}

#[test]
fn html_is_taken_out_and_generics_are_not() {
    case("<b>Bold</b><br/>next<!-- hidden -->", "Bold next");
    case("<ul><li>One</li><li>Two</li></ul>", "One. Two");
    case("A List<String> of `<div>` for <name>", "A List String of div for name");
    case("Fish &amp; chips &lt;3 &euro;5 &#8211; &unknown;", "Fish & chips <3 €5 – &unknown;");
    case("<think>secret plan</think>Hello", "Hello");
}

#[test]
fn emoji_go_and_digits_stay() {
    case("Great 🎉! 👩‍👩‍👧 👍🏽 🇩🇪 ❤️‍🔥 ☀️ ok", "Great! ok");
    case("1️⃣ First 2️⃣ Second #️⃣", "1 First 2 Second");
    case("(🎉) 10🎉5", "10 5");
    case("✅ Sent", "Sent");
    case("🅰 ① Ⓜ ℹ️", "🅰 ① Ⓜ ℹ");
    case("👍", "");
    case("A → B ©", "A → B ©");
}

#[test]
fn hidden_characters_and_directives_go() {
    case("a\u{200b}b\u{0}c\u{7}", "abc");
    case("[[reply_to_current]] Hello [[audio_as_voice]]", "Hello");
    case("[[Meeting notes]]", "Meeting notes");
}

#[test]
fn words_for_the_gateway_are_not_spoken() {
    for reply in [
        "",
        "  \n",
        "NO_REPLY",
        "**HEARTBEAT_OK**",
        "no_reply.",
        "NO\\_REPLY",
        "`HEARTBEAT_OK`",
        "NO REPLY",
        "NOREPLY",
        "ANNOUNCE_SKIP",
        "👍",
        "***",
        "[[reply_to_current]]",
        "{\"name\":\"exec\",\"arguments\":{\"cmd\":\"ls\"}}",
        "```json\n[{\"type\":\"tool_use\",\"id\":\"1\"}]\n```",
        "{\n  \"tool\": \"message\",\n\n  \"args\": {}\n}",
        "<tool_call>{\"name\": \"x\"}</tool_call>",
    ] {
        assert!(speakable(reply).is_empty(), "{reply:?}");
    }
    for reply in
        ["No reply.", "No", "OK", "0", "{\"name\":\"Bob\"}", "[1, 2]", "The token is NO_REPLY."]
    {
        assert!(!speakable(reply).is_empty(), "{reply:?}");
    }
    case("All is well.\n\nHEARTBEAT_OK", "All is well.");
}

#[test]
fn long_replies_end_with_a_sentence() {
    let sentences = "This is one sentence of many. ".repeat(100);
    let spoken = speakable(&sentences);
    assert!(spoken.chars().count() <= 2_000 && spoken.ends_with("many."), "{spoken}");
    assert!(spoken.chars().count() > 1_950);
    let words = "word ".repeat(1_000);
    assert!(speakable(&words).ends_with("word"));
    assert_eq!(speakable(&"漢".repeat(3_000)).chars().count(), 2_000);
    let list: Vec<String> = (1..400).map(|n| format!("{n}. item")).collect();
    let list = list.join("\n");
    assert!(speakable(&list).ends_with("item."), "{}", speakable(&list));
}

#[test]
fn a_text_keeps_addresses_lists_and_emoji() {
    let text = |reply: &str| for_text(reply, 1_500, MAX_SEGMENTS);
    assert_eq!(
        text(
            "# Today\n**Two** things:\n- [Standup](https://x.y/a_b_c) 👍\n- see https://x.y/*z*\n\n1. `*args`"
        ),
        "Today\nTwo things:\n- Standup (https://x.y/a_b_c) 👍\n- see https://x.y/*z\n1. *args"
    );
    assert_eq!(text("[https://x.y](https://x.y/) [me](mailto:a@b.c)"), "https://x.y me (a@b.c)");
    assert_eq!(text("```\nlet x = 1;\nlet y = 2;\n```"), "let x = 1;\nlet y = 2;");
    assert_eq!(text("You have two meetings."), "You have two meetings.");
    assert_eq!(text("NO_REPLY"), "");
    assert_eq!(text("👍"), "👍");
}

#[test]
fn a_text_is_kept_cheap_where_only_its_quotes_are_dear() {
    assert_eq!(for_text("It’s “on” – now…", 1_500, 10), "It's \"on\" - now...");
    assert_eq!(for_text("Он’ — да", 1_500, 10), "Он’ — да");
}

#[test]
fn a_text_keeps_both_limits() {
    let long = for_text(&"word ".repeat(500), 1_500, 10);
    assert!(long.chars().count() <= 1_500 && long.ends_with("word"));
    let cyrillic = for_text(&"слово ".repeat(500), 1_500, 10);
    assert!(Segments::of(&cyrillic).count <= 10 && cyrillic.ends_with("слово"));
    assert!(cyrillic.chars().count() > 600);
    let emoji = for_text(&"👩‍👩‍👧".repeat(500), 1_500, 10);
    assert!(emoji.ends_with("👩‍👩‍👧") && Segments::of(&emoji).count <= 10);
}

/// Each of these makes a careless scanner look through all that is left again and again.
#[test]
fn a_hostile_reply_is_cleaned_in_one_go_and_stays_so() {
    for piece in [
        "[",
        "[[a_",
        "[a](",
        "![a](b \"",
        "`",
        "` `` ",
        "*",
        "*a ",
        "_",
        "~*",
        "<",
        "<think></x",
        "<!--",
        "&",
        "amp;",
        "&amp;",
        "\\",
        "> ",
        "- ",
        "# ",
        "| ",
        "\n",
        "http://",
        "www.",
        "👩‍👧",
        "( )",
        "1. ",
    ] {
        let reply = format!("&{}lt;", piece.repeat(12_000 / piece.len()));
        let spoken = speakable(&reply);
        assert!(
            spoken.chars().count() <= LONGEST_SPOKEN && speakable(&spoken) == spoken,
            "{piece:?}"
        );
        assert!(for_text(&reply, 1_500, MAX_SEGMENTS).chars().count() <= 1_500, "{piece:?}");
    }
}

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

    /// Links, tags, character references, code blocks, directives and tool calls need one of these
    /// signs; without them no letter or digit of any script is lost.
    #[test]
    fn no_letter_is_lost(reply in pieces()) {
        let reply: String = reply.replace("://", "").replace("www.", "").replace("NO_REPLY", "")
            .chars().filter(|c| !"[]<>&`~|{".contains(*c)).collect();
        prop_assert_eq!(letters(&speakable(&reply)), letters(&reply));
        let line = reply.replace(char::is_whitespace, " ");
        prop_assert_eq!(letters(&speakable(&line)), letters(&line));
    }

    #[test]
    fn no_letter_of_any_script_is_lost(reply in "[^\\[\\]<>&`~|\\{]{0,200}") {
        prop_assume!(!reply.contains("://") && !reply.contains("www."));
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
