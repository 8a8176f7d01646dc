//! `missions dnc` and `missions cron`: what a command reported is there, and no other line of the crontab is touched.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use state::paths;

use crate::torture::stage::Stage;

/// Numbers that come and go.
const NUMBERS: u64 = 8;
/// Missions whose lines come and go.
const MISSIONS: u64 = 4;
/// What the owner has in the crontab: more than fits into one write of a pipe.
const OWN: &str = "0 3 * * * backup --everything # clawdtalk mission not ours\n";
const OWN_LINES: usize = 1_500;

/// A number is put on the do-not-call list or taken off it; one that is on it is not called.
pub(in crate::torture) fn do_not_call(stage: &mut Stage, _: usize) {
    let (number, adds) =
        (format!("+155586600{:02}", stage.rng.below(NUMBERS)), stage.rng.chance(60));
    let end =
        stage.run_disturbed("missions", &["dnc", if adds { "add" } else { "remove" }, &number]);
    let stored = Stage::json(&paths::do_not_call(&stage.sandbox.skill()));
    let stands = |number: &str| !stored["numbers"][number].is_null();
    match end.as_ref().map(harness::Output::code) {
        Some(0) => {
            stage.tally.count("acknowledged");
            stage.listed.insert(number.clone(), adds);
        }
        // Killed: it is the one or the other, and stays what it is.
        None => _ = stage.listed.insert(number.clone(), stands(&number)),
        // Nothing was done, which is checked below.
        Some(4) => {}
        // Taking off what is not there is a no.
        Some(1) if !adds && !stands(&number) => {}
        Some(_) => stage.tally.fault(format!("dnc {number}: {end:?}")),
    }
    let wrong = stage.listed.iter().filter(|(number, listed)| stands(number) != **listed);
    let wrong: Vec<String> = wrong.map(|(number, _)| number.clone()).collect();
    for number in wrong {
        stage.tally.lose(&format!("what the do-not-call list has of {number}"));
    }
    if stage.listed.get(&number) == Some(&true) {
        let end = stage.run("sms", &["send", &number, "Hello"]);
        if end.code() != 1 || stage.service.texted().iter().any(|(to, _)| *to == number) {
            stage.tally.fault(format!("{number} is on the do-not-call list: {end}"));
        }
    }
}

/// Lines of missions come and go in a crontab that is mostly the owner's.
pub(in crate::torture) fn crontab(stage: &mut Stage, _: usize) {
    prepare(stage);
    let own = OWN.repeat(OWN_LINES);
    for _ in 0..4 {
        let (slug, adds) = (format!("cron-{}", stage.rng.below(MISSIONS)), stage.rng.chance(60));
        let end =
            stage.run_disturbed("missions", &["cron", if adds { "add" } else { "remove" }, &slug]);
        let code = end.as_ref().map(harness::Output::code);
        match code {
            Some(0) => stage.tally.count("acknowledged"),
            None | Some(4) => {}
            Some(_) => stage.tally.fault(format!("cron {slug}: {end:?}")),
        }
        let now = stage.sandbox.read("work/crontab");
        if !now.starts_with(&own) {
            stage.tally.lose("lines of the owner in the crontab");
            stage.sandbox.write("work/crontab", &own);
            return;
        }
        let mark = format!("# clawdtalk mission {slug} {}", stage.sandbox.skill().display());
        let stands = now.lines().filter(|line| line.ends_with(&mark)).count();
        if stands > 1 {
            stage.tally.double(&format!("{slug} has {stands} lines in the crontab"));
        }
        if code == Some(0) && (stands == 1) != adds {
            stage.tally.lose(&format!("the line of {slug} in the crontab, {stands} there"));
        }
    }
}

/// A crontab as cron's own program keeps it: read to its end, then swapped.
fn prepare(stage: &mut Stage) {
    if !stage.sandbox.has("work/crontab") {
        stage.sandbox.write("work/crontab", &OWN.repeat(OWN_LINES));
        let file = stage.sandbox.path("work/crontab").display().to_string();
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in -l) cat '{file}';; -) cat > '{file}'.$$ && mv '{file}'.$$ '{file}' || {{ rm -f '{file}'.$$; exit 1; }};; esac\n"
        );
        stage.sandbox.write("work/bin/crontab", &script);
        let is_program = Permissions::from_mode(0o700);
        if let Err(err) =
            std::fs::set_permissions(stage.sandbox.path("work/bin/crontab"), is_program)
        {
            stage.tally.fault(format!("there is no crontab to torture: {err}"));
        }
    }
    let mut stored = stage.state();
    if stored["cron-0"].is_null() {
        if !stored.is_object() {
            stored = json!({});
        }
        for n in 0..MISSIONS {
            stored[format!("cron-{n}")] =
                json!({"mission_id": "m", "run_id": "r", "status": "running"});
        }
        stage.sandbox.write("skill/.missions_state.json", &stored.to_string());
    }
}
