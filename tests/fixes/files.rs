//! Files and folders.

use harness::KEY;
use serde_json::json;

use crate::folder::skill;
use crate::owner::{How, Owner, Situation, nothing};

pub(crate) const ALL: &[Situation] = &[
    Situation::new("close_folder", "folder", |owner| owner.mode("skill", 0o777), nothing),
    Situation::new("open_folder", "folder", unwritable, nothing),
    Situation::new("own_folder", "folder", somebody_elses, own_it),
    Situation::new(
        "make_private",
        "folder",
        |owner| {
            owner.sandbox.write("skill/.env", "X=1");
            owner.mode("skill/.env", 0o644);
        },
        nothing,
    ),
    Situation::new("move_away", "folder", file_in_its_place, nothing),
    Situation::new(
        "ignore_in_git",
        "folder",
        |owner| git(owner, &["init", "--quiet", ".."]),
        nothing,
    ),
    Situation::new(
        "take_out_of_git",
        "folder",
        |owner| {
            git(owner, &["init", "--quiet", ".."]);
            git(owner, &["add", "--force", "skill-config.json"]);
        },
        nothing,
    ),
    Situation::new("edit_file", "config", wrong_setting, nothing),
    Situation::new("edit_file", "config", key_from_nowhere, nothing),
    Situation::new(
        "unset",
        "config",
        |owner| _ = owner.sandbox.env("CLAWDTALK_API_URL", "no address"),
        nothing,
    )
    .how(How::SameShell),
    Situation::new(
        "recover_missions",
        "state",
        |owner| owner.sandbox.write("skill/.missions_state.json", "{\"a\": {\"slug\": \"a\"}, \"b"),
        nothing,
    ),
    Situation::new(
        "set_aside",
        "state",
        |owner| owner.sandbox.write("skill/.do_not_call.json", "[]"),
        nothing,
    ),
    Situation::new(
        "show_file",
        "state",
        |owner| std::fs::create_dir(owner.sandbox.path("skill/.missions_state.json")).unwrap(),
        |owner| std::fs::remove_dir(owner.sandbox.path("skill/.missions_state.json")).unwrap(),
    ),
    Situation::new(
        "show_space",
        "disk",
        |owner| "ulimit -f 1;".clone_into(&mut owner.before),
        |owner| owner.before.clear(),
    ),
    Situation::new(
        "reinstall",
        "programs",
        |owner| {
            std::fs::rename(owner.sandbox.path("skill/bin/sms"), owner.sandbox.path("work/sms"))
                .unwrap();
        },
        |owner| {
            std::fs::rename(owner.sandbox.path("work/sms"), owner.sandbox.path("skill/bin/sms"))
                .unwrap();
        },
    ),
];

/// Root may write everywhere, unless that is taken from it.
fn unwritable(owner: &mut Owner) {
    owner.mode("skill", 0o500);
    let without = "setpriv --bounding-set=-dac_override --inh-caps=-dac_override";
    owner.before = format!("$([ \"$(id -u)\" != 0 ] || echo {without})");
}

/// Only root can give a folder away; for others `/` is somebody else's.
fn somebody_elses(owner: &mut Owner) {
    let skill = owner.sandbox.skill();
    if std::os::unix::fs::chown(&skill, Some(12_345), None).is_ok() {
        unwritable(owner);
        owner.mode("skill", 0o755);
    } else {
        "--skill-dir /".clone_into(&mut owner.options);
        owner.program("sudo", "echo \"$*\"");
    }
}

fn own_it(owner: &mut Owner) {
    owner.options.clear();
}

fn file_in_its_place(owner: &mut Owner) {
    owner.sandbox.write("work/a file", "x");
    let place = owner.sandbox.path("work/a file").display().to_string();
    owner.options = format!("--skill-dir '{place}'");
    let server = owner.service.url();
    owner.sandbox.env("CLAWDTALK_API_KEY", KEY).env("CLAWDTALK_API_URL", &server);
}

fn git(owner: &mut Owner, line: &[&str]) {
    let skill = skill(&owner.sandbox);
    std::fs::remove_file(owner.sandbox.path("skill/.gitignore")).ok();
    let line: Vec<&str> = ["-C", &skill].iter().chain(line).copied().collect();
    owner.sandbox.run("git", line).ok();
}

/// An editor that puts back what was there.
fn wrong_setting(owner: &mut Owner) {
    let good = owner.sandbox.read("skill/skill-config.json");
    owner.sandbox.write("work/good", &good);
    owner.adjust(&json!({"guard": {"approve": "sometimes"}}));
    owner.program("editor", "cat ../work/good > \"$1\"");
    owner.sandbox.env("EDITOR", "editor");
}

/// An editor that writes the key where it was looked for.
fn key_from_nowhere(owner: &mut Owner) {
    owner.adjust(&json!({"api_key": "${NOBODY_SET_THIS}"}));
    owner.program("editor", &format!("umask 077; echo 'NOBODY_SET_THIS={KEY}' >> \"$1\""));
    owner.sandbox.env("EDITOR", "editor");
}
