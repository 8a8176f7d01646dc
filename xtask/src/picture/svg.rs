//! A terminal as an SVG: text alone, no scripts and no fonts of its own; dark where the reader's screen is dark.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

/// A row of the terminal.
pub(super) enum PictureLine {
    /// What was typed.
    Command(String),
    /// What was printed.
    Output(String),
    /// Who said what on the telephone.
    Phone(String, String),
}

/// The most characters in a row: more would be too small to read in a page.
const COLUMNS: usize = 86;
/// The room of a character and of a row, and the margin, in pixels.
const CHARACTER: f64 = 7.8;
const ROW: usize = 19;
const MARGIN: usize = 16;

const STYLE: &str = "\
svg{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
.b{fill:#f6f8fa;stroke:#d0d7de}text{fill:#1f2328}.p{fill:#656d76}.c{font-weight:600}\
.t{fill:#0550ae}.e{fill:#cf222e}.h{fill:#116329}\
@media(prefers-color-scheme:dark){.b{fill:#0d1117;stroke:#30363d}text{fill:#e6edf3}.p{fill:#8d96a0}\
.t{fill:#79c0ff}.e{fill:#ff7b72}.h{fill:#7ee787}}";

/// The picture of these rows. Fails if one is too long.
pub(super) fn picture(title: &str, lines: &[PictureLine]) -> Result<String> {
    let height = 2 * MARGIN + lines.len() * ROW;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
    let width = COLUMNS as f64 * CHARACTER + 2.0 * MARGIN as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" width=\"{width:.0}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"b\" x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{}\" rx=\"6\"/>\n",
        escaped(title),
        width - 1.0,
        height - 1
    );
    for (n, line) in lines.iter().enumerate() {
        let parts = match line {
            PictureLine::Command(text) => vec![("p", "$ ".to_owned()), ("c", text.clone())],
            PictureLine::Output(text) => vec![(class(text), text.clone())],
            PictureLine::Phone(who, words) => {
                vec![("t", format!("☎ {who}: ")), ("", words.clone())]
            }
        };
        let length: usize = parts.iter().map(|(_, text)| text.chars().count()).sum();
        ensure!(length <= COLUMNS, "a row of {length} characters, at most {COLUMNS}: {parts:?}");
        if length == 0 {
            continue;
        }
        let y = MARGIN + (n + 1) * ROW - 6;
        let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">");
        for (class, text) in parts {
            let text = escaped(&text);
            let _ = match class {
                "" => write!(svg, "{text}"),
                class => write!(svg, "<tspan class=\"{class}\">{text}</tspan>"),
            };
        }
        svg.push_str("</text>\n");
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// How a printed line looks.
fn class(line: &str) -> &'static str {
    match line {
        _ if line.starts_with("error: ") => "e",
        _ if line.starts_with("hint: ") => "h",
        _ if line.starts_with('[') => "p",
        _ => "",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{PictureLine, picture};

    #[test]
    fn what_is_printed_is_text_and_never_markup() {
        let line = PictureLine::Output("a <script> & \"b\"".to_owned());
        let picture = picture("t", &[line]).unwrap();
        assert!(picture.contains(">a &lt;script&gt; &amp; \"b\"<"), "{picture}");
        assert!(!picture.contains("<script"), "{picture}");
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused() {
        assert!(picture("t", &[PictureLine::Output("x".repeat(87))]).is_err());
        assert!(picture("t", &[PictureLine::Output("x".repeat(86))]).is_ok());
    }
}
