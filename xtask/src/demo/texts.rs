//! `sms`: a text goes out once, and can be followed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::stage::{DemoStage, shows};

const FRIEND: &str = "+15557654321";
const WORDS: &str = "Running ten minutes late, see you at ten past eight.";

/// Sends a text, and finds it in the list; a misspelt option sends nothing.
pub(super) fn sent(stage: &mut DemoStage) -> Result<Value> {
    let sent = stage.json("sms", &["send", FRIEND, WORDS], 0)?;
    shows(&sent, &["status", "encoding", "characters", "parts"]);
    let slip = stage.run("sms", &["send", FRIEND, "--medai", WORDS]);
    ensure!(slip.code() == 2, "a misspelt option is exit 2\n{slip}");
    let texted = stage.service.texted().into_iter().filter(|(to, _)| to == FRIEND);
    let texted: Vec<String> = texted.map(|(_, words)| words).collect();
    ensure!(texted == [WORDS], "wanted one text to {FRIEND}, found {texted:?}");
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let listed = stage.json("sms", &["list", "--contact", FRIEND, "--limit", "1"], 0)?;
        if listed["messages"][0]["body"] == WORDS {
            break;
        }
        // Lists lag a little, here as with the real service.
        ensure!(Instant::now() < until, "the list does not show it: {listed}");
    }
    Ok(json!({"id": sent["id"], "parts": sent["parts"], "encoding": sent["encoding"]}))
}
