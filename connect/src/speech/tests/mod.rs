//! What is spoken and texted of the replies that agents write.

mod properties;

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
    case("> Quoted\n> > twice\n\n> 5", "Quoted. twice. > 5");
    case("这是**重点**内容和*强调*。", "这是重点内容和强调。");
    case("Not \\*bold\\*, \\_this\\_, \\# that", "Not bold, this, # that");
    case("Price* and f*** and **unclosed", "Price* and f and unclosed");
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
    case("1️⃣ First 2️⃣ Second #️⃣", "1 First 2 Second #");
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

/// In the notations of several vendors, whole and cut off.
#[test]
fn what_is_not_meant_for_people_is_neither_spoken_nor_texted() {
    for reply in [
        "<thought>SECRET</thought>Hello.",
        "<antThinking type=\"x\">SECRET</antThinking>\nHello.",
        "<think>SECRET <think>SECRET</think> SECRET</think>Hello.",
        "<think>SECRET</thinking>Hello.",
        "SECRET</think>\n\nHello.",
        "<seed:think>SECRET<final>Hello.</final>",
        "[THINK]SECRET[/THINK]Hello.",
        "Hello.\n<reasoning>SECRET",
        "<system-reminder>SECRET</system-reminder>Hello.",
        "<!-- SECRET -->Hello.<!-- SECRET",
        "Hello.<function_calls><invoke name=\"SECRET\"><parameter name=\"a\">SECRET</parameter></invoke></function_calls>",
        "<minimax:tool_call><invoke name=\"SECRET\">SECRET</invoke></minimax:tool_call>Hello.",
        "<｜DSML｜function_calls>SECRET</｜DSML｜function_calls>Hello.",
        "Hello.\n\n<tool_call>\n<function=SECRET>\n<parameter=SECRET>\nSECRET",
        "<tool_call>{\"a\": \"</function> SECRET\"}</tool_call>Hello.",
        "Hello. <tool_call",
        "<tool_call/>Hello.",
        "<function=exec>{\"a\": \"SECRET\"}</function>Hello.",
        "<tool_call>exec\n<arg_key>SECRET</arg_key><arg_value>SECRET</arg_value></tool_call>Hello.",
        "Hello.<arg_key>SECRET</arg_key></tool_call>",
        "&lt;think&gt;SECRET&lt;/think&gt;< think >SECRET</think>◁think▷SECRET◁/think▷Hello.",
        "[INST] SECRET [/INST] Hello.</s>",
        "<start_of_turn>model\nHello.<end_of_turn>",
        "Thought: SECRET\nAction: exec\nAction Input: SECRET\nObservation: SECRET\nFinal Answer: Hello.",
        "Reasoning:\n_SECRET_\n\nHello.",
        "Hello. {\n  \"tool\": \"exec\",\n  \"parameters\": {\n    \"a\": \"SECRET",
        "HEARTBEAT_OK - Hello.",
        "Hello.<|tool_calls_section_begin|><|tool_call_begin|>SECRET<|tool_call_argument_begin|>SECRET<|tool_call_end|><|tool_calls_section_end|>",
        "Hello.<｜tool▁calls▁begin｜>SECRET<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "<|channel|>analysis<|message|>SECRET<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
        "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nSECRET",
        "<|START_THINKING|>SECRET<|END_THINKING|><|START_RESPONSE|>Hello.<|END_RESPONSE|>",
        "Hello.<|endoftext|>",
        "[Tool Call: exec (ID: SECRET)]\nArguments: {\"a\": \"SECRET\"}\n\nHello.",
        "Hello.\n[Tool Result for ID SECRET]\nSECRET",
        "Hello.[TOOL_CALLS]exec[ARGS]{\"a\": \"SECRET\"}",
        "Hello. {\"name\": \"exec\", \"arguments\": {\"a\": \"SECRET\"}}",
        "Hello. {\"name\": \"exec\", \"arguments\": {\"a\": \"SECRET",
        "Hello.\n```tool_code\nSECRET\n```",
        "Hello.\n```xml\n<tool_call>SECRET</tool_call>\n```",
        "[embed ref=\"SECRET\"]Hello.\nMEDIA:/tmp/SECRET.png",
        "\u{1b}[1;31mHello\u{1b}[0m.",
        "Hello 【4:0†SECRET】\u{e200}cite\u{e202}SECRET\u{e201}.",
        "Hello.NO_REPLY",
        "NO_REPLYHello.",
        "NO_REPLY Hello.",
        "Hello.\n\n**HEARTBEAT_OK**",
    ] {
        assert_eq!(speakable(reply), "Hello.", "{reply:?}");
        assert_eq!(for_text(reply, 1_500, MAX_SEGMENTS), "Hello.", "{reply:?}");
    }
    case("Use the `<think>` tag or `</tool_call>`.", "Use the think tag or tool_call.");
    case("A List<Function>", "A List Function");
}

