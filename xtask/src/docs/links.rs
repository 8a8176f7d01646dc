//! The relative links of a page: each has to lead to a file of the checkout, or to a heading of the page.

use std::path::Path;

/// The links of a page that lead nowhere. `folder` is the page's own.
pub(super) fn dead(page: &str, folder: &Path) -> Vec<String> {
    let is_dead = |target: &&str| {
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        let is_missing = !path.is_empty() && !folder.join(path).exists();
        is_missing || path.is_empty() && !headings(page).any(|own| own == heading)
    };
    let dead = targets(page).filter(|target| !is_elsewhere(target)).filter(is_dead);
    dead.map(|target| format!("the link `{target}` leads nowhere")).collect()
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
    use super::dead;
    use std::path::Path;

    #[track_caller]
    fn case(page: &str, found: &[&str]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found: Vec<_> =
            found.iter().map(|target| format!("the link `{target}` leads nowhere")).collect();
        assert_eq!(dead(page, folder), found, "{page}");
    }

    #[test]
    fn a_link_leads_to_a_file_or_to_a_heading() {
        case("[a](Cargo.toml), [b](src/docs.rs#L1) and [c](https://example.com/x)", &[]);
        case("[a](src/nowhere.rs), [b](../README.md) and [c](src/)", &["src/nowhere.rs"]);
        case("## How to add a check\n[a](#how-to-add-a-check) [b](#how-to-add)", &["#how-to-add"]);
        case("[a]\n\n[a]: nowhere.md \"title\"\n", &["nowhere.md"]);
        case("`[a](nowhere.md)`\n```\n[a](nowhere.md)\n```\n", &[]);
    }
}
