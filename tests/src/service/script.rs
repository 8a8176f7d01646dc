//! What the people behind single numbers do, where their last digits do not decide it: how each call to them ends, what they
//! say, what they text back.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::outcome::SimulatedOutcome;

/// What somebody does.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberScript {
    /// How the first call or text ends, the second, and so on; the last counts for all that follow.
    outcomes: Vec<SimulatedOutcome>,
    /// What the insights of a conversation with them say.
    pub(crate) said: Option<String>,
    /// What they text back, each so long after a text of ours was delivered.
    pub(crate) replies: Vec<(SignedDuration, String)>,
}

impl NumberScript {
    /// How the `n`th call or text ends, from 0.
    pub(crate) fn outcome(&self, n: usize) -> Option<SimulatedOutcome> {
        self.outcomes.get(n).or(self.outcomes.last()).copied()
    }
}

/// Reads scripts: from each number to `calls` (words of [`SimulatedOutcome::named`]), `said`, `reply` (a text, or a list of
/// them) and `reply_after` (seconds). Fails with what is wrong.
pub(crate) fn read(json: &Value) -> Result<BTreeMap<String, NumberScript>, String> {
    let numbers = json.as_object().ok_or("the script is no object of numbers")?;
    numbers.iter().map(|(number, one)| Ok((number.clone(), of_number(number, one)?))).collect()
}

fn of_number(number: &str, json: &Value) -> Result<NumberScript, String> {
    const KEYS: [&str; 4] = ["calls", "said", "reply", "reply_after"];
    let fields = json.as_object().ok_or_else(|| format!("{number}: no object"))?;
    if let Some(unknown) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("{number}: no `{unknown}`; there are {}", KEYS.join(", ")));
    }
    let texts = |key: &str| -> Vec<String> {
        match &json[key] {
            Value::String(text) => vec![text.clone()],
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    };
    let outcome = |word: &String| {
        SimulatedOutcome::named(word).ok_or_else(|| format!("{number}: `{word}` is no outcome"))
    };
    let after = json["reply_after"].as_i64().unwrap_or(60);
    let reply = |(n, text): (usize, String)| {
        let times = i64::try_from(n).unwrap_or(0) + 1;
        (SignedDuration::from_secs(after * times), text)
    };
    Ok(NumberScript {
        outcomes: texts("calls").iter().map(outcome).collect::<Result<_, _>>()?,
        said: json["said"].as_str().map(str::to_owned),
        replies: texts("reply").into_iter().enumerate().map(reply).collect(),
    })
}
