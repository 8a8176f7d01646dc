//! The jobs, and how each is compared with what the service did.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use harness::ServiceTable;
use serde_json::{Map, Value, json};

use super::page::SkillPage;
use super::stage::{Job, OutreachStage};

type Play = fn(&Path, &SkillPage) -> Result<Job>;

pub(super) const ALL: [Play; 4] = [eight_plumbers, twelve_invitations, one_question, called_off];

/// Eight calls with all kinds of ends, retries, and an agent that forgets everything half-way.
fn eight_plumbers(programs: &Path, page: &SkillPage) -> Result<Job> {
    let mut stage = OutreachStage::new(programs)?;
    let ends = ["11", "12", "13", "01", "02", "93", "04", "09"];
    let script = json!({
        "+13125550111": {"said": "40 dollars an hour, tomorrow at nine."},
        "+13125550112": {"said": "55 an hour, on Friday."},
        "+13125550113": {"said": "They do no private homes."},
        "+13125550109": {"calls": ["busy", "answered"], "said": "38 an hour, next week."},
    });
    stage.service.script(&script).map_err(anyhow::Error::msg)?;
    let mut list = "Phone;Name\r\n".to_owned();
    for end in ends {
        let _ = write!(list, "(312) 555-01{end};Plumber {end}\r\n");
    }
    stage.file("plumbers.csv", &list);
    let begin = page.line("missions outreach \"Plumbers\"")?;
    let plan = stage.agent(begin, &[0])?;
    ensure!(plan["totals"]["planned"] == 8, "wanted eight planned: {plan}");
    stage.a_while("plumbers", 5);
    // It knows nothing any more, and finds the line in its notes.
    stage.agent(begin, &[0])?;
    stage.until_it_ends("plumbers")?;
    let report = stage.agent(page.line("missions report plumbers")?, &[0])?;
    let wanted = json!({
        "targets": 8, "answered": 4, "busy": 1, "no answer": 1, "voicemail": 1, "failed": 1,
    });
    ensure!(report["totals"] == wanted, "wanted {wanted}, found {}", report["totals"]);
    matches_the_calls(&stage, &report)?;
    let said =
        report["rows"].as_array().into_iter().flatten().filter(|row| row["outcome"] == "answered");
    for row in said {
        let words = row["said"].as_str().unwrap_or_default();
        ensure!(
            script[row["to"].as_str().unwrap_or_default()]["said"] == words,
            "not what they said: {row}"
        );
    }
    Ok(stage.end("eight plumbers", 4, Some(4096)))
}

/// Twelve texts: seven answer, three opt out, two are silent. The owner is asked first.
fn twelve_invitations(programs: &Path, page: &SkillPage) -> Result<Job> {
    let mut stage = OutreachStage::new(programs)?;
    let (mut script, mut list) = (Map::new(), "phone,name\n".to_owned());
    for n in 0..12 {
        let _ = writeln!(list, "+1312555{:04},\"Guest, {n}\"", 2020 + n);
        let reply = match n {
            0..=2 => "STOP",
            3 | 4 => continue,
            _ => "Yes, gladly!",
        };
        script.insert(
            format!("+1312555{:04}", 2020 + n),
            json!({"reply": reply, "reply_after": 600}),
        );
    }
    stage.service.script(&script.into()).map_err(anyhow::Error::msg)?;
    stage.file("friends.csv", &list);
    let plan = stage.agent(page.line("missions outreach \"Party\"")?, &[0])?;
    ensure!(plan["totals"]["planned"] == 12, "wanted twelve planned: {plan}");
    let approvals = stage.service.rows(ServiceTable::Approvals);
    ensure!(
        approvals.len() == 1 && approvals[0]["status"] == "approved",
        "the owner was not asked"
    );
    stage.until_it_ends("party")?;
    let report =
        stage.agent(&page.line("missions report plumbers")?.replace("plumbers", "party"), &[0])?;
    let wanted = json!({"targets": 12, "replied": 7, "silent": 2, "opted out": 3});
    ensure!(report["totals"] == wanted, "wanted {wanted}, found {}", report["totals"]);
    let texted = stage.service.texted();
    let mut each: BTreeMap<String, usize> = BTreeMap::new();
    for (to, text) in &texted {
        *each.entry(to.clone()).or_default() += 1;
        ensure!(text.contains("STOP"), "a first text does not say how to opt out: {text}");
    }
    ensure!(each.len() == 12 && texted.len() == 12, "each once: {each:?}");
    let replies = stage.agent(page.line("missions replies party")?, &[0])?;
    let n = replies["replies"].as_array().map_or(0, Vec::len);
    ensure!(n == 10, "wanted the texts of seven and of three who opted out, found {n}");
    Ok(stage.end("twelve invitations", 3, None))
}

