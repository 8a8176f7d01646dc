//! The state file of `missions`: shared with telnyx_api.py, and whole after everything that can go wrong.

use std::fs;
use std::time::Duration;

use harness::Sandbox;
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";
/// As telnyx_api.py writes it: two blanks, `\u` escapes, keys that are not known here, no newline at the end.
const REFERENCE: &str = "{\n  \"zeta\": {\n    \"mission_name\": \"Z\\u00e9\",\n    \"mission_id\": \"mis_1\",\n    \"unknown\": {\"b\": 1.10, \"a\": 12345678901234567890123},\n    \"memory\": {\"k\": [1, \"two\"]}\n  },\n  \"alpha\": {\n    \"mission_name\": \"A\"\n  }\n}";

fn sandbox(state: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(STATE, state);
    sandbox
}

#[test]
fn order_unknown_keys_and_numbers_are_kept() {
    let sandbox = sandbox(REFERENCE);
    sandbox.run(MISSIONS, ["append-memory", "alpha", "l", "x"]).ok().quiet();
    let text = sandbox.read(STATE);
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    assert!(place("\"zeta\"") < place("\"alpha\"") && place("\"b\"") < place("\"a\""));
    assert!(text.contains("1.10") && text.contains("12345678901234567890123"), "{text}");
    assert!(text.contains("\"mission_name\": \"Zé\""), "{text}");
    assert_eq!(sandbox.mode(STATE), 0o600);
    let unchanged = sandbox.json(STATE)["zeta"].clone();
    assert_eq!(unchanged, serde_json::from_str::<Value>(REFERENCE).unwrap()["zeta"]);
}

#[test]
fn reading_changes_nothing() {
    let sandbox = sandbox(REFERENCE);
    for line in [&["list-state"][..], &["get-state", "zeta"], &["get-memory", "zeta"], &["recover"]]
    {
        sandbox.run(MISSIONS, line).ok();
        assert_eq!(sandbox.read(STATE), REFERENCE);
    }
}

