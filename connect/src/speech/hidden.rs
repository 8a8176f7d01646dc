//! Takes out what an agent writes for machines and not for people: thoughts, calls of tools in every notation, tokens of
//! models, directives to the gateway. What is left open is hidden to the end, and what was inside is never shown.

use std::sync::LazyLock;

use super::patterns::Replacements;
use super::tool_call;

/// What vendors write before the name of a tag: `minimax:`, `｜DSML｜`, `longcat_`.
const VENDOR: &str = r"(?:[\w.|｜-]+[:|｜_])?";
/// The names of tags around what an agent thinks.
const THOUGHT: &str = r"(?:ant)?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad|inner_?monologue)";
/// The names of tags around calls of tools, what they gave, and notes for the model, outer ones first.
const CALLS: &[&str] = &[
    r"(?:system(?:[_-]reminder)?|environment_details)",
    r"(?:functions?|tools?)[_-]?(?:calls?|uses?|results?|responses?|outputs?|code)",
    r"(?:tools?|execute)",
    r"invoke",
    r"arg_(?:key|value)",
];
/// The same of tags with attributes: without, these are words, as in `List<Function>`.
const ARGUMENTS: &str = r"(?:function|parameter)";
/// Tokens of models, by words in their names: behind these stands what is not said …
const STARTS: &str =
    r"tool|call|think|channel|python|action|start|user|system|observation|constrain";
/// … and behind these what is.
const ENDS: &str = r"end|return|eot|eom|assistant|response";

static HIDDEN: LazyLock<Replacements> = LazyLock::new(|| {
    let token = |words: &str| format!(r"<[|｜][\w▁.:-]*(?:{words})[\w▁.:-]*[|｜]>");
    let open = |name: &str| format!(r"<{VENDOR}{name}(?:[\s=](?:[^<>]*[^<>/])?)?(?:>|\z)");
    let close = |name: &str| format!(r"</{VENDOR}{name}\s*>");
    let through = |open: &str, close: &str| format!(r"(?is){open}.*?(?:{close}|<final>|\z)");
    let calls = CALLS.join("|");
    let names = format!("{THOUGHT}|{calls}|{ARGUMENTS}");
    let mut rows = vec![
        // A terminal's escape sequences.
        ("\u{1b}", r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b".into(), ""),
        // Where a model found something: 【4:0†source】.
        ("【\u{e200}", r" ?【[^】]*†[^】]*】| ?\x{e200}[^\x{e201}\s]*\x{e201}?".into(), ""),
        // Other ways to write the same tags.
        ("<&", format!(r"(?i)(?:<|&lt;)\s*(/?)\s*({VENDOR}(?:{names}))\s*(?:>|&gt;)"), "<$1$2>"),
        ("◁", r"◁(/?think)▷".into(), "<$1>"),
        // A tag that stands alone between backticks is told of.
        ("`", format!(r"(?i)`</?({VENDOR}(?:{names}))(?:\s[^`<>]*)?>`"), "`$1`"),
        ("<", r#"(?s)<!--.*?(?:-->|\z)|<details type="reasoning".*?(?:</details>|\z)"#.into(), ""),
        ("<", through(&open(THOUGHT), &close(THOUGHT)), ""),
        ("[", r"(?s)\[(?:THINK(?:ING)?|INST)\].*?(?:\[/[A-Z]+\]|\z)".into(), ""),
        ("T", r"(?s)\A\s*Thought:.*\n\s*(?:Final Answer:\s*|Action:.*)".into(), ""),
        ("R", r"\A\s*Reasoning:\s*\n(?:_[^\n]*_\s*\n)+".into(), ""),
        // Where only the end of a thought is left, its beginning was in the prompt.
        ("<[", format!(r"(?is)\A.*(?:{}|\[/THINK(?:ING)?\])", close(THOUGHT)), ""),
        (
            "<",
            r"<[|｜]channel[|｜]>\s*final[^<]*<[|｜]message[|｜]>|<[|｜]im_start[|｜]>assistant\n"
                .into(),
            "<|response|>",
        ),
        ("<", format!(r"(?is){}.*?(?:(?:{}\s*)+|\z)", token(STARTS), token(ENDS)), ""),
        ("<", r"<[|｜][\w▁.:-]+[|｜]>|<start_of_turn>model\n|<end_of_turn>|</s>".into(), ""),
    ];
    rows.extend(CALLS.iter().map(|name| ("<", through(&open(name), &close(name)), "")));
    rows.extend([
        ("<", through(&format!(r"<{VENDOR}{ARGUMENTS}[\s=][^<>]*(?:>|\z)"), &close(ARGUMENTS)), ""),
        // Tags around what is said, and ends that are left.
        (
            "<",
            format!(r"(?i)</?{VENDOR}(?:final(?:_?answer)?|answer|response|reply|{calls})(?:\s[^<>]*)?/?>"),
            "",
        ),
        ("<", close(ARGUMENTS), ""),
        // [Tool Call: …] with its arguments, and [TOOL_CALLS].
        (
            "[",
            r"(?is)\[(?:tool[ _](?:calls?|uses?|results?|responses?|outputs?)|system message)\b[^\]]*(?:\]|\z)(?:[^(].*?)?(?:\[/[^\]]*\]|\n\s*\n|\z)".into(),
            "",
        ),
        // Directives: [[audio_as_voice]], [[reply_to:5]], [[/tts:text]], [embed ref=…].
        ("[", r"\[\[\s*/?[a-z]+[_:][^\[\]]*\]\]|\[embed [^\]]*\]".into(), ""),
        ("M", r"(?m)^[ \t]*MEDIA:[ \t]*\S+[ \t]*$".into(), ""),
        ("f", r"\bfunctools\[".into(), "["),
    ]);
    Replacements::new(rows)
});

/// `reply` without all that.
pub(super) fn visible(reply: &str) -> String {
    tool_call::removed(&HIDDEN.replaced(reply))
}