/// One question to a pizzeria.
fn one_question(programs: &Path, page: &SkillPage) -> Result<Job> {
    let mut stage = OutreachStage::new(programs)?;
    let said = "Yes, until half past nine.";
    let script = json!({"+13125550142": {"said": said}});
    stage.service.script(&script).map_err(anyhow::Error::msg)?;
    stage.service.speed(120);
    let row = stage.agent(page.line("missions ask")?, &[0])?;
    ensure!(row["said"] == said && row["outcome"] == "answered", "found {row}");
    ensure!(stage.service.dialled() == ["+13125550142"], "wanted one call");
    Ok(stage.end("one question", 1, None))
}

/// "Call off everything": nobody is called after that.
fn called_off(programs: &Path, page: &SkillPage) -> Result<Job> {
    let mut stage = OutreachStage::new(programs)?;
    stage.file("plumbers.csv", "phone\n3125550111\n3125550112\n");
    stage.file("friends.csv", "phone,name\n3125552021,Ann\n");
    // They were begun before: only the one command counts.
    let plumbers = format!("{} --when \"in 2h\"", page.line("missions outreach \"Plumbers\"")?);
    stage.agent(&plumbers, &[0])?;
    stage.agent(page.line("missions outreach \"Party\"")?, &[0])?;
    let ended = stage.agent(page.line("missions cancel --all")?, &[0])?;
    let n = ended["missions"].as_array().map_or(0, Vec::len);
    ensure!(n == 2, "wanted two missions called off: {ended}");
    stage.a_while("plumbers", 180);
    stage.a_while("party", 1500);
    let (calls, texts) = (stage.service.dialled(), stage.service.texted());
    ensure!(calls.is_empty() && texts.is_empty(), "reached all the same: {calls:?} {texts:?}");
    let mut job = stage.end("call off everything", 1, None);
    job.commands -= 2;
    Ok(job)
}

/// Every row has as many tries as there were calls, in business hours, and a voicemail is no answer.
fn matches_the_calls(stage: &OutreachStage, report: &Value) -> Result<()> {
    let dialled = stage.service.dialled();
    let scheduled = stage.service.rows(ServiceTable::Scheduled);
    let rows: Vec<&Value> = report["rows"].as_array().into_iter().flatten().collect();
    for row in &rows {
        let calls = dialled.iter().filter(|to| row["to"] == **to).count();
        ensure!(row["tries"] == calls && calls <= 3, "{calls} calls, and the row says {row}");
    }
    ensure!(
        dialled.iter().all(|to| rows.iter().any(|row| row["to"] == **to)),
        "a stranger was called"
    );
    let zone = jiff::tz::TimeZone::get("America/Chicago")?;
    for event in &scheduled {
        let at: jiff::Timestamp = event["scheduled_at"].as_str().unwrap_or_default().parse()?;
        let hour = at.to_zoned(zone.clone()).hour();
        ensure!((9..17).contains(&hour), "called at {hour} o'clock: {event}");
    }
    Ok(())
}
