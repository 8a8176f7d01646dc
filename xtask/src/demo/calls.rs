//! `call`: somebody else is rung up, and the call is followed to its end.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::stage::{DemoStage, shows};

const RESTAURANT: &str = "+15551234567";

/// Places a call, follows it on a fast clock, and sees that the same line twice is one call.
pub(super) fn book_a_table(stage: &mut DemoStage) -> Result<Value> {
    let purpose = "Book a table for two at eight";
    let speed = 30;
    stage.service.clock().speed(speed);
    let last = stage.json("call", &["--to", RESTAURANT, "--purpose", purpose, "--wait"], 0)?;
    stage.service.clock().speed(1);
    let id = last["call_id"].as_str().unwrap_or_default().to_owned();
    ensure!(last["status"] == "completed", "the call did not complete: {last}");
    let dialled = stage.service.dialled();
    ensure!(dialled == [RESTAURANT], "wanted one call to {RESTAURANT}, found {dialled:?}");
    let status = stage.json("call", &["status", &id], 0)?;
    shows(&status, &["status", "duration_seconds"]);
    let slip = stage.run("call", &["stauts", &id]);
    ensure!(slip.code() == 2, "a misspelt command is exit 2\n{slip}");
    ensure!(stage.service.dialled().len() == 1, "a misspelt command dialled");
    Ok(json!({"call_id": id, "status": last["status"], "seconds": status["duration_seconds"]}))
}