#[test]
fn the_file_can_be_elsewhere() {
    let mut sandbox = sandbox(REFERENCE);
    sandbox.write("other.json", r#"{"o": {"mission_name": "O"}}"#);
    let other = sandbox.path("other.json").display().to_string();
    let slugs = |out: Value| out["missions"][0]["slug"].clone();
    assert_eq!(slugs(sandbox.run(MISSIONS, ["--state", &other, "list-state"]).ok().json()), "o");
    sandbox.env("CLAWDTALK_STATE_FILE", &other);
    assert_eq!(slugs(sandbox.run(MISSIONS, ["list-state"]).ok().json()), "o");
    let flag = sandbox.path(STATE).display().to_string();
    assert_eq!(slugs(sandbox.run(MISSIONS, ["list-state", "--state", &flag]).ok().json()), "zeta");
}

#[test]
fn a_state_file_in_the_current_folder_is_named_once_and_can_be_merged() {
    let sandbox = sandbox(r#"{"zeta": {"mission_id": "other"}, "alpha": {"memory": {"mine": 1}}}"#);
    sandbox.write(
        "work/.missions_state.json",
        &REFERENCE.replace(
            "\"mission_name\": \"A\"",
            "\"mission_name\": \"A\", \"memory\": {\"mine\": 2, \"new\": 3}",
        ),
    );
    let found = sandbox.path("work/.missions_state.json").display().to_string();
    let out = sandbox.run(MISSIONS, ["list-state"]);
    out.ok()
        .stderr_has(&format!("warning: `{found}` is a state file as well"))
        .never_says("import");
    sandbox.run(MISSIONS, ["list-state"]).ok().quiet();
    let import = ["import", ".missions_state.json"];
    let done = sandbox.run(MISSIONS, import).ok().json();
    assert_eq!(
        done,
        json!({"added": [], "merged": ["alpha"], "renamed": {"zeta": "zeta-2"}, "left_out": []})
    );
    let state = sandbox.json(STATE);
    assert_eq!(state["zeta"], json!({"mission_id": "other"}), "what was here is never changed");
    assert_eq!(state["zeta-2"]["memory"], json!({"k": [1, "two"]}));
    assert_eq!(state["alpha"]["memory"], json!({"mine": 1, "new": 3}));
    let again = sandbox.run(MISSIONS, import).ok().json();
    assert_eq!(
        again,
        json!({"added": [], "merged": [], "renamed": {}, "left_out": []}),
        "a second time adds nothing"
    );
    sandbox.run(MISSIONS, ["import", "nowhere.json"]).fails(2).stderr_has("does not exist");
}

#[test]
fn a_broken_file_is_named_shown_and_never_overwritten() {
    for (broken, says) in [
        ("", "it is empty (0 bytes)"),
        ("{\"a\": {\"memory\": {\"k\": tru", "broken at byte"),
        ("[]", "no object of missions"),
        ("{\"a\": {}} trailing", "near `"),
        ("\0\0\0\0", "broken at byte"),
    ] {
        let sandbox = sandbox(broken);
        for line in [
            &["list-state"][..],
            &["append-memory", "a", "k", "v"],
            &["save-memory", "a", "k", "v", "--create"],
            &["init", "A", "I", "R"],
            &["setup-agent", "a", "A", "I"],
        ] {
            let out = sandbox.run(MISSIONS, line);
            out.fails(2).silent().stderr_has(".missions_state.json").stderr_has(says);
            assert_eq!(sandbox.read(STATE), broken);
        }
    }
}

/// The file is cut at every byte; what is in it is saved or clearly refused, and the broken file is kept.
#[test]
fn a_cut_file_is_recovered() {
    let whole: Value = serde_json::from_str(REFERENCE).unwrap();
    let sandbox = sandbox(REFERENCE);
    for end in (0..REFERENCE.len()).step_by(7).filter(|end| REFERENCE.is_char_boundary(*end)) {
        let broken = &REFERENCE[..end];
        sandbox.write(STATE, broken);
        let done = sandbox.run(MISSIONS, ["recover"]).ok().json();
        assert_eq!(done["broken"], true);
        let kept = fs::read_to_string(done["kept"].as_str().unwrap()).unwrap();
        assert_eq!(kept, broken);
        let state = sandbox.json(STATE);
        for slug in done["whole"].as_array().unwrap() {
            let slug = slug.as_str().unwrap();
            assert_eq!(state[slug], whole[slug], "{broken}");
        }
        let n_told = ["whole", "cut"].map(|key| done[key].as_array().unwrap().len());
        assert_eq!(n_told[0] + n_told[1], state.as_object().unwrap().len(), "{broken}");
        sandbox.run(MISSIONS, ["list-state"]).ok();
        fs::remove_file(done["kept"].as_str().unwrap()).unwrap();
    }
}

#[test]
fn what_python_writes_for_no_number_is_read_as_null() {
    let text = r#"{"a": {"mission_name": "A", "memory": {"avg": NaN, "most": [Infinity, -Infinity], "k": "NaN"}}}"#;
    let sandbox = sandbox(text);
    let memory = json!({"avg": null, "most": [null, null], "k": "NaN"});
    let out = sandbox.run(MISSIONS, ["get-memory", "a"]);
    assert_eq!(out.ok().stderr_has("NaN or Infinity").json(), memory);
    assert_eq!(sandbox.read(STATE), text, "reading changes nothing");
    sandbox.run(MISSIONS, ["recover"]).ok().stderr_has("null");
    sandbox.run(MISSIONS, ["save-memory", "a", "new", "x"]).ok().stderr_has("null");
    sandbox.run(MISSIONS, ["append-memory", "a", "l", "x"]).ok().quiet();
    assert_eq!(sandbox.json(STATE)["a"]["memory"]["avg"], Value::Null);
    assert_eq!(sandbox.json(STATE)["a"]["memory"]["k"], "NaN");
}

#[test]
fn a_slug_that_stands_twice_keeps_both_missions() {
    let sandbox =
        sandbox(r#"{"m": {"memory": {"n": 1}}, "o": {"memory": {}}, "m": {"memory": {"n": 2}}}"#);
    let out = sandbox.run(MISSIONS, ["get-memory", "m", "n"]);
    assert_eq!(out.ok().stderr_has("`m~2`").json(), 1);
    sandbox.run(MISSIONS, ["append-memory", "o", "l", "x"]).ok();
    assert_eq!(sandbox.run(MISSIONS, ["get-memory", "m~2", "n"]).ok().quiet().json(), 2);
    let slugs: Vec<_> = sandbox.json(STATE).as_object().unwrap().keys().cloned().collect();
    assert_eq!(slugs, ["m", "o", "m~2"]);
}

#[test]
fn recovery_goes_on_behind_the_damage() {
    let sandbox = sandbox(
        r#"{"a":{"mission_name":"A","memory":{"avg":@,"k":1}},"b":{"mission_name":"B","memory":{"precious":"yes"}},"a":{"memory":{"k":2}}}"#,
    );
    let done = sandbox.run(MISSIONS, ["recover"]).ok().json();
    assert_eq!((&done["whole"], &done["cut"]), (&json!(["b", "a"]), &json!(["a~2"])));
    let state = sandbox.json(STATE);
    assert_eq!(state["b"]["memory"]["precious"], "yes");
    assert_eq!(
        (&state["a"]["memory"]["k"], &state["a~2"]["mission_name"]),
        (&json!(2), &json!("A"))
    );
}

#[test]
fn what_a_dangling_link_leads_to_is_made() {
    let sandbox = Sandbox::new();
    let link = sandbox.path(STATE);
    std::os::unix::fs::symlink("../data/missions.json", &link).unwrap();
    sandbox.run(MISSIONS, ["list-state"]).ok();
    sandbox.run(MISSIONS, ["save-memory", "--create", "m", "k", "v"]).ok().quiet();
    sandbox.run(MISSIONS, ["append-memory", "m", "l", "x"]).ok().quiet();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(sandbox.json("data/missions.json")["m"]["memory"], json!({"k": "v", "l": ["x"]}));
}

#[test]
fn an_unknown_slug_is_answered_with_the_nearest() {
    let sandbox = sandbox(REFERENCE);
    for line in [
        &["save-memory", "zet", "k", "v"][..],
        &["append-memory", "zet", "k", "v"],
        &["remove-state", "zet"],
    ] {
        sandbox.run(MISSIONS, line).fails(2).silent().stderr_has("nearest first: `zeta`, `alpha`");
    }
    assert_eq!(
        sandbox.run(MISSIONS, ["get-state", "zet"]).ok().stderr_has("`zeta`").json(),
        json!({})
    );
    assert_eq!(
        sandbox.run(MISSIONS, ["get-memory", "zet"]).ok().stderr_has("`zeta`").json(),
        Value::Null
    );
    assert_eq!(sandbox.read(STATE), REFERENCE);
}

#[test]
fn values_that_are_no_json_and_misspelt_options_are_refused() {
    let sandbox = sandbox(REFERENCE);
    for (line, says) in [
        (&["save-memory", "zeta", "k", "{bad"][..], "found `{bad`"),
        (&["save-memory", "zeta", "k", "{bad", "--json"], "is no JSON"),
        (&["append-memory", "zeta", "k", "--jsno"], "looks like an option"),
        (&["save-memory", "zeta", "k", "1", "--json", "--string"], "cannot be used with"),
        (&["save-memory", "zeta", " ", "1"], "the key must not be blank"),
        (&["save-memory", "zeta", "k"], "VALUE"),
    ] {
        sandbox.run(MISSIONS, line).fails(2).silent().stderr_has(says);
    }
    assert_eq!(sandbox.read(STATE), REFERENCE);
    sandbox.run(MISSIONS, ["save-memory", "zeta", "k", "--string", "{bad"]).ok();
    sandbox.run(MISSIONS, ["save-memory", "zeta", "j", "--", "--jsno"]).ok();
    assert_eq!(sandbox.json(STATE)["zeta"]["memory"]["j"], "--jsno");
    assert_eq!(sandbox.json(STATE)["zeta"]["memory"]["k"], "{bad");
}

#[test]
fn nothing_that_was_appended_is_lost() {
    const PROCESSES: usize = 16;
    const EACH: usize = 6;
    let sandbox = sandbox(r#"{"m": {}}"#);
    let script = format!(
        "i=0; while [ $i -lt {EACH} ]; do \"$0\" append-memory m l \"$1-$i\" || exit 1; i=$((i+1)); done"
    );
    let writers: Vec<_> = (0..PROCESSES)
        .map(|n| sandbox.spawn("/bin/sh", ["-c", &script, MISSIONS, &n.to_string()]))
        .collect();
    for writer in writers {
        writer.finish(Duration::from_secs(60)).ok();
    }
    let state = sandbox.json(STATE);
    let mut items: Vec<&str> =
        state["m"]["memory"]["l"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    items.sort_unstable();
    items.dedup();
    assert_eq!(items.len(), PROCESSES * EACH);
}

/// A list in a list in a list …
fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn nothing_is_stored_that_could_not_be_read_again() {
    let sandbox = sandbox(r#"{"m": {"memory": {"l": [1]}, "last_updated": "t"}, "n": {}}"#);
    for (levels, line) in [
        (124, &["append-memory", "m", "l"][..]),
        (124, &["append-memory", "n", "l"]),
        (125, &["save-memory", "m", "k"]),
    ] {
        let before = sandbox.read(STATE);
        let with = |levels| sandbox.run(MISSIONS, line.iter().copied().chain([&*nested(levels)]));
        with(levels).fails(2).stderr_has("nested deeper");
        assert_eq!(sandbox.read(STATE), before);
        with(levels - 1).ok();
        sandbox.run(MISSIONS, ["list-state"]).ok();
    }
}

#[test]
fn what_is_no_mission_or_no_memory_is_not_overwritten() {
    let state = r#"{"note": "mine", "m": {"memory": "words of the owner"}}"#;
    let sandbox = sandbox(state);
    for line in [
        &["append-memory", "note", "k", "v", "--create"][..],
        &["save-memory", "note", "k", "v", "--create"],
        &["append-memory", "m", "k", "v"],
        &["save-memory", "m", "k", "v"],
    ] {
        sandbox.run(MISSIONS, line).fails(2).stderr_has("nothing was changed");
        assert_eq!(sandbox.read(STATE), state);
    }
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let big = json!({"m": {"memory": {"l": vec!["x".repeat(100); 100]}}}).to_string();
    let sandbox = sandbox(&big);
    // Blocks of 512 bytes: the new file does not fit.
    let limited = "ulimit -f 4; exec \"$0\" \"$@\"";
    let line = ["-c", limited, MISSIONS, "append-memory", "m", "l", "y"];
    let out = sandbox.run("/bin/sh", line);
    out.fails(4).silent().stderr_has("writing").stderr_has(".missions_state.json");
    assert_eq!(sandbox.read(STATE), big);
    assert!(!sandbox.has("skill/.missions_state.json.tmp"), "what could not be written is removed");
    sandbox.run(MISSIONS, ["append-memory", "m", "l", "y"]).ok();
}

#[test]
fn a_recovery_that_has_no_room_leaves_one_copy_however_often_it_is_tried() {
    let broken = r#"{"m": {"memory": {"k": "v"}}, "n": {"mem"#;
    let sandbox = sandbox(broken);
    let copies = || {
        let entries = std::fs::read_dir(sandbox.skill()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains(".broken-") && !name.contains(".lock")).count()
    };
    // A folder where the unfinished file is to be: that stops root as well.
    std::fs::create_dir(sandbox.path("skill/.missions_state.json.tmp")).unwrap();
    for _ in 0..3 {
        sandbox.run(MISSIONS, ["recover"]).fails(4).silent().stderr_has("writing");
        assert_eq!((sandbox.read(STATE), copies()), (broken.to_owned(), 1));
    }
    std::fs::remove_dir(sandbox.path("skill/.missions_state.json.tmp")).unwrap();
    let document = sandbox.run(MISSIONS, ["recover"]).ok().json();
    assert_eq!(copies(), 1);
    let kept = document["kept"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), broken);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let sandbox = sandbox("{}");
    // Nobody, root neither, can make a file there.
    let line = ["--state", "/proc/missions.json", "save-memory", "m", "k", "v", "--create"];
    sandbox.run(MISSIONS, line).fails(4).silent().stderr_has("/proc/missions.json");
    sandbox.run(MISSIONS, ["--state", "/proc/missions.json", "list-state"]).ok();
}

#[test]
fn a_lock_that_stays_held_is_an_error() {
    let sandbox = sandbox(REFERENCE);
    // flock(1) holds the lock as another program would.
    let script = "exec 9>.missions_state.json.lock; flock 9 || exit 1; echo held; exec sleep 30";
    let script = format!("cd \"$0\"; {script}");
    let skill = sandbox.skill().display().to_string();
    let holder = sandbox.spawn("/bin/sh", ["-c", &script, &skill]);
    holder.wait_line(Duration::from_secs(5), |line| line == "held");
    let out = sandbox.run(MISSIONS, ["save-memory", "zeta", "k", "v"]);
    out.fails(5).silent().stderr_has("waiting for").stderr_has("is locked");
    assert_eq!(sandbox.read(STATE), REFERENCE);
    sandbox.run(MISSIONS, ["list-state"]).ok().quiet();
}
