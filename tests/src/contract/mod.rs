//! The recorded contract of the reference's scripts, and the check of one program against one entry of it.
//!
//! In a tool's test: `contract::check_all("sms-", env!("CARGO_BIN_EXE_sms"), &[])`.

mod canned;
mod compare;

use crate::sandbox::{Output, Sandbox};
use crate::service::{KEY, Service};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One command line of the reference, with what it sent, printed and stored.
#[derive(Clone, Debug)]
pub struct Case(Value);

impl Case {
    /// Its name, such as `call-own`.
    pub fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or("")
    }

    /// The arguments behind the script's name.
    pub fn args(&self) -> Vec<String> {
        let words = self.list("argv").iter().filter_map(Value::as_str);
        words.skip_while(|word| !word.starts_with("scripts/")).skip(1).map(str::to_owned).collect()
    }

    /// The script that the reference ran, relative to the skill folder, such as `scripts/call.sh`.
    pub fn script(&self) -> &str {
        let mut words = self.list("argv").iter().filter_map(Value::as_str);
        words.find(|word| word.starts_with("scripts/")).unwrap_or("")
    }

    fn list(&self, key: &str) -> &[Value] {
        self.0[key].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or("")
    }

    fn requests(&self) -> &[Value] {
        self.list("requests")
    }

    /// Whether the recorded command sends this (the path's last part is enough).
    fn sends(&self, method: &str, path_end: &str) -> bool {
        self.requests().iter().any(|request| {
            request["method"] == method
                && request["path"].as_str().is_some_and(|path| path.ends_with(path_end))
        })
    }

    /// The key that the command uses: the environment's, else the config's.
    fn key(&self) -> &str {
        self.0["env"]["CLAWDTALK_API_KEY"].as_str().unwrap_or(KEY)
    }
}

/// The entries whose name begins so.
pub fn cases(prefix: &str) -> Vec<Case> {
    let file = include_str!("../../contract/commands.json");
    let file: Value = serde_json::from_str(file).expect("the contract is JSON");
    let all = file["cases"].as_array().into_iter().flatten().cloned().map(Case);
    all.filter(|case| case.name().starts_with(prefix)).collect()
}

/// Runs one entry with `program BEFORE… --text ARGS…` and compares everything.
///
/// # Panics
/// When something differs, with all differences and the whole output.
#[track_caller]
pub fn check(case: &Case, program: &str, before: &[&str]) {
    if let Err(differences) = verdict(case, &|_, _| line(program, before)) {
        panic!("{differences}");
    }
}

/// Runs every entry whose name begins so, and tells all that differ at once.
///
/// # Panics
/// When one differs, or when there is none.
#[track_caller]
pub fn check_all(prefix: &str, program: &str, before: &[&str]) {
    check_each(prefix, |_, _| line(program, before));
}

/// The same with command lines of the test's own: `ready` may change the sandbox of an entry, and gives what is run
/// there before the entry's arguments, which must print text.
///
/// # Panics
/// When one differs, or when there is none.
#[track_caller]
pub fn check_each(prefix: &str, ready: impl Fn(&Case, &mut Sandbox) -> Vec<String>) {
    let cases = cases(prefix);
    assert!(!cases.is_empty(), "the contract has no entry `{prefix}…`");
    let faults: Vec<_> = cases.iter().filter_map(|case| verdict(case, &ready).err()).collect();
    assert!(faults.is_empty(), "{} of {} differ\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// Where the missions tool keeps its state.
const STATE: &str = "skill/.missions_state.json";

fn line(program: &str, before: &[&str]) -> Vec<String> {
    let before = before.iter().map(|arg| (*arg).to_owned());
    std::iter::once(program.to_owned()).chain(before).chain(["--text".to_owned()]).collect()
}

fn verdict(case: &Case, ready: &dyn Fn(&Case, &mut Sandbox) -> Vec<String>) -> Result<(), String> {
    let mut service = Service::start();
    // What is not in the contract is told by the comparison, in its own words.
    service.forgive_unknown_routes();
    canned::install(&service, case);
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    sandbox.adjust(&json!({"owner_name": "Ciaran", "agent_name": "PAL-01"}));
    if !case.0["config"].is_null() {
        sandbox.adjust(&case.0["config"]);
    }
    for (name, value) in case.0["env"].as_object().into_iter().flatten() {
        sandbox.env(name, value.as_str().unwrap_or(""));
    }
    if !case.0["state_before"].is_null() {
        sandbox.write(STATE, &format!("{:#}", case.0["state_before"]));
    }
    let fill = |sandbox: &Sandbox, text: &str| {
        text.replace("$SERVER", &service.url())
            .replace("$SKILL", &sandbox.skill().display().to_string())
    };
    let line = ready(case, &mut sandbox);
    let (program, before) = line.split_first().expect("a command line names a program");
    let args = case.args().into_iter().map(|arg| fill(&sandbox, &arg));
    let args: Vec<_> = before.iter().cloned().chain(args).collect();
    let output = sandbox.run(program, args);
    let state = sandbox.has(STATE).then(|| sandbox.json(STATE));
    let mut faults = compare::requests(case, &service.seen());
    faults.extend(compare::exit(case, output.code()));
    faults.extend(compare::stdout(&fill(&sandbox, case.text("stdout")), output.out()));
    faults.extend(compare::state(&case.0["state_after"], state.as_ref()));
    if faults.is_empty() { Ok(()) } else { Err(told(case, &faults, &output, &service)) }
}

fn told(case: &Case, faults: &[String], output: &Output, service: &Service) -> String {
    let mut text = format!("=== {}\n", case.name());
    for fault in faults {
        let _ = writeln!(text, "* {fault}");
    }
    if let Some(why) = case.0["deviates"].as_str() {
        let _ = writeln!(text, "(the entry deviates from the reference: {why})");
    }
    let _ = writeln!(text, "{output}--- the service has seen:\n{}", service.log().told());
    text
}
