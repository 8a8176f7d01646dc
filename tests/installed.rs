//! An installed skill folder, as its users have it: laid out by the real `cargo xtask install`.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "installed/dnc_approval.rs"]
mod dnc_approval;
#[path = "installed/folder.rs"]
mod folder;
#[path = "installed/old_scripts.rs"]
mod old_scripts;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use folder::{command, furnish, install, installs, skill};
use harness::{Sandbox, SimulatedService, contract};
use serde_json::json;

#[test]
fn every_entry_of_the_contract_holds_through_its_script() {
    Sandbox::all_on_disk();
    contract::check_each("", |case, sandbox| {
        furnish(sandbox);
        let script = sandbox.skill().join(case.script()).display().to_string();
        vec![script]
    });
}

/// Where there is no python3, the same file is read by sh, as in the test above.
#[test]
fn the_missions_script_is_python_too() {
    if Command::new("python3")
        .arg("--version")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .is_err()
    {
        use std::io::Write as _;
        // Past libtest, which shows nothing of a test that passes.
        let _ =
            writeln!(std::io::stderr(), "skipped: there is no python3 to try telnyx_api.py with");
        return;
    }
    Sandbox::all_on_disk();
    contract::check_each("m-", |case, sandbox| {
        furnish(sandbox);
        vec!["python3".to_owned(), sandbox.skill().join(case.script()).display().to_string()]
    });
}

#[test]
fn the_old_command_lines_go_on_working() {
    let service = SimulatedService::start();
    Sandbox::all_on_disk();
    let mut sandbox = Sandbox::for_service(&service);
    furnish(&mut sandbox);
    let (home, skill) = (sandbox.home().display().to_string(), skill(&sandbox));
    symlink(&skill, sandbox.path("home/skill with a blank")).unwrap();
    symlink(sandbox.skill().join("scripts/sms.sh"), sandbox.path("home/texts")).unwrap();
    for line in [
        "cd $SKILL && ./scripts/sms.sh list",
        "cd $SKILL/scripts && sh sms.sh conversations",
        "cd $SKILL && bash ./setup.sh --help",
        "cd $SKILL && sh scripts/telnyx_api.py list-state",
        "$HOME/texts list",
        "cd '/' && \"$HOME/skill with a blank/scripts/approval.sh\" list",
        "cd $SKILL && ./uninstall.sh --dry-run",
    ] {
        let line = line.replace("$SKILL", &skill).replace("$HOME", &home);
        let output = sandbox.run("sh", ["-c", &line]);
        output.ok();
        assert!(!output.out().starts_with("{\""), "compact JSON where words are wanted\n{output}");
    }
    let status =
        sandbox.run("sh", ["-c", "cd $SKILL && ./status.sh".replace("$SKILL", &skill).as_str()]);
    status.fails(1).stdout_has("connect start");
    let update =
        sandbox.run("sh", ["-c", "cd $SKILL && ./update.sh".replace("$SKILL", &skill).as_str()]);
    update.fails(2).silent().stderr_has("cargo xtask install");
}

#[test]
fn linked_programs_know_their_folder() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.without("CLAWDTALK_SKILL_DIR");
    let bin = sandbox.path("home/bin");
    symlink("/nowhere", sandbox.path("home/elsewhere")).unwrap();
    fs::create_dir(&bin).unwrap();
    // One of an older installation that is gone.
    symlink("/nowhere/call", bin.join("clawdtalk-call")).unwrap();
    let skill = skill(&sandbox);
    let done = installs(&["--to", &skill, "--bin-dir", &bin.display().to_string()]);
    assert_eq!(done["links"].as_array().map(Vec::len), Some(8), "{done}");
    let call = bin.join("clawdtalk-call").display().to_string();
    let placed = sandbox.run(&call, ["Your build is done"]).ok().quiet().json();
    assert_eq!(placed["status"], "initiating");
    assert!(sandbox.has("skill/.own_calls.json"), "it took another folder for its own");
    let page = sandbox.path("home/share/man/man1/clawdtalk-sms-send.1");
    assert_eq!(
        fs::read(page).unwrap(),
        fs::read(sandbox.path("skill/share/man/man1/clawdtalk-sms-send.1")).unwrap()
    );
    let again = installs(&["--to", &skill, "--bin-dir", &bin.display().to_string()]);
    assert_eq!((&again["links"], &again["completions_and_pages_linked"]), (&json!([]), &json!(0)));

    // What `uninstall` says to run takes everything away again, and nothing else.
    sandbox.write("home/share/man/man1/other.1", "");
    symlink("/nowhere", bin.join("other")).unwrap();
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    let output =
        sandbox.run(&bin.join("clawdtalk-uninstall").display().to_string(), ["--keep-config"]);
    let document = output.ok().quiet().json();
    let command = document["removal"].as_str().expect("a command");
    sandbox.run("sh", ["-c", command]).ok();
    assert!(!sandbox.has("skill") && sandbox.has("home/share/man/man1/other.1"), "{command}");
    let left: Vec<_> = fs::read_dir(&bin).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["other"], "{command}");
    assert_eq!(fs::read_dir(sandbox.path("home/share/man/man1")).unwrap().count(), 1);
}

