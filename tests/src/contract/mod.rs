//! The recorded contract of the scripts that these programs replace (`tests/contract/commands.json`), and the check of one
//! program against it.
//!
//! In a tool's test: `contract::check_all("sms-", env!("CARGO_BIN_EXE_sms"), &[])`.

mod case;
mod compare;
mod recorded_server;

pub use case::{ContractCase, cases};

use crate::sandbox::{Output, Sandbox};
use crate::service::SimulatedService;
use serde_json::json;
use std::fmt::Write as _;

/// Runs one entry with `program BEFORE… --text ARGS…` and compares everything.
///
/// # Panics
/// When something differs, with all differences and the whole output.
#[track_caller]
pub fn check(case: &ContractCase, program: &str, before: &[&str]) {
    if let Err(differences) = run(case, &|_, _| line(program, before)) {
        panic!("{differences}");
    }
}

/// Runs every entry whose name begins so, and reports all that differ at once.
///
/// # Panics
/// When one differs, or when there is none.
#[track_caller]
pub fn check_all(prefix: &str, program: &str, before: &[&str]) {
    check_each(prefix, |_, _| line(program, before));
}

/// The same with command lines of the test's own: `prepare` may change the sandbox of an entry, and gives what is run
/// there before the entry's arguments, which must print text.
///
/// # Panics
/// When one differs, or when there is none.
#[track_caller]
pub fn check_each(prefix: &str, prepare: impl Fn(&ContractCase, &mut Sandbox) -> Vec<String>) {
    let cases = cases(prefix);
    assert!(!cases.is_empty(), "the contract has no entry `{prefix}…`");
    let failed: Vec<_> = cases.iter().filter_map(|case| run(case, &prepare).err()).collect();
    assert!(failed.is_empty(), "{} of {} differ\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// Where the missions tool keeps its state.
const STATE: &str = "skill/.missions_state.json";

fn line(program: &str, before: &[&str]) -> Vec<String> {
    let before = before.iter().map(|arg| (*arg).to_owned());
    std::iter::once(program.to_owned()).chain(before).chain(["--text".to_owned()]).collect()
}

/// Runs one entry; `Err` is everything that differs.
fn run(
    case: &ContractCase,
    prepare: &dyn Fn(&ContractCase, &mut Sandbox) -> Vec<String>,
) -> Result<(), String> {
    let mut service = SimulatedService::start();
    // The comparison reports what is not in the contract, and says more about it.
    service.forgive_unknown_routes();
    recorded_server::install(&service, case);
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
    let line = prepare(case, &mut sandbox);
    let (program, before) = line.split_first().expect("a command line names a program");
    let args = case.args().into_iter().map(|arg| fill(&sandbox, &arg));
    let args: Vec<_> = before.iter().cloned().chain(args).collect();
    let output = sandbox.run(program, args);
    let state = sandbox.has(STATE).then(|| sandbox.json(STATE));
    let mut differences = compare::requests(case, &service.seen());
    differences.extend(compare::exit(case, output.code()));
    differences.extend(compare::stdout(&fill(&sandbox, case.text("stdout")), output.out()));
    differences.extend(compare::state(&case.0["state_after"], state.as_ref()));
    if differences.is_empty() { Ok(()) } else { Err(report(case, &differences, &output, &service)) }
}

fn report(
    case: &ContractCase,
    differences: &[String],
    output: &Output,
    service: &SimulatedService,
) -> String {
    let mut text = format!("=== {}\n", case.name());
    for difference in differences {
        let _ = writeln!(text, "* {difference}");
    }
    if let Some(why) = case.0["deviates"].as_str() {
        let _ = writeln!(text, "(the entry deviates from what was recorded: {why})");
    }
    let _ = writeln!(text, "{output}--- the service has seen:\n{}", service.log().describe());
    text
}
