//! Writes a reply so that Markdown reads it as agents mean it: what would be lost on the way is escaped, bullets and
//! formulas of other kinds become Markdown's.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::block::Medium;
use super::patterns::{Replacements, regex};

/// What begins a line, is content, and looks like a mark: `> 5` compares, `+ 5` has a sign, a lone `#` or `*` is a key,
/// and so it is in `* to go back`.
/// `[name]: https://…` says where a link leads; `[Note]: milk` says something.
static ESCAPED: LazyLock<Replacements> = LazyLock::new(|| {
    Replacements::new([
        (">+#*", r"^([>+]\s*=*\s*\d|[#*](?:$|:|\s+(?:to|for|[-=:–—→])\s))".into(), "\\$1"),
        ("[", r"^(\[[^\]^][^\]]*\]:\s*(?:$|(?:[^\s:]|:[^/\s])+:?(?:\s|$)))".into(), "\\$1"),
        ("•‣◦▪●–—", r"^[•‣◦▪●–—]\s+".into(), "- "),
    ])
});
static FORMULA: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)|\\begin\{.*?\\end\{[^}]*\}|\$[^\s$](?:[^$]*[^\s$])?\$",
    )
});
/// Signs of LaTeX that nobody says.
static LATEX: LazyLock<Regex> = LazyLock::new(|| regex(r"\\[A-Za-z{}]|_\{|\^[\w{\\(]"));
/// `$x$` and `$x = 5$`, but neither `$5 - $6` nor `$PATH`.
static EQUATION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\$+\s*([A-Za-z](?:_\w)?(?:\s*[-=<>+*/].*?)?)\s*\$+$"));

/// The Markdown to be read.
pub(super) fn prepared(text: &str, medium: Medium) -> String {
    let mut prepared = String::with_capacity(text.len() + 16);
    let mut open: Option<Fence<'_>> = None;
    for line in text.lines() {
        let bare = line.trim();
        let fence = if open.is_none() { Fence::opened_by(bare) } else { None };
        match (&open, &fence) {
            (Some(fence), _)
                if bare.starts_with(fence.closed_by) && !bare.ends_with(char::is_alphanumeric) =>
            {
                prepared.push_str(if fence.is_formula { "```" } else { bare });
                open = None;
            }
            // The lines of a block of code stay as they are.
            (Some(_), _) => prepared.push_str(line),
            (None, Some(fence)) if fence.is_formula => prepared.push_str("```math"),
            (None, Some(_)) => prepared.push_str(bare),
            // Others need no indentation.
            (None, None) => prepared.push_str(&ESCAPED.replaced(&without_formulas(bare, medium))),
        }
        open = open.or(fence);
        prepared.push('\n');
    }
    prepared
}

/// The line that opened a block of code, or a formula of several lines.
struct Fence<'a> {
    closed_by: &'a str,
    is_formula: bool,
}

impl<'a> Fence<'a> {
    fn opened_by(line: &'a str) -> Option<Self> {
        let formula = |closed_by| Some(Self { closed_by, is_formula: true });
        match line {
            "$$" => return formula("$$"),
            "\\[" => return formula("\\]"),
            _ if line.starts_with("\\begin{") && !line.contains("\\end{") => {
                return formula("\\end{");
            }
            _ => {}
        }
        let info = line.trim_start_matches(['`', '~']);
        let closed_by = &line[..line.len() - info.len()];
        // With a backtick behind them, they only mark a word as code.
        (closed_by.len() >= 3 && !info.contains('`'))
            .then_some(Self { closed_by, is_formula: false })
    }
}

/// A line with each formula as the word for it, or as code that stays as it is in a text.
fn without_formulas(line: &str, medium: Medium) -> String {
    let said = |found: &regex_lite::Captures<'_>| {
        let formula = &found[0];
        let is_latex = LATEX.is_match(&formula[1..formula.len() - 1]);
        match (EQUATION.captures(formula), medium) {
            (_, Medium::Voice) if is_latex => "formula".to_owned(),
            (_, Medium::Text) if is_latex => format!("`{formula}`"),
            (Some(equation), _) => equation[1].to_owned(),
            (None, _) => formula.to_owned(),
        }
    };
    FORMULA.replace_all(line, said).into_owned()
}