/// What shells do not find by themselves is told in lines that can be copied.
#[test]
fn an_installation_says_which_lines_are_missing() {
    Sandbox::all_on_disk();
    let mut sandbox = Sandbox::new();
    furnish(&mut sandbox);
    let said = |bin: &str, path: &str| {
        let bin = sandbox.path(bin);
        let mut xtask = command(&["--to", &skill(&sandbox), "--bin-dir"]);
        xtask.arg(&bin).env("XDG_DATA_HOME", sandbox.path("home/share"));
        if !path.is_empty() {
            let path = std::env::join_paths(
                [&bin].into_iter().cloned().chain(std::env::split_paths(path)),
            );
            xtask.env("PATH", path.unwrap());
        }
        let stderr = xtask.output().unwrap().stderr;
        let stderr = String::from_utf8(stderr).unwrap();
        let what =
            stderr.lines().filter_map(|line| line.strip_prefix("for ")?.split([',', ':']).next());
        what.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said("home/bin", &std::env::var("PATH").unwrap()), ["zsh"]);
    assert!(sandbox.has("skill/LICENSE"));
    assert_eq!(said("home/tools", ""), ["programs", "man pages", "bash", "fish", "zsh"]);
}

#[test]
fn a_second_installation_changes_nothing() {
    let sandbox = Sandbox::new();
    let first = installs(&["--to", &skill(&sandbox)]);
    assert_eq!((first["unchanged"].clone(), first["backup"].clone()), (json!(0), json!(null)));
    let before = listing(&sandbox.skill());
    let second = installs(&["--to", &skill(&sandbox)]);
    assert_eq!(second["written"], json!([]));
    assert_eq!(second["unchanged"], json!(first["written"].as_array().unwrap().len()));
    assert_eq!(listing(&sandbox.skill()), before);
}

