//! One installation for all tests of a binary, made by the real `cargo xtask install`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use harness::Sandbox;
use serde_json::Value;

/// Lays a skill folder out with `cargo xtask install --debug` and more options. Cargo finds the programs built already
/// when all tests are built.
pub(crate) fn install(args: &[&str]) -> Output {
    let mut xtask = command(args);
    xtask.output().expect("cargo built xtask for this test")
}

/// The same before it starts.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.args(["install", "--debug"]).args(args);
    xtask.env_remove("CLAWDTALK_OUTPUT").env_remove("CLAWDTALK_SKILL_DIR");
    xtask
}

/// The output of an installation that must succeed.
#[track_caller]
pub(crate) fn installs(args: &[&str]) -> Value {
    let output = install(args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{stderr}", output.status);
    serde_json::from_slice(&output.stdout).expect("stdout is one JSON document")
}

/// A whole installation that no test changes.
fn whole() -> &'static Path {
    static WHOLE: OnceLock<PathBuf> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skill");
        installs(&["--to", &folder.display().to_string()]);
        folder
    })
}

/// Gives a sandbox an installation as its skill folder, which its programs find without the environment's help. Cheap after
/// [`Sandbox::all_on_disk`]: the programs are hard links then, not copies of 200 MB.
pub(crate) fn furnish(sandbox: &mut Sandbox) {
    sandbox.without("CLAWDTALK_SKILL_DIR");
    copy(whole(), &sandbox.skill());
}

/// Copies a folder. A program gets a second name instead, which is another place to whoever runs it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        let place = to.join(name);
        let is_its_lock = name.to_string_lossy().starts_with('.');
        if path.is_dir() {
            copy(&path, &place);
        } else if !is_its_lock && fs::hard_link(&path, &place).is_err() {
            fs::copy(&path, &place).unwrap();
        }
    }
}

/// Where the sandbox's skill folder is, as an argument.
pub(crate) fn skill(sandbox: &Sandbox) -> String {
    sandbox.skill().display().to_string()
}