#[test]
fn keys_codes_and_signs_survive_spoken_and_texted() {
    for reply in [
        "Press * to go back, or # to finish.",
        "Dial *67 first, *#06# for the IMEI, #31# or **21*5551234567# or *#*#4636#*#*.",
        "Dial *67*, *72 then *73, press *, 0 or #. The code is *1234#, or #*.",
        "It runs at */5 * * * *, at 0 9 * * 1-5 or at 0 0 1 */2 *.",
        "Delete *.log, **/*.tmp and src/**/*.rs, keep a_*_b, __init__.py and _config.yml.",
        "The code is 4_7*9_1, the password Kx_9*q~2#_z or a*b*c_d_.",
        "x**2 + y**2 = 25, a < b < c, 5 >= 4, x != y, i += 1 and 10 % 3.",
        "It costs $5, US$10/CA$12, $5-$6 or 3€.",
    ] {
        same(reply);
        assert_eq!(for_text(reply, 1_500, MAX_SEGMENTS), reply);
    }
    case("Keys:\n* to go back\n# to finish\n0: help", "Keys: * to go back # to finish, 0: help");
    case("**Dial *67** or **press *1 for sales**", "Dial *67 or press *1 for sales");
    case("It is ***, and was *** ***.", "It is, and was.");
    same("if (a<b && c>d) or 3<x<7");
    case("The code is **4821#**, not *new*.", "The code is 4821#, not new.");
    case("Open[^1] and[^2].\n\n[^1]: Not *Sunday*.", "Open and. Not Sunday.");
    case("[Note]: buy milk\n\n**重点：**内容", "Note: buy milk. 重点：内容");
}

#[test]
fn pictures_tell_lists_and_what_became_of_their_items() {
    case("Your day:\n🕘 9:00 Standup\n📞 call Bob", "Your day: 9:00 Standup, call Bob");
    case("✅ Milk\n☐ Eggs\n❌ Bread", "done: Milk, to do: Eggs, not done: Bread");
    case("- ✔️ Milk\n- ✖️ Bread", "done: Milk. not done: Bread");
    case("☑ Milk\n[x] Eggs\n[ ] Bread", "done: Milk, done: Eggs, to do: Bread");
    case("| A | ☐ |\n|--|--|\n| B | ❌ late |", "A, to do. B, not done: late");
    case("Milk ✅\nBread: ❌", "Milk: done, Bread: not done");
    case("❌ Booked the flight", "not done: Booked the flight");
    assert_eq!(for_text("✅ Milk\n❌ Bread", 1_500, MAX_SEGMENTS), "✅ Milk\n❌ Bread");
}

#[test]
fn formulas_are_left_out() {
    for formula in
        ["$6{x}_{1} \\leq {24}$", "$$\\frac{1}{2}$$", "\\(a^2\\)", "\\[E = mc^2\\]", "$E=mc^2$"]
    {
        let reply = format!("It is {formula}.");
        case(&reply, "It is formula.");
        assert_eq!(for_text(&reply, 1_500, MAX_SEGMENTS), reply);
    }
    case("So:\n$$\nx = \\sqrt{2}\n$$\nand\n```latex\nx\n```", "So: Formula. and. Formula.");
    case("Then $x = 5$ and $y$ cost $5.", "Then x = 5 and y cost $5.");
}

