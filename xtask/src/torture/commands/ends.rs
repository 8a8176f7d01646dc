//! `missions complete` and `missions fail`: in the end the service and the state file say the same.

use harness::Table;

use super::stage::Stage;

/// A mission is made and ended by hand.
pub(super) fn end(stage: &mut Stage, n: usize) {
    let (name, slug) = (format!("End {n}"), format!("end-{n}"));
    let steps = r#"[{"step_id":"s","description":"S"}]"#;
    stage.ok("missions", &["init", &name, "I", &format!("Request {n}"), steps]);
    let (line, wanted) = if stage.fate.strikes(50) {
        (["complete", &slug, "All done"], "succeeded")
    } else {
        (["fail", &slug, "Nobody there"], "failed")
    };
    if !stage.insist("missions", &line) {
        return;
    }
    let kept = stage.state()[&slug].clone();
    let runs = stage.service.rows(Table::Runs);
    let run = runs.iter().find(|row| row["run_id"] == kept["run_id"]).cloned().unwrap_or_default();
    if kept["status"] != wanted || run["status"] != wanted {
        let (here, there) = (&kept["status"], &run["status"]);
        stage.tally.lose(&format!("the end of {slug}: {here} here, {there} at the service"));
    }
}
