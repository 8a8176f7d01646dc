//! What every man page says alike: exit codes, environment variables, files. The tests hold it beside the sources.

/// The exit codes, the same in every program.
pub(crate) const EXIT_CODES: [(u8, &str); 9] = [
    (0, "Done, or the answer is yes."),
    (
        1,
        "The answer is no: denied, not running, unhealthy, nobody reached, or refused by the service.",
    ),
    (2, "Usage or bad input; nothing was sent."),
    (3, "Not configured, or the key was refused."),
    (4, "Unavailable, and nothing was done; try again later."),
    (5, "Busy: a lock is held, it already runs, or another client took over."),
    (6, "Undecided: an approval without a decision, a wait interrupted or out of time."),
    (7, "Nobody to ask: no device is registered, or none could be reached."),
    (8, "Unknown: it may have been carried out, and was not repeated; look first."),
];

/// The environment variables that the programs read, and what for.
pub(crate) const VARIABLES: [(&str, &str); 26] = [
    ("CLAWDTALK_API_KEY", "The API key; wins over skill-config.json."),
    ("CLAWDTALK_API_URL", "The address of the service; wins over skill-config.json."),
    ("CLAWDTALK_SKILL_DIR", "The skill folder, unless --skill-dir names one."),
    ("CLAWDTALK_STATE_FILE", "The state file of missions, unless --state names one."),
    ("CLAWDTALK_OUTPUT", "With the value text, words instead of JSON, as with --text."),
    ("OPENCLAW_GATEWAY_URL", "The address of the gateway; wins over skill-config.json."),
    ("OPENCLAW_GATEWAY_TOKEN", "The token of the gateway; wins over skill-config.json."),
    ("CLAWDBOT_GATEWAY_URL", "OPENCLAW_GATEWAY_URL under its older name."),
    ("CLAWDBOT_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN under its older name."),
    ("OPENCLAW_HOME", "The gateway's own: its home folder."),
    ("OPENCLAW_STATE_DIR", "The gateway's own: the folder of its configuration."),
    ("OPENCLAW_CONFIG_PATH", "The gateway's own: its configuration."),
    ("OPENCLAW_GATEWAY_PORT", "The gateway's own: its port."),
    ("OPENCLAW_WORKSPACE_DIR", "The gateway's own: its agent's workspace."),
    ("HTTPS_PROXY", "A proxy for the service, never for this machine or the gateway."),
    ("ALL_PROXY", "The same where HTTPS_PROXY is not set."),
    ("NO_PROXY", "Hosts that are reached without a proxy."),
    ("SSL_CERT_FILE", "Certificates to trust instead of the system's."),
    ("TZDIR", "A time zone database; used where it is newer than the one built in."),
    ("NO_COLOR", "Leaves out colour, unless it is empty."),
    ("COLUMNS", "How wide the lines for people are, where the terminal does not say."),
    ("TERM", "With the value dumb, no colour."),
    ("DEBUG", "More in the log: what people said, and why a request was asked about."),
    ("PATH", "Where crontab, systemctl, git and the gateway's program are."),
    ("HOME", "Where the default folders are."),
    (
        "XDG_CONFIG_HOME",
        "Where systemd's units are, and the skill folder of a program that is in none.",
    ),
];

/// What is in the skill folder and around it, and what for.
pub(crate) const FILES: [(&str, &str); 19] = [
    ("skill-config.json", "The settings, and the key. For its owner alone, like all that follows."),
    (".env", "Variables for ${NAME} in the settings."),
    (".missions_state.json", "The missions and their memory."),
    (".missions_notes.json", "Which state files elsewhere were told of."),
    (".mission_events.jsonl", "Events of missions that connect received."),
    (".intents.json", "Calls and texts that were about to be sent, so that none is sent twice."),
    (".do_not_call.json", "Numbers that are neither called nor texted."),
    (".own_calls.json", "Calls that were placed, and to whom."),
    (".texted_numbers.json", "Numbers that were texted."),
    (".awaited_replies.json", "Numbers whose texts answer a live mission."),
    (".approvals.json", "Open approval requests, and which need a fingerprint or face."),
    (".connect.device.json", "The key of the device by which connect is known to the gateway."),
    (".connect.journal", "Requests that connect accepted, sent to the agent and answered."),
    (".connect.texts.json", "The texts of the last hour, for their budget."),
    (".connect.status.json", "What the running client knows of itself."),
    (".connect.log", "Its log."),
    (".connect.lock", "Held by the running client; .connect.pid beside it is its process."),
    ("~/.openclaw/openclaw.json", "The gateway's configuration, which setup changes after asking."),
    (
        "~/.config/systemd/user/clawdtalk-connect.service",
        "The unit that setup --service systemd writes.",
    ),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{EXIT_CODES, FILES, VARIABLES};

    /// For the simulated service alone.
    const FOR_TESTS: [&str; 2] = ["CLAWDTALK_CLOCK_", "TZ"];

    #[test]
    fn no_variable_is_left_out() {
        let mut sources = Vec::new();
        for program in ["state", "connect", "call", "sms", "approval", "missions", "setup"] {
            walk(&Path::new("..").join(program).join("src"), &mut sources);
        }
        let mut n_found = 0;
        for path in sources {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for call in ["env::var(\"", "env.var(\"", "path(\"", "variable(\"", " var(\""] {
                for (_, rest) in text.match_indices(call).map(|(at, _)| text.split_at(at)) {
                    let name = rest[call.len()..].split('"').next().unwrap_or_default();
                    let is_known = VARIABLES.iter().any(|(known, _)| *known == name)
                        || FOR_TESTS.iter().any(|prefix| name.starts_with(prefix))
                        || name.chars().any(|c| !c.is_ascii_uppercase() && c != '_');
                    assert!(is_known, "{}: `{name}`", path.display());
                    n_found += usize::from(is_known);
                }
            }
        }
        assert!(n_found > 15, "{n_found}");
    }

    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn no_file_is_left_out() {
        let paths = include_str!("../../../state/src/storage/paths.rs");
        let names = paths.split("files! {").nth(1).unwrap().split("\n}").next().unwrap();
        let names = names.lines().filter_map(|line| line.trim().strip_suffix("\";"));
        let names: Vec<&str> = names.filter_map(|line| line.split('"').nth(1)).collect();
        assert!(names.len() > 10, "{names:?}");
        let told = FILES.map(|(name, what)| [name, what].join(" ")).join(" ");
        // A new crontab stands there for a moment.
        let left_out =
            names.iter().filter(|name| !told.contains(**name) && **name != ".crontab.tmp");
        assert_eq!(left_out.count(), 0, "{names:?}");
    }

    #[test]
    fn the_exit_codes_are_those_of_the_programs() {
        let source = include_str!("../../../state/src/exit.rs");
        let declared = source.split("pub enum Exit {").nth(1).unwrap().split("\n}").next().unwrap();
        let codes = declared.lines().filter_map(|line| line.trim().strip_suffix(','));
        let codes = codes.filter_map(|line| line.rsplit(" = ").next()?.parse::<u8>().ok());
        let told: Vec<u8> = EXIT_CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.collect::<Vec<_>>(), told);
    }
}