#[test]
fn long_replies_end_with_a_sentence_and_offer_the_rest() {
    const MORE: &str = " There is more. Ask me for the rest.";
    let spoken = |reply: &str| {
        let spoken = speakable(reply);
        assert!((1_900..=2_000).contains(&spoken.chars().count()), "{spoken}");
        spoken.strip_suffix(MORE).expect("a cut is told").to_owned()
    };
    assert!(spoken(&"This is one sentence of many. ".repeat(100)).ends_with("many."));
    assert!(spoken(&"word ".repeat(1_000)).ends_with("word."));
    assert!(spoken(&"漢".repeat(3_000)).ends_with("漢."));
    let list = |item: &str| (1..400).map(|n| format!("{n}. {item}")).collect::<Vec<_>>().join("\n");
    assert!(spoken(&list("item")).ends_with("item."));
    assert!(spoken(&list("Contact, phone +1 555 010 0001")).ends_with(" 010 0001."));
    let whole = "This is one sentence of many. ".repeat(60);
    assert_eq!(speakable(&whole), whole.trim());
    let thought = format!("<think>{}</think>Hello", "secret ".repeat(9_000));
    assert_eq!(speakable(&thought), "Hello");
}

#[test]
fn a_text_keeps_addresses_lists_and_emoji() {
    let text = |reply: &str| for_text(reply, 1_500, MAX_SEGMENTS);
    assert_eq!(
        text(
            "# Today\n**Two** things:\n- [Standup](https://x.y/a_b_c) 👍\n- see https://x.y/*z*\n\n1. `*args`"
        ),
        "Today\nTwo things:\n- Standup (https://x.y/a_b_c) 👍\n- see https://x.y/*z*\n1. *args"
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
fn a_text_keeps_both_limits_and_says_that_it_was_cut() {
    let long = for_text(&"word ".repeat(500), 1_500, 10);
    assert!(long.chars().count() <= 1_500 && long.ends_with("word... (cut)"), "{long}");
    let cyrillic = for_text(&"слово ".repeat(500), 1_500, 10);
    assert!(Segments::of(&cyrillic).count <= 10 && cyrillic.ends_with("слово… (cut)"));
    assert!(cyrillic.chars().count() > 600);
    let emoji = for_text(&"👩‍👩‍👧".repeat(500), 1_500, 10);
    assert!(emoji.ends_with("👩‍👩‍👧… (cut)") && Segments::of(&emoji).count <= 10);
    let contacts: Vec<_> = (1..200).map(|n| format!("{n}. Contact number {n}")).collect();
    let cut = for_text(&contacts.join("\n"), 1_500, 10);
    let (_, last) = cut.rsplit_once('\n').expect("lines stay");
    assert!(last.contains(". Contact number ") && last.ends_with("... (cut)"), "{last}");
}

#[test]
fn a_text_in_any_alphabet_is_cut_once_and_only_where_it_has_to_be() {
    for reply in ["word ", "слово ", "a\u{301}b ", "👩‍👩‍👧 ", "€ and [more] "] {
        let text = for_text(&reply.repeat(900), 1_500, MAX_SEGMENTS);
        assert!(text.ends_with("(cut)") && text.matches("(cut)").count() == 1, "{text}");
        assert!(text.chars().count() <= 1_500 && Segments::of(&text).count <= MAX_SEGMENTS);
        assert!(text.chars().count() > 100, "{text}");
        let short = for_text(&reply.repeat(20), 1_500, MAX_SEGMENTS);
        assert!(!short.contains("(cut)") && !short.is_empty(), "{short}");
    }
    assert_eq!(for_text("Two meetings.", 1_500, MAX_SEGMENTS), "Two meetings.");
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
