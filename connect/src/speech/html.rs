//! HTML inside Markdown: tags go, what they enclose stays, and those that end a line end one.

use std::sync::LazyLock;

use super::patterns::Replacements;

static TAGS: LazyLock<Replacements> = LazyLock::new(|| {
    Replacements::new([
        ("<", r"(?is)<(?:script|style)\b.*?(?:</(?:script|style)>|\z)".into(), ""),
        (
            "<",
            r"(?i)</?(?:br|p|div|li|[uod]l|t[rdh]|table|thead|tbody|h[1-6r]|blockquote|pre|details|summary|section|article|d[td])(?:[\s/][^<>]*)?>"
                .into(),
            "\n\n",
        ),
        (
            "<",
            r"(?i)</?(?:a|abbr|b|big|center|cite|code|del|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong|su[bp]|tt|u|var|wbr)(?:[\s/][^<>]*)?>"
                .into(),
            "",
        ),
    ])
});

/// What HTML says: `List<String>` is none and stays.
pub(super) fn said(html: &str) -> String {
    TAGS.replaced(html)
}

/// A block of HTML as Markdown: its paragraphs, with what is no tag of HTML escaped.
pub(super) fn as_markdown(html: &str) -> String {
    said(html).replace('<', "\\<")
}
