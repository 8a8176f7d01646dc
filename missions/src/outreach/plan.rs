//! Checks each number of a list, and says when it is called or texted. Nothing is sent.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use state::do_not_call::DoNotCallList;
use state::exit::Fault;
use state::line_breaks;
use state::numbering::Country;
use state::phone::{AllowedNumbers, Phone};
use state::sms_segments::{MAX_SEGMENTS, Segments};

use super::manners::Manners;
use super::targets::ListedTarget;
use super::when::When;
use crate::lifecycle::{Pace, planned};
use crate::service::Channel;
use crate::store::outreach::OutreachTarget;
use crate::window::{Window, WindowOptions, ZoneSource};

/// What the numbers of a list are checked against.
pub(crate) struct Checks<'a> {
    pub(crate) channel: Channel,
    /// Whose national numbers the list holds.
    pub(crate) country: Option<Country>,
    pub(crate) allowed: AllowedNumbers,
    pub(crate) do_not_call: DoNotCallList,
    /// Numbers that another mission reaches, or has just reached: why they are left alone.
    pub(crate) busy: HashMap<String, String>,
    /// The text before its columns are filled in.
    pub(crate) template: Option<&'a str>,
    pub(crate) manners: &'a Manners,
    /// Whether somebody never wrote to us, nor we to them.
    pub(crate) is_first_text: &'a dyn Fn(&Phone) -> bool,
}

/// When people may be called or texted.
#[derive(Debug)]
pub(crate) struct Timing {
    pub(crate) when: When,
    pub(crate) options: WindowOptions,
    pub(crate) pacing: Pace,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) machine: TimeZone,
}

/// A row that is not called or texted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedRow {
    pub(crate) line: usize,
    pub(crate) given: String,
    pub(crate) why: String,
}

impl RefusedRow {
    /// The row as JSON.
    pub(crate) fn json(&self) -> Value {
        let given = state::sanitize::line_up_to(&self.given, 40);
        json!({ "line": self.line, "given": given, "why": self.why })
    }
}

/// Somebody whose number may be called or texted.
#[derive(Clone, Debug)]
pub(crate) struct CheckedTarget {
    pub(crate) line: usize,
    pub(crate) to: Phone,
    pub(crate) name: Option<String>,
    pub(crate) text: Option<String>,
}

/// Checks all rows. Fails (exit 2) if the text names a column that the list does not have.
pub(crate) fn check(
    checks: &Checks,
    listed: &[ListedTarget],
) -> Result<(Vec<CheckedTarget>, Vec<RefusedRow>), Fault> {
    if let Some(template) = checks.template {
        check_columns(template, listed)?;
    }
    let mut lines: HashMap<Phone, usize> = HashMap::new();
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for row in listed {
        match check_one(checks, row, &lines) {
            Ok(target) => {
                lines.insert(target.to.clone(), row.line);
                good.push(target);
            }
            Err(why) => {
                let (line, given) = (row.line, row.number.clone());
                refused.push(RefusedRow { line, given, why });
            }
        }
    }
    Ok((good, refused))
}

fn check_one(
    checks: &Checks,
    row: &ListedTarget,
    lines: &HashMap<Phone, usize>,
) -> Result<CheckedTarget, String> {
    if row.number.is_empty() {
        return Err("it has no number".to_owned());
    }
    let text = |fault: Fault| fault.to_string();
    let to = Phone::parse_in(&row.number, checks.country.as_ref()).map_err(text)?;
    to.ensure_callable(&checks.allowed).map_err(text)?;
    if let Some(line) = lines.get(&to) {
        return Err(format!("the same number as in line {line}"));
    }
    if checks.do_not_call.forbids(&to, checks.channel.reach()) {
        let entry = checks.do_not_call.get(&to);
        let opted_out = entry.is_some_and(state::do_not_call::DoNotCallEntry::is_opt_out);
        let why = if opted_out { "they opted out" } else { "it is on the do-not-call list" };
        return Err(why.to_owned());
    }
    if let Some(why) = checks.busy.get(to.as_str()) {
        return Err(why.clone());
    }
    let text = checks.template.map(|template| text_for(checks, template, row, &to)).transpose()?;
    Ok(CheckedTarget { line: row.line, to, name: row.name.clone(), text })
}

