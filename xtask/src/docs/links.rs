//! The relative links of a page: each has to lead to a file of the checkout, or to a heading of a page.

use std::collections::BTreeSet;
use std::path::Path;

/// The links of a page that lead nowhere. `file` gives the text of a page by its path from the top of the checkout, an empty
/// text for any other file or folder there is, and `None` for what is not there.
pub(super) fn dead(path: &str, page: &str, file: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let is_dead = |target: &&str| {
        let (to, heading) = target.split_once('#').unwrap_or((target, ""));
        let text = if to.is_empty() { Some(page.to_owned()) } else { file(&resolved(path, to)) };
        let is_page = to.is_empty() || is_page(to);
        // What follows the # of another file is a line.
        let has =
            |text: &str| !is_page || heading.is_empty() || headings(text).any(|own| own == heading);
        text.is_none_or(|text| !has(&text))
    };
    let dead = targets(page).filter(|target| !is_elsewhere(target)).filter(is_dead);
    dead.map(|target| format!("the link `{target}` leads nowhere")).collect()
}

/// The pages to which no link leads from the first one, directly or by others.
pub(super) fn orphans(first: &str, pages: &[(String, String)]) -> Vec<String> {
    let (mut reached, mut open) = (BTreeSet::from([first.to_owned()]), vec![first.to_owned()]);
    while let Some(path) = open.pop() {
        let page = pages.iter().find(|(page, _)| *page == path).map_or("", |(_, text)| text);
        for target in targets(page).filter(|target| !is_elsewhere(target)) {
            let to = resolved(&path, target.split('#').next().unwrap_or_default());
            if pages.iter().any(|(page, _)| *page == to) && reached.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    pages.iter().map(|(path, _)| path.clone()).filter(|path| !reached.contains(path)).collect()
}

/// Whether a path is that of a page.
pub(super) fn is_page(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|kind| kind == "md")
}

/// The path from the top of the checkout of what a page links to.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a link leads out of the checkout.
fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// Where the links of a page lead, code excepted.
fn targets(page: &str) -> impl Iterator<Item = &str> {
    lines(page).flat_map(|line| {
        // What stands between backticks is code.
        let words = line.split('`').step_by(2);
        let inline = words.flat_map(|text| {
            text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
        });
        let reference = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
        inline.chain(reference.map(|(_, target)| target.split(' ').next().unwrap_or(target)))
    })
}

/// The headings as a link names them: in lower case, with hyphens for blanks and without other marks.
fn headings(page: &str) -> impl Iterator<Item = String> {
    let titles = lines(page).filter(|line| line.starts_with('#'));
    let titles = titles.map(|line| line.trim_start_matches('#').trim());
    titles.map(|title| {
        let letters = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        letters.collect::<String>().to_lowercase().replace(' ', "-")
    })
}

/// The lines outside of fenced blocks.
fn lines(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

#[cfg(test)]
mod tests {
    use super::{dead, orphans};

    fn file(path: &str) -> Option<String> {
        match path {
            "a/page.md" => Some("# Title\n## How to add".to_owned()),
            "a/src/docs.rs" | "a/src" | "README.md" => Some(String::new()),
            _ => None,
        }
    }

    #[track_caller]
    fn case(page: &str, found: &[&str]) {
        let found: Vec<_> =
            found.iter().map(|target| format!("the link `{target}` leads nowhere")).collect();
        assert_eq!(dead("a/own.md", page, &file), found, "{page}");
    }

    #[test]
    fn a_link_leads_to_a_file_or_to_a_heading() {
        case("[a](page.md), [b](src/docs.rs#L1) and [c](https://example.com/x)", &[]);
        case("[a](src/nowhere.rs), [b](../README.md) and [c](src/)", &["src/nowhere.rs"]);
        case("## How to add a check\n[a](#how-to-add-a-check) [b](#how-to-add)", &["#how-to-add"]);
        case("[a](page.md#how-to-add) [b](page.md#how)", &["page.md#how"]);
        case("[a]\n\n[a]: nowhere.md \"title\"\n", &["nowhere.md"]);
        case("`[a](nowhere.md)`\n```\n[a](nowhere.md)\n```\n", &[]);
    }

    #[test]
    fn a_page_that_no_link_leads_to_is_an_orphan() {
        let page = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let pages = [
            page("README.md", "[a](a/one.md#x)"),
            page("a/one.md", "[b](../b/two.md)"),
            page("b/two.md", ""),
            page("b/three.md", "[a](../README.md)"),
        ];
        assert_eq!(orphans("README.md", &pages), ["b/three.md"]);
    }
}
