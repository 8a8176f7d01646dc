//! `missions complete` and `missions fail`: in the end the service and the state file agree.

use harness::ServiceTable;

use super::stage::CommandStage;

/// A mission is made and ended by hand.
pub(super) fn end(stage: &mut CommandStage, n: usize) {
    let (name, slug) = (format!("End {n}"), format!("end-{n}"));
    let steps = r#"[{"step_id":"s","description":"S"}]"#;
    stage.ok("missions", &["init", &name, "I", &format!("Request {n}"), steps]);
    let (line, wanted) = if stage.rng.chance(50) {
        (["complete", &slug, "All done"], "succeeded")
    } else {
        (["fail", &slug, "Nobody there"], "failed")
    };
    if stage.run_until_done("missions", &line) {
        agree(stage, &slug, Some(wanted));
    }
}

/// Checks that the service and the state file agree on the end of a mission, and that it is this.
pub(in crate::torture) fn agree(stage: &mut CommandStage, slug: &str, wanted: Option<&str>) {
    let stored = stage.state()[slug].clone();
    let runs = stage.service.rows(ServiceTable::Runs);
    let run =
        runs.iter().find(|row| row["run_id"] == stored["run_id"]).cloned().unwrap_or_default();
    let (here, there) = (&stored["status"], &run["status"]);
    if here != there || wanted.is_some_and(|wanted| here != wanted) {
        stage.tally.lose(&format!("the end of {slug}: {here} here, {there} at the service"));
    }
}