/// The text to one target, its columns filled in.
fn text_for(
    checks: &Checks,
    template: &str,
    row: &ListedTarget,
    to: &Phone,
) -> Result<String, String> {
    let mut text = line_breaks::typed(template);
    for column in columns(template) {
        let cell = row.columns.get(&column.to_lowercase()).map_or("", |cell| cell.trim());
        let cell = state::sanitize::line_up_to(cell, 200);
        if cell.is_empty() {
            return Err(format!("its column `{column}` is empty"));
        }
        text = text.replace(&format!("{{{column}}}"), &cell);
    }
    if (checks.is_first_text)(to) {
        text = checks.manners.first_text(&text);
    }
    let parts = Segments::of(&text).count;
    if parts > MAX_SEGMENTS {
        return Err(format!("its text has {parts} parts; at most {MAX_SEGMENTS} are sent"));
    }
    Ok(text)
}

/// The names in braces.
fn columns(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in template.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
        if !name.is_empty() && name.chars().all(is_name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn check_columns(template: &str, listed: &[ListedTarget]) -> Result<(), Fault> {
    let Some(first) = listed.first() else { return Ok(()) };
    for column in columns(template) {
        if !first.columns.contains_key(&column.to_lowercase()) {
            let known: Vec<&str> = first.columns.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Fault::usage(format!("the list has no column `{column}`"))
                .hint(format!("its columns are: {known}")));
        }
    }
    Ok(())
}

/// Says when each is called or texted, in their order, beside those that are planned already. One for whom no hour is left
/// is refused.
pub(crate) fn schedule(
    timing: &Timing,
    targets: Vec<CheckedTarget>,
    taken: impl Iterator<Item = Timestamp>,
    refused: &mut Vec<RefusedRow>,
) -> Vec<OutreachTarget> {
    let mut windows: BTreeMap<String, (Window, ZoneSource)> = BTreeMap::new();
    let mut windowed = Vec::new();
    for target in targets {
        // Where a number rings never depends on its last digits, and to find it out takes time.
        let number = target.to.as_str();
        let area = number[..number.len().saturating_sub(4)].to_owned();
        let window = windows
            .entry(area)
            .or_insert_with(|| timing.options.for_recipient(&target.to, &timing.machine));
        let window = window.0.clone();
        match timing.when.earliest(&window, timing.now) {
            Some(from) => windowed.push((target, window, from)),
            None => refused.push(too_late(&target)),
        }
    }
    let wanted = windowed.iter().map(|(_, window, from)| (window, *from));
    let times = planned::times(timing.pacing, taken, wanted, timing.now, timing.until);
    let mut plan = Vec::new();
    for ((target, window, _), at) in windowed.into_iter().zip(times) {
        let Some(at) = at else {
            refused.push(too_late(&target));
            continue;
        };
        let (to, name, text) = (target.to.to_string(), target.name, target.text);
        let (approved, dropped, answers) = (false, None, Vec::new());
        plan.push(OutreachTarget { to, name, text, at, window, approved, dropped, answers });
    }
    if let Some((window, _)) = windows.values().find(|(_, source)| *source == ZoneSource::Machine) {
        state::out::warning(&format!(
            "where some of the numbers ring is not known: their hours are counted in {}, this machine's zone",
            window.zone()
        ));
    }
    plan
}

fn too_late(target: &CheckedTarget) -> RefusedRow {
    let why = "no allowed hour is left for it before the end (--for, --when)".to_owned();
    RefusedRow { line: target.line, given: target.to.to_string(), why }
}

/// A row of the plan as JSON.
pub(crate) fn row(channel: Channel, target: &OutreachTarget) -> Value {
    let mut row = json!({
        "to": target.to,
        "channel": channel,
        "at": target.at.to_string(),
        "local": target.window.local(target.at),
    });
    if let Some(name) = &target.name {
        row["name"] = name.as_str().into();
    }
    row
}
