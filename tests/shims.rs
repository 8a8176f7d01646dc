//! The scripts and pages of an installed folder: the old command lines reach the programs, with the same words.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use harness::{Output, Sandbox};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

const SKILL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/skill");

const SCRIPTS: [(&str, &str); 8] = [
    ("scripts/connect.sh", "connect"),
    ("scripts/call.sh", "call"),
    ("scripts/sms.sh", "sms"),
    ("scripts/approval.sh", "approval"),
    ("scripts/telnyx_api.py", "missions"),
    ("setup.sh", "setup"),
    ("status.sh", "status"),
    ("uninstall.sh", "uninstall"),
];

/// An installed folder, with a blank in its name, whose programs print how they were called.
fn installed() -> Sandbox {
    let sandbox = Sandbox::new();
    for (script, program) in SCRIPTS {
        let text = std::fs::read_to_string(Path::new(SKILL).join(script)).unwrap();
        put(&sandbox, &format!("my skill/{script}"), &text);
        let prints =
            "#!/bin/sh\nprintf '%s|' \"$(basename \"$0\")\" \"$CLAWDTALK_OUTPUT\" \"$@\"\nexit 6\n";
        put(&sandbox, &format!("my skill/bin/{program}"), prints);
    }
    sandbox
}

fn put(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(path, text);
    std::fs::set_permissions(sandbox.path(path), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[track_caller]
fn reaches(out: &Output, program: &str) {
    // Words and exit code pass through untouched.
    out.fails(6).quiet().stdout(&format!("{program}|text|list|it's \"so\"|-|--x=1||"));
}

const ARGS: [&str; 5] = ["list", "it's \"so\"", "-", "--x=1", ""];

#[test]
fn every_script_passes_on_what_it_was_given() {
    let sandbox = installed();
    for (script, program) in SCRIPTS {
        let path = sandbox.path(&format!("my skill/{script}")).display().to_string();
        reaches(&sandbox.run(&path, ARGS), program);
        for shell in ["sh", "bash"] {
            let args = std::iter::once(path.as_str()).chain(ARGS);
            reaches(&sandbox.run(shell, args), program);
        }
    }
}

#[test]
fn they_work_from_their_folder_and_through_a_link() {
    let sandbox = installed();
    for (script, program) in SCRIPTS {
        let inside =
            format!("cd '{}' && bash ./{script} \"$@\"", sandbox.path("my skill").display());
        reaches(&sandbox.run("sh", ["-c", &inside, "sh"].into_iter().chain(ARGS)), program);
        let link = sandbox.path("work").join(program);
        symlink(sandbox.path(&format!("my skill/{script}")), &link).unwrap();
        reaches(&sandbox.run(&link.display().to_string(), ARGS), program);
    }
}

#[test]
fn the_python_script_is_one_for_python_too() {
    let sandbox = installed();
    let path = sandbox.path("my skill/scripts/telnyx_api.py").display().to_string();
    let args = std::iter::once(path.as_str()).chain(ARGS);
    reaches(&sandbox.run("python3", args), "missions");
}

#[test]
fn the_updater_names_its_successor() {
    let sandbox = Sandbox::new();
    let out = sandbox.run("bash", [&format!("{SKILL}/update.sh")]);
    out.fails(2)
        .silent()
        .stderr_has("error: update.sh updates nothing any more\nhint: run `cargo xtask install`");
}

#[test]
fn every_script_is_plain_sh_of_three_lines() {
    for (script, _) in SCRIPTS {
        let text = std::fs::read_to_string(Path::new(SKILL).join(script)).unwrap();
        assert!(text.starts_with("#!/bin/sh\n"), "{script}");
        assert!(script == "scripts/telnyx_api.py" || text.lines().count() == 3, "{script}");
    }
}

#[test]
fn the_skills_page_is_short_and_has_what_the_gateway_reads() {
    let page = std::fs::read_to_string(Path::new(SKILL).join("SKILL.md")).unwrap();
    assert!(page.len() <= 9 * 1024, "{} bytes", page.len());
    let front = page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).unwrap().0;
    let value = |key: &str| {
        let line = front.lines().find_map(|line| line.strip_prefix(&format!("{key}: ")));
        line.unwrap_or_else(|| panic!("no `{key}` in:\n{front}")).to_owned()
    };
    assert_eq!(value("name"), "clawdtalk-client");
    // Quoted: a colon in a bare YAML text ends the reading.
    let described: String = serde_json::from_str(&value("description")).unwrap();
    assert!((40..400).contains(&described.len()), "{described}");
    let metadata: serde_json::Value = serde_json::from_str(&value("metadata")).unwrap();
    assert_eq!(metadata["openclaw"]["primaryEnv"], "CLAWDTALK_API_KEY");
    assert!(
        metadata["openclaw"].get("requires").is_none(),
        "a key in the file must not hide the skill"
    );
}

#[test]
fn the_sample_is_a_configuration_once_its_key_is_real() {
    let sandbox = Sandbox::new();
    let sample =
        std::fs::read_to_string(Path::new(SKILL).join("skill-config-sample.json")).unwrap();
    sandbox.write("skill/skill-config.json", &sample);
    let run = |sandbox: &Sandbox| {
        sandbox
            .prepare(env!("CARGO_BIN_EXE_setup"), ["--try-config"])
            .env("OPENCLAW_GATEWAY_TOKEN", "t")
            .run()
    };
    run(&sandbox).fails(3).stderr_has("no API key");
    sandbox.write("skill/skill-config.json", &sample.replace("YOUR_API_KEY_HERE", "cc_live_x"));
    run(&sandbox).ok();
}
