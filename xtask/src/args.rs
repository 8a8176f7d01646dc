//! The command line of `cargo xtask`.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand, ValueEnum as _};
use state::args::Common;
use state::out::Printer;
use state::parse_time;

use crate::torture;

/// Chores of the workspace
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print words for people instead of JSON
    #[arg(long = "text", global = true)]
    pub(crate) text_mode: bool,

    /// Print no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Args {
    /// The printer that all programs share, set by these options. Owners run `install`: on a terminal it prints words.
    pub(crate) fn printer(&self) -> Printer {
        let is_for_owners = matches!(self.command, Command::Install(_)) && stdout().is_terminal();
        let text_mode = self.text_mode || is_for_owners;
        Printer::new(&Common { text_mode, quiet: self.quiet, ..Common::default() })
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run every check there is, and list those that could not be run with the reason
    Ci(CiArgs),

    /// List what breaks the rules of this repository that no compiler knows
    Tidy(TidyArgs),

    /// Play the main job with the real programs against the simulated service; fails if anything goes wrong
    Demo(DemoArgs),

    /// Measure what the programs cost, beside what a user has today
    Bench(BenchArgs),

    /// Kill, stop and confuse programs at random moments, and count what was lost, doubled, done without a yes or unreadable
    Torture(TortureArgs),

    /// Feed broken frames, replies and files to the parsers, and check what they make of them
    /// (needs `cargo install cargo-fuzz`; exit 4 without it)
    Fuzz(FuzzArgs),

    /// Build the programs and install the skill folder; an installation of the original scripts is upgraded in place
    #[command(
        after_help = "Examples:\n  cargo xtask install\n  cargo xtask install --to ~/clawd/skills/clawdtalk-client --bin-dir ~/.local/bin"
    )]
    Install(InstallArgs),

    /// Measure how many labelled phrases the guard tells right, and what each of its parts buys
    ///
    /// A file holds a phrase on each line, with its label and a tab in front: `sensitive` or `harmless`; lines that begin
    /// with # are comments. Two public corpora are read as they come: CLINC150 (`data_full.json` of clinc/oos-eval, any
    /// file that ends in .json) and HWU64 (of xliuhw/NLU-Evaluation-Data the folder of a fold, `KFold_1`, which has
    /// `trainset` and `testset/csv` in it). Which of their intents are sensitive, and which are left out, is a list of our
    /// own.
    #[command(
        after_help = "Examples:\n  cargo xtask classifier --text connect/src/classifier/labelled_phrases.tsv\n  cargo xtask classifier --text --part test oos-eval/data/data_full.json NLU-Evaluation-Data/CrossValidation/*/*/*/KFold_1\n  cargo xtask classifier --text --part dev --ablate oos-eval/data/data_full.json"
    )]
    Classifier(ClassifierArgs),

    /// Pack what `install` lays out into an archive, with its SHA-256 beside it
    Dist(DistArgs),

    /// Make the pages of the sources' own comments (rustdoc)
    Docs(DocsArgs),

    /// Make the picture in the README anew: a session of the programs against the simulated service
    Picture(PictureArgs),

    /// The least client possible, which `bench connect` measures beside `connect`
    #[command(hide = true)]
    Floor(FloorArgs),

    /// Serve the simulated service, with you as the callers and the owner's phone
    ///
    /// stdout is a skill-config.json for the programs, with --text a line for the shell with the same values. The other
    /// `export` lines on stderr are for that shell, too: by them the programs have the time of the service.
    #[command(
        after_help = "How a call or text ends, by the last two digits of its number:\n  01 busy   02 no answer   03 voicemail (only the insights say so)   04 fails   05 never ends\n  06 canceled   09 busy, then answered   91 declined   92 not found   93 machine (a field says so)\n  94 silence   95 fax   96 timeout   all others are answered; texts: 04 fails, 05 never ends\n\nA script says it for single numbers, with what they say and text back:\n  {\"+13125550142\": {\"calls\": [\"busy\", \"answered\"], \"said\": \"$40 an hour\", \"reply\": \"Yes\", \"reply_after\": 60}}\n  calls: answered, busy, no-answer, voicemail, machine, failed, stuck, canceled, declined, not-found\n\nExamples:\n  cargo xtask simulate > \"$CLAWDTALK_SKILL_DIR/skill-config.json\"    # then type `call`, `say …`, `approve` here\n  cargo xtask simulate --speed 20 --text    # paste the `export` lines into the other terminal"
    )]
    Simulate(SimulatorArgs),

    /// Make the tables of telephone numbers and their time zones from libphonenumber's metadata (python3 and PyPI are needed)
    Numbers(NumbersArgs),

    /// Let the real cron keep the client running and end a mission (about 90 s; the crontab is restored; exit 77 = skipped)
    CronCheck,

    /// Play the jobs that owners give, from SKILL.md's own lines: counts commands and bytes, compares every total
    OutreachCheck,

    /// Let connect answer through a real OpenClaw gateway (node, python and the registries are needed; exit 77 = skipped)
    RealGateway {
        /// Let the gate hold what the agent is about to do, with a model that calls tools
        #[arg(long)]
        gate: bool,
    },
}

