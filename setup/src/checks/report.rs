//! The findings for people: one line that says how all is, then what does not work, what should be attended to, and the rest.

use super::finding::Check;
use super::fix::FixKind;
use state::terminal::{Colour, Painted, wrapped};

/// From this width on, in columns, the findings stand beside the parts; on a narrower terminal below them.
const WIDE: usize = 60;

/// Where the findings begin beside the parts: `FAIL  sessions_send  `.
const INDENT: usize = 21;
/// Where they begin below the parts.
const NARROW_INDENT: usize = 2;

/// How all is, in a line: `2 parts do not work, 1 to look at, 14 fine.`
pub fn summary(checks: &[Check]) -> String {
    let of_itself = |check: &&Check| check.because.is_none();
    let n_of = |status: &str| {
        checks.iter().filter(of_itself).filter(|check| check.finding.status() == status).count()
    };
    let (n_failed, n_warned, n_passed) = (n_of("fail"), n_of("warn"), n_of("pass"));
    let n_waiting = checks.len() - checks.iter().filter(of_itself).count();
    let head = match (n_failed, n_warned) {
        (0, 0) => return format!("All works: {n_passed} parts are fine."),
        (0, _) => "All works".to_owned(),
        (1, _) => "1 part does not work".to_owned(),
        _ => format!("{n_failed} parts do not work"),
    };
    let count = |n: usize, what: &str| if n > 0 { format!(", {n} {what}") } else { String::new() };
    let (warned, waiting) =
        (count(n_warned, "to look at"), count(n_waiting, "not known until then"));
    format!("{head}{warned}{waiting}{}.", count(n_passed, "fine"))
}

/// The line of [`summary`] and the findings, failures first, the fix below what needs one. A finding that comes of another
/// one is named below that.
pub fn as_table(checks: &[Check], width: Option<usize>) -> Painted {
    let worst = checks.iter().map(rank).max().unwrap_or_default();
    let summary = wrapped(&summary(checks), width, 0);
    let head = Painted::default().in_colour(colour(worst), summary).plain("\n");
    rows(checks, |_| true, width).into_iter().fold(head.plain("\n"), Painted::then)
}

/// The findings that do not pass, as in [`as_table`]; empty if all do.
pub fn open_rows(checks: &[Check], width: Option<usize>) -> Painted {
    let rows = rows(checks, |check| !check.finding.is_pass(), width);
    rows.into_iter().fold(Painted::default(), Painted::then)
}

fn rows(checks: &[Check], is_shown: impl Fn(&Check) -> bool, width: Option<usize>) -> Vec<Painted> {
    let mut shown: Vec<&Check> =
        checks.iter().filter(|check| check.because.is_none() && is_shown(check)).collect();
    shown.sort_by_key(|check| std::cmp::Reverse(rank(check)));
    shown.into_iter().map(|check| row(check, &waiting(checks, check.id), width)).collect()
}

/// The checks that come of this one, and those that come of them.
fn waiting(checks: &[Check], id: &str) -> Vec<&'static str> {
    let comes_of = |check: &&Check| {
        let cause = |of: &&str| checks.iter().find(|check| check.id == *of)?.because;
        // No check comes of itself, so this ends.
        std::iter::successors(check.because, |of| cause(of)).take(checks.len()).any(|of| of == id)
    };
    checks.iter().filter(comes_of).map(|check| check.id).collect()
}

fn rank(check: &Check) -> u8 {
    match check.finding.status() {
        "fail" => 2,
        "warn" => 1,
        _ => 0,
    }
}

fn colour(rank: u8) -> Colour {
    match rank {
        2 => Colour::Failure,
        1 => Colour::Warning,
        _ => Colour::Success,
    }
}

fn row(check: &Check, waiting: &[&str], width: Option<usize>) -> Painted {
    let (status, detail) = (check.finding.status(), check.finding.detail());
    let word = if status == "pass" { status.to_owned() } else { status.to_uppercase() };
    let detail = state::sanitize::without_controls(detail);
    let is_wide = width.is_none_or(|width| width >= WIDE);
    let indent = if is_wide { INDENT } else { NARROW_INDENT };
    let margin = " ".repeat(indent);
    let row = Painted::default().in_colour(colour(rank(check)), format!("{word:4}"));
    let detail = wrapped(&detail, width, indent);
    let row = if is_wide {
        row.plain(format!("  {:13}  {detail}\n", check.id))
    } else {
        row.plain(format!("  {}\n{margin}{detail}\n", check.id))
    };
    let row = match waiting {
        [] => row,
        ids => {
            let text = format!("until then not known: {}", ids.join(", "));
            row.in_colour(Colour::Faint, format!("{margin}{}\n", wrapped(&text, width, indent)))
        }
    };
    let Some(fix) = check.finding.fix() else { return row };
    let text = match fix.kind() {
        FixKind::ByHand => wrapped(&fix.text(), width.map(|width| width.saturating_sub(9)), indent),
        // A command is not broken: the terminal does that, and puts it together again where it is copied.
        FixKind::Command | FixKind::Look => fix.text(),
    };
    let row = row.plain(format!("{margin}{}: ", fix.kind().label()));
    row.in_colour(Colour::Strong, text).plain("\n")
}
