//! `missions remove-state`, `import` and `recover`: whole missions stay whole, and a broken file is never thrown away.

use serde_json::{Value, json};

use crate::torture::stage::Stage;

const STATE: &str = "skill/.missions_state.json";

/// Two missions come from another file, and one of them goes.
pub(in crate::torture) fn remove(stage: &mut Stage, n: usize) {
    let before = stage.state();
    let (stays, goes) = (format!("import-{n}-stays"), format!("import-{n}-goes"));
    let mission = |id: &str| json!({"mission_id": id, "run_id": id, "memory": {"l": [1, 2, n]}});
    let other = json!({&stays: mission(&stays), &goes: mission(&goes)});
    stage.sandbox.write("work/other.json", &other.to_string());
    let file = stage.sandbox.path("work/other.json").display().to_string();
    if !stage.run_until_done("missions", &["import", &file]) {
        return;
    }
    let mut wanted = before.as_object().cloned().unwrap_or_default();
    wanted.extend(other.as_object().cloned().unwrap_or_default());
    agree(stage, &wanted.clone().into(), "import");
    // The command says no to what is gone already, which a killed one may have done.
    for _ in 0..20 {
        match stage.run_disturbed("missions", &["remove-state", &goes]) {
            None if stage.state()[&goes].is_null() => break,
            None => {}
            // Nothing was done.
            Some(end) if end.code() == 4 && !stage.state()[&goes].is_null() => {}
            Some(end) if end.code() == 0 => {
                stage.tally.count("acknowledged");
                break;
            }
            Some(end) => return stage.tally.fault(format!("remove-state: {end}")),
        }
    }
    if !stage.state()[&goes].is_null() {
        stage.tally.lose(&format!("the removal of {goes}"));
    }
    wanted.remove(&goes);
    agree(stage, &wanted.into(), "remove-state");
}

/// Checks that the state file holds this, but for the times of the last change.
fn agree(stage: &mut Stage, wanted: &Value, what: &str) {
    let stored = stage.state();
    let missions = |of: &Value| of.as_object().cloned().unwrap_or_default();
    for (slug, mission) in missions(wanted) {
        let (memory, id) = (&stored[&slug]["memory"], &stored[&slug]["mission_id"]);
        if *memory != mission["memory"] || *id != mission["mission_id"] {
            stage.tally.lose(&format!("{what}: {slug}, of which `{}` is stored", stored[&slug]));
        }
    }
    if let Some((slug, _)) = missions(&stored).into_iter().find(|(slug, _)| wanted[slug].is_null())
    {
        stage.tally.double(&format!("{what}: {slug} came from nowhere"));
    }
}

/// The state file is cut somewhere, as no program of ours would, and recovered.
pub(in crate::torture) fn recover(stage: &mut Stage, n: usize) {
    for item in 0..3 {
        let slug = format!("recover-{n}-{item}");
        stage.ok("missions", &["save-memory", &slug, "k", "v", "--create"]);
    }
    let text = stage.sandbox.read(STATE);
    let before: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut cut = 1 + stage.rng.index(text.len() - 2);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let broken = &text[..cut];
    stage.sandbox.write(STATE, broken);
    // `run_disturbed` checks that all files can be read; until this one is, it cannot.
    let before_that = std::mem::take(&mut stage.tally);
    let is_done = stage.run_until_done("missions", &["recover"]);
    let during = std::mem::replace(&mut stage.tally, before_that);
    stage.tally.add(if is_done { during.without("unreadable") } else { during });
    let stored = stage.state();
    let slugs: Vec<&String> =
        before.as_object().into_iter().flatten().map(|(slug, _)| slug).collect();
    // A mission stands whole before the cut if the next one has begun.
    let whole = slugs.windows(2).filter(|pair| broken.contains(&format!("\"{}\":", pair[1])));
    let lost: Vec<&String> =
        whole.map(|pair| pair[0]).filter(|slug| stored[*slug] != before[*slug]).collect();
    if !stored.is_object() || !lost.is_empty() {
        stage.tally.lose(&format!("recover, cut at {cut}: {lost:?}"));
    }
    let entries = std::fs::read_dir(stage.sandbox.skill()).into_iter().flatten().flatten();
    let is_beside = |path: &std::path::PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| bytes == broken.as_bytes())
    };
    let aside = entries.filter(|entry| entry.file_name().to_string_lossy().contains(".broken-"));
    match aside.map(|entry| entry.path()).filter(|path| is_beside(path)).count() {
        0 => stage.tally.lose(&format!("recover, cut at {cut}: the broken file")),
        1 => {}
        n => stage.tally.fault(format!("recover, cut at {cut}: {n} copies of the broken file")),
    }
    stage.sandbox.write(STATE, &text);
}