#[derive(clap::Args)]
pub(crate) struct CiArgs {
    /// Run only these checks
    #[arg(value_name = "CHECK")]
    pub(crate) checks: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct NumbersArgs {
    /// Write nothing; exit 1 if the tables are not those of the package
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(clap::Args)]
pub(crate) struct TidyArgs {
    /// Count the lines of each crate instead: code without comments, blanks and tests, and data
    #[arg(long)]
    pub(crate) count: bool,
}

#[derive(clap::Args)]
pub(crate) struct InstallArgs {
    /// Skill folder [default: ~/.openclaw/workspace/skills/clawdtalk-client]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,

    /// Link the programs there, as clawdtalk-connect, clawdtalk-call, …, and where it is called bin, completions and man
    /// pages into the folder share beside it
    #[arg(long, value_name = "DIR")]
    pub(crate) bin_dir: Option<PathBuf>,

    /// Build without optimisation: quicker to build, slower to run
    #[arg(long)]
    pub(crate) debug: bool,
}

#[derive(clap::Args)]
pub(crate) struct DistArgs {
    /// Folder to put the archive in [default: dist/ in cargo's target folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,

    /// Build without optimisation: quicker to build, slower to run
    #[arg(long)]
    pub(crate) debug: bool,
}

#[derive(clap::Args)]
pub(crate) struct ClassifierArgs {
    /// What to measure it on: files of labelled phrases, CLINC150, folds of HWU64
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Which part of a public corpus: rules are tuned on `dev`, so only `test` says what they are worth
    #[arg(long, value_enum, value_name = "PART", default_value_t = CorpusPart::All)]
    pub(crate) part: CorpusPart,

    /// Which intents of the public corpora are sensitive, as JSON [default: xtask/src/classifier/intents.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) intents: Option<PathBuf>,

    /// Print the first N phrases of each kind that it gets wrong
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) misses: usize,

    /// Say for each rule and data file by how much the figures change without it
    #[arg(long)]
    pub(crate) ablate: bool,
}

/// A part of a public corpus.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum CorpusPart {
    /// All of it
    All,
    /// All but the test part
    Dev,
    /// The test part, as its authors divided it
    Test,
}

#[derive(clap::Args)]
pub(crate) struct DocsArgs {
    /// Fail on a dangling link, and on pages that mention commands or options that do not exist
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(clap::Args)]
pub(crate) struct PictureArgs {
    /// Write nothing; exit 1 if the programs print other things than the picture shows
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(clap::Args)]
pub(crate) struct SimulatorArgs {
    /// Port to listen on; 0 = any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// Let the time run N times as fast, for the service and for programs started with the environment it prints (for
    /// them, CLAWDTALK_CLOCK_SKEW=-1h is besides a machine whose clock is wrong)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: u32,

    /// What the people behind single numbers do, as JSON (see below)
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Let this gateway answer instead of the stub: only the voice acts are played
    #[arg(long, value_name = "URL")]
    pub(crate) gateway: Option<String>,

    /// Token of that gateway [default: $OPENCLAW_GATEWAY_TOKEN]
    #[arg(long, value_name = "TOKEN", requires = "gateway")]
    pub(crate) token: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// What to measure [default: everything]
    #[arg(value_enum, value_name = "PART")]
    part: Option<BenchPart>,

    /// How many times each command line is run
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) runs: usize,

    /// How long an idle client is measured
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = parse_time::duration)]
    pub(crate) idle: Duration,
}

#[derive(clap::Args)]
pub(crate) struct FloorArgs {
    /// Where the service listens
    pub(crate) service: String,

    /// Where the gateway listens
    pub(crate) gateway: String,

    /// Turns at once
    pub(crate) in_flight: usize,
}

/// A part of the figures.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum BenchPart {
    /// Start-up and one request of each program, beside curl
    Tools,
    /// One thing more to store, with 10, 1,000 and 10,000 in the state file
    Memory,
    /// The time that the client adds to a turn beside the floor, memory, reconnects, idleness
    Connect,
    /// 3,400 texts within 15 seconds: memory, turns, and what the owner waits meanwhile
    Flood,
}

impl BenchArgs {
    /// The part that was named, or all.
    pub(crate) fn parts(&self) -> Vec<BenchPart> {
        self.part.map_or_else(|| BenchPart::value_variants().to_vec(), |part| vec![part])
    }
}

#[derive(clap::Args, Default)]
pub(crate) struct TortureArgs {
    /// What to torture [default: everything]
    #[arg(value_name = "PART", value_parser = PossibleValuesParser::new(torture::names()))]
    pub(crate) part: Option<String>,

    /// End after this many seconds, for each part
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub(crate) seconds: u64,

    /// Try the random moments of an earlier run again
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,

    /// End after this many kills, for each part (`disks`: commands that met the failing disk)
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) kills: u64,

    /// Torture the release build, instead of the one that is quick to build
    #[arg(long)]
    pub(crate) release: bool,

    /// Where a disk is mounted that may be made to fail: the part `disks`, started again in a namespace of its own
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) mount: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct FuzzArgs {
    /// What to fuzz [default: each, one after the other]
    #[arg(value_enum, value_name = "TARGET")]
    pub(crate) target: Option<FuzzTarget>,

    /// End after this many seconds, for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) seconds: u64,
}

/// A target in `tests/fuzz`.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum FuzzTarget {
    /// Frames of the service
    Frames,
    /// Answers of the gateway
    Answers,
    /// skill-config.json and the gateway's configuration
    Config,
    /// The state file of missions
    Missions,
    /// Edits of the gateway's configuration
    Json5,
}
