//! How much there is: lines that hold code, without comments, blanks and tests, and the lines of data beside it.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::crates::is_for_tests;
use super::tree::SourceFile;

/// What counts as data: words, tables and templates that a program reads or has compiled in.
const DATA: [&str; 5] = ["txt", "tsv", "csv", "json", "js"];

/// The lines of one folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Of code.
    pub(super) code: usize,
    /// Of data.
    pub(super) data: usize,
}

/// Counts the files whose path begins so. Fails for a source that is no Rust.
pub(super) fn below(files: &[SourceFile], folder: &str) -> anyhow::Result<Lines> {
    let mut lines = Lines::default();
    for file in files.iter().filter(|file| file.path.starts_with(folder)) {
        if file.is("rs") && !is_test_file(&file.path) {
            lines.code += code(&file.text)?;
        } else if DATA.iter().any(|kind| file.is(kind)) {
            lines.data += file.text.lines().filter(|line| !line.trim().is_empty()).count();
        }
    }
    Ok(lines)
}

/// Whether a file is compiled for tests alone, by its name.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// The lines of a source that hold code: rustfmt's lines, without comments and what is compiled for tests alone.
fn code(text: &str) -> anyhow::Result<usize> {
    let syntax = syn::parse_file(text)?;
    let mut lines = BTreeSet::new();
    for item in &syntax.items {
        let tokens = quote::ToTokens::to_token_stream(item);
        if !is_for_tests(&attributes(tokens.clone())) {
            hold(tokens, &mut lines);
        }
    }
    Ok(lines.len())
}

fn attributes(tokens: TokenStream) -> Vec<syn::Attribute> {
    use syn::parse::Parser as _;
    let parser = |input: syn::parse::ParseStream| {
        let attributes = input.call(syn::Attribute::parse_outer)?;
        input.parse::<TokenStream>()?;
        Ok(attributes)
    };
    parser.parse2(tokens).unwrap_or_default()
}

/// Notes the lines of all tokens; a doc comment is an attribute to the parser, and none to the reader.
fn hold(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
        if is_hash && tokens.peek().is_some_and(is_doc) {
            tokens.next();
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                lines.extend([group.span_open().start().line, group.span_close().end().line]);
                hold(group.stream(), lines);
            }
            other => lines.extend(other.span().start().line..=other.span().end().line),
        }
    }
}

fn is_doc(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

#[cfg(test)]
mod tests {
    use super::code;

    #[track_caller]
    fn case(text: &str, wanted: usize) {
        assert_eq!(code(text).unwrap(), wanted, "{text}");
    }

    #[test]
    fn comments_blanks_and_tests_are_not_counted() {
        case("//! Why.\n\n/// What.\nfn a() {\n    // How.\n\n    b();\n}\n", 3);
        case("#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n", 0);
        case("#[derive(Debug)]\nstruct A {\n    /// A field.\n    b: u8,\n}\n", 4);
        case("const A: &str = \"one\n\ntwo\";\n", 3);
        case("/// Only tests.\n#[cfg(test)]\nfn a() {}\nfn b() {}\n", 1);
    }
}