#[test]
fn a_folder_of_the_old_scripts_is_upgraded_in_place() {
    let sandbox = Sandbox::new();
    old_scripts::lay_out(&sandbox);
    // Its client, to all appearances: a process, to be pointed out and not to be killed.
    let mut old_client = Command::new("sh");
    old_client.args(["-c", "read _", "ws-client.js"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut old_client = old_client.spawn().unwrap();
    sandbox.write("skill/.connect.pid", &old_client.id().to_string());

    let output = install(&["--to", &skill(&sandbox)]);
    assert!(output.status.success());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains(&format!("kill {}", old_client.id())), "{words}");
    assert!(old_client.try_wait().unwrap().is_none(), "the client of the old scripts was killed");
    old_client.kill().unwrap();
    old_client.wait().unwrap();

    let done: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (path, text) in old_scripts::KEPT {
        let inside = format!("skill/{path}");
        assert_eq!(sandbox.read(&inside), text);
        assert_eq!(sandbox.mode(&inside), 0o600, "{path}");
    }
    assert_eq!(sandbox.read("skill/.backup/backup-2.0.5-20260301.tar.gz"), "an older backup\n");
    let backup = PathBuf::from(done["backup"].as_str().unwrap());
    for path in old_scripts::REPLACED.iter().chain(&old_scripts::OBSOLETE) {
        let backup_copy = if *path == "node_modules" { "node_modules/ws/index.js" } else { path };
        let text = fs::read_to_string(backup.join(backup_copy)).unwrap();
        assert!(*path == "node_modules" || text == old_scripts::old(path), "{path}: {text}");
        assert!(done["moved"].as_array().unwrap().contains(&json!(path)), "{path}: {done}");
    }
    for path in old_scripts::OBSOLETE {
        assert!(!sandbox.has(&format!("skill/{path}")), "{path}");
    }
    for path in old_scripts::REPLACED {
        assert_ne!(sandbox.read(&format!("skill/{path}")), old_scripts::old(path));
    }
    let again = installs(&["--to", &skill(&sandbox)]);
    assert_eq!((&again["written"], &again["moved"]), (&json!([]), &json!([])), "{again}");
}

#[test]
fn what_people_changed_is_in_the_backup() {
    Sandbox::all_on_disk();
    let mut sandbox = Sandbox::new();
    furnish(&mut sandbox);
    // The furnished files are second names of a whole installation: this one becomes a file of its own.
    fs::remove_file(sandbox.path("skill/SKILL.md")).unwrap();
    sandbox.write("skill/SKILL.md", "---\nname: clawdtalk-client\n---\nMy own words.\n");
    sandbox.write("skill/README.md", "My own notes.\n");
    let done = installs(&["--to", &skill(&sandbox)]);
    assert_eq!(done["moved"], json!(["SKILL.md"]));
    let backup_copy =
        fs::read_to_string(format!("{}/SKILL.md", done["backup"].as_str().unwrap())).unwrap();
    assert!(backup_copy.contains("My own words."), "{backup_copy}");
    assert_eq!(sandbox.read("skill/README.md"), "My own notes.\n");
}

#[test]
fn a_running_program_is_not_disturbed() {
    let sandbox = Sandbox::new();
    installs(&["--to", &skill(&sandbox)]);
    let program = sandbox.path("skill/bin/connect");
    fs::remove_file(&program).unwrap();
    // An older version that is at work, which no write into its file would leave alone.
    fs::copy("/bin/sleep", &program).unwrap();
    let mut running = sandbox.spawn(&program.display().to_string(), ["60"]);
    let done = installs(&["--to", &skill(&sandbox)]);
    assert_eq!(done["written"], json!(["bin/connect"]));
    assert!(running.running(), "the running program ended");
    sandbox.run(&program.display().to_string(), ["--version"]).ok().stdout_has("connect");
}

#[test]
fn other_peoples_files_are_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("skill/SKILL.md", "---\nname: weather\n---\nAnother skill.\n");
    let refused = install(&["--to", &skill(&sandbox)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("holds other things"));
    assert_eq!(listing(&sandbox.skill()).len(), 1);

    let empty = sandbox.path("empty").display().to_string();
    sandbox.write("home/bin/clawdtalk-call", "#!/bin/sh\n");
    let bin = sandbox.path("home/bin").display().to_string();
    let refused = install(&["--to", &empty, "--bin-dir", &bin]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is no link"));
    assert!(!sandbox.has("empty"), "it began before it looked");
    assert_eq!(sandbox.read("home/bin/clawdtalk-call"), "#!/bin/sh\n");
}

/// Killed at moments spread over the whole time in which files are laid out.
#[test]
fn a_kill_in_the_middle_leaves_a_folder_that_can_be_installed_again() {
    for step in 0..5 {
        let sandbox = Sandbox::new();
        old_scripts::lay_out(&sandbox);
        let mut xtask = command(&["--to", &skill(&sandbox)]);
        let mut xtask = xtask.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        while !sandbox.has("skill/.install.lock") {
            assert!(
                Instant::now() < until && xtask.try_wait().unwrap().is_none(),
                "it never began"
            );
            thread::yield_now();
        }
        // This pause proves nothing: it only spreads the moments.
        thread::sleep(Duration::from_millis(step * 40));
        xtask.kill().unwrap();
        xtask.wait().unwrap();
        for (path, text) in old_scripts::KEPT {
            assert_eq!(sandbox.read(&format!("skill/{path}")), text);
        }
        for path in old_scripts::REPLACED {
            let text = sandbox.read(&format!("skill/{path}"));
            let is_new = text != old_scripts::old(path);
            assert!(!is_new || text.ends_with('\n') && text.len() > 40, "{path} is torn: {text}");
            let is_script = path.starts_with("scripts/");
            assert!(
                !is_new || !is_script || sandbox.has("skill/bin/status"),
                "{path} came too early"
            );
        }
        installs(&["--to", &skill(&sandbox)]);
        let left: Vec<_> = listing(&sandbox.skill()).into_keys().collect();
        let is_litter = |path: &PathBuf| path.extension().is_some_and(|end| end == "tmp");
        assert!(!left.iter().any(is_litter), "{left:?}");
        for path in old_scripts::OBSOLETE {
            assert!(!sandbox.has(&format!("skill/{path}")), "{path}");
        }
        sandbox.run(&format!("{}/scripts/call.sh", skill(&sandbox)), ["--version"]).ok();
        let mode = fs::metadata(sandbox.path("skill/bin/call")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}

/// Every file and link below a folder, with what would change if it were written again.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u64, u32, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            if meta.is_dir() {
                folders.push(path);
            } else {
                found.insert(path, (meta.ino(), meta.mode(), meta.mtime(), meta.mtime_nsec()));
            }
        }
    }
    found
}
