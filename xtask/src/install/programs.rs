//! The command lines of the eight programs, taken from their own definitions, so that what is generated from them cannot lag.

use clap::{Command, CommandFactory as _};

/// The programs in the order of the README, each with its name where it stands beside programs of others: plain names
/// would collide there.
pub(crate) const PROGRAMS: [(&str, &str); 8] = [
    ("connect", "clawdtalk-connect"),
    ("call", "clawdtalk-call"),
    ("sms", "clawdtalk-sms"),
    ("approval", "clawdtalk-approval"),
    ("missions", "clawdtalk-missions"),
    ("setup", "clawdtalk-setup"),
    ("uninstall", "clawdtalk-uninstall"),
    ("status", "clawdtalk-status"),
];

macro_rules! definitions {
    ($($name:ident = $path:literal;)*) => {
        $(
            #[path = $path]
            #[allow(
                dead_code,
                unused_imports,
                reason = "only the definition is used here, not what was given on a command line"
            )]
            mod $name;
        )*
    };
}

definitions! {
    connect_line = "../../../connect/src/args.rs";
    call_line = "../../../call/src/args.rs";
    sms_line = "../../../sms/src/args.rs";
    approval_line = "../../../approval/src/args.rs";
    missions_line = "../../../missions/src/args/mod.rs";
}

/// The command lines under those names.
pub(crate) fn commands() -> Vec<Command> {
    let all = [
        connect_line::Args::command(),
        call_line::Args::command(),
        sms_line::Args::command(),
        approval_line::Args::command(),
        missions_line::Args::command(),
        setup::args::Setup::command(),
        setup::args::Uninstall::command(),
        setup::args::StatusArgs::command(),
    ];
    let renamed = all.into_iter().zip(PROGRAMS);
    renamed.map(|(command, (_, name))| command.name(name).bin_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{PROGRAMS, commands};

    #[test]
    fn each_program_has_its_own_definition() {
        let commands = commands();
        assert_eq!(commands.len(), PROGRAMS.len());
        let version = |command: &clap::Command| command.get_version().map(str::to_owned);
        assert!(commands.iter().all(|command| version(command).is_some()));
        let has = |at: usize, option: &str| {
            commands[at].get_arguments().any(|argument| argument.get_long() == Some(option))
        };
        assert!(commands[0].find_subcommand("watchdog").is_some());
        assert!(has(1, "purpose") && has(5, "api-key-stdin") && has(6, "dry-run"));
        assert!(commands[2].find_subcommand("conversations").is_some());
        assert!(commands[3].find_subcommand("request").is_some());
        assert!(commands[4].find_subcommand("list-state").is_some());
        assert!(!has(7, "dry-run"));
    }
}
