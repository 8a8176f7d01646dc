//! One entry of the recorded contract: a command line, what it sent, what it printed, what it stored.

use crate::service::KEY;
use serde_json::Value;

/// One command line of the original scripts, with what it sent, printed and stored.
#[derive(Clone, Debug)]
pub struct ContractCase(pub(super) Value);

impl ContractCase {
    /// Its name, such as `call-own`.
    pub fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or("")
    }

    /// The arguments behind the script's name.
    pub fn args(&self) -> Vec<String> {
        let words = self.list("argv").iter().filter_map(Value::as_str);
        words.skip_while(|word| !word.starts_with("scripts/")).skip(1).map(str::to_owned).collect()
    }

    /// The script that was run, relative to the skill folder, such as `scripts/call.sh`.
    pub fn script(&self) -> &str {
        let mut words = self.list("argv").iter().filter_map(Value::as_str);
        words.find(|word| word.starts_with("scripts/")).unwrap_or("")
    }

    pub(super) fn list(&self, key: &str) -> &[Value] {
        self.0[key].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or("")
    }

    pub(super) fn requests(&self) -> &[Value] {
        self.list("requests")
    }

    /// Whether the recorded command sends this (the path's last part is enough).
    pub(super) fn sends(&self, method: &str, path_end: &str) -> bool {
        self.requests().iter().any(|request| {
            request["method"] == method
                && request["path"].as_str().is_some_and(|path| path.ends_with(path_end))
        })
    }

    /// The key that the command uses: the environment's, else the config's.
    pub(super) fn key(&self) -> &str {
        self.0["env"]["CLAWDTALK_API_KEY"].as_str().unwrap_or(KEY)
    }
}

/// The entries whose name begins so.
pub fn cases(prefix: &str) -> Vec<ContractCase> {
    let file = include_str!("../../contract/commands.json");
    let file: Value = serde_json::from_str(file).expect("the contract is JSON");
    let all = file["cases"].as_array().into_iter().flatten().cloned().map(ContractCase);
    all.filter(|case| case.name().starts_with(prefix)).collect()
}
