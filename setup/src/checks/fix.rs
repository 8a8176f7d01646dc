//! What helps where a check does not pass: every fix that `status` can name, in one place. A test goes through all of them,
//! each in its situation.

use crate::supervisor::Supervisor;
use crate::system::{CronService, is_there, with_sudo};
use crate::{git_ignore, system};
use state::{invocation, sanitize, shell};
use std::path::{Path, PathBuf};

/// What kind of help a fix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixKind {
    /// A command after which the check passes.
    Command,
    /// A command that shows what a person needs to know.
    Look,
    /// Something that only a person can do, in words.
    ByHand,
}

impl FixKind {
    /// What stands before it in a text.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Command => "fix",
            Self::Look => "look",
            Self::ByHand => "by hand",
        }
    }
}

/// A fix. Its name in JSON is that of the variant, as in `start_client`.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Fix {
    /// Set up, or set up again.
    Setup,
    /// Let setup allow `sessions_send`.
    AllowTool,
    /// Put the gate into the gateway, or put it there again.
    SetUpGate,
    /// Let this agent answer.
    ChooseAgent(String),
    /// Let something keep the client running.
    KeepRunning(Supervisor),
    /// The same where neither systemd nor cron can be used.
    KeepRunningByHand,
    /// Keep the user's units running while nobody is logged in.
    Linger,
    /// Start the client.
    StartClient,
    /// Start the client anew.
    RestartClient,
    /// Read the client's log.
    ShowLog,
    /// Stop a client elsewhere that uses the same key.
    StopOtherClient,
    /// End the client of the old scripts.
    EndOldClient(u32),
    /// Poll a mission's calls and texts.
    Tick(String),
    /// Mend the state file.
    RecoverMissions,
    /// Show who must not be called or texted.
    ShowDoNotCall,
    /// Give the number back that a mission took.
    GiveLineBack(String),
    /// Edit a file.
    EditFile(PathBuf),
    /// Take a variable out of this shell's environment.
    Unset(&'static str),
    /// Move away what stands in the place of the folder, and set up.
    MoveAway(PathBuf),
    /// Put a broken file aside.
    SetAside(PathBuf),
    /// Show what is wrong with a file.
    ShowFile(PathBuf),
    /// Show how much room there is.
    ShowSpace(PathBuf),
    /// Let nobody else write to the folder.
    CloseFolder(PathBuf),
    /// Let the folder's owner write to it.
    OpenFolder(PathBuf),
    /// Make the folder one's own.
    OwnFolder(PathBuf),
    /// Let nobody else read files.
    MakePrivate(Vec<PathBuf>),
    /// Keep private files out of git.
    IgnoreInGit(PathBuf),
    /// Take private files out of git.
    TakeOutOfGit(PathBuf, Vec<String>),
    /// Look whether the service can be reached.
    ReachService(String),
    /// Check once more, later.
    CheckAgain,
    /// Do something in the portal of the service.
    OpenPortal,
    /// Let the system set the clock.
    SetClock,
    /// Set the clock where no program here can.
    SetClockByHand,
    /// Start the gateway anew.
    RestartGateway(GatewayCommand),
    /// The same where its program is not here.
    RestartGatewayByHand(String),
    /// Ask the gateway how it is.
    ShowGateway(GatewayCommand),
    /// Give the gateway a token.
    SetGatewayToken(GatewayCommand),
    /// Allow `sessions_send` in a gateway whose configuration is not here.
    AllowToolElsewhere,
    /// Start the cron daemon.
    StartCron(&'static str),
    /// The same where no program here can.
    StartCronByHand,
    /// Lay the programs of the skill out again.
    Reinstall,
}

/// The gateway's own command, for its profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayCommand {
    /// `openclaw` or `clawdbot`.
    pub program: &'static str,
    /// The profile, if it is not the usual one.
    pub profile: Option<String>,
}

impl GatewayCommand {
    fn line(&self, rest: &str) -> String {
        match &self.profile {
            Some(profile) => format!("{} --profile {} {rest}", self.program, shell::quote(profile)),
            None => format!("{} {rest}", self.program),
        }
    }
}

/// The portal of the service, where accounts, keys and numbers are.
const PORTAL: &str = "open https://clawdtalk.com and sign in";

impl Fix {
    /// Its name in JSON.
    pub fn id(&self) -> &'static str {
        self.into()
    }

    /// The names of all fixes.
    pub fn ids() -> &'static [&'static str] {
        <Self as strum::VariantNames>::VARIANTS
    }

    /// What kind of help it is.
    pub fn kind(&self) -> FixKind {
        match self {
            Self::ShowLog
            | Self::ShowDoNotCall
            | Self::ShowFile(_)
            | Self::ShowSpace(_)
            | Self::ReachService(_)
            | Self::CheckAgain
            | Self::ShowGateway(_) => FixKind::Look,
            Self::KeepRunningByHand
            | Self::StopOtherClient
            | Self::GiveLineBack(_)
            | Self::OpenPortal
            | Self::SetClockByHand
            | Self::RestartGatewayByHand(_)
            | Self::AllowToolElsewhere
            | Self::StartCronByHand
            | Self::Reinstall => FixKind::ByHand,
            _ => FixKind::Command,
        }
    }

    /// The command, or the words for a person.
    pub fn text(&self) -> String {
        let own = invocation::command;
        let text = match self {
            Self::Setup => own("setup"),
            Self::AllowTool => own("setup --yes"),
            Self::SetUpGate => own("setup --gate"),
            Self::ChooseAgent(id) => own(&format!("setup --agent-id {}", shell::quote(id))),
            Self::KeepRunning(supervisor) => own(&format!("setup --service {supervisor}")),
            Self::KeepRunningByHand => format!(
                "let whatever starts programs on this machine or in this container run: {}",
                own("connect run")
            ),
            Self::Linger => "loginctl enable-linger".to_owned(),
            Self::StartClient => own("connect start"),
            Self::RestartClient => own("connect restart"),
            Self::ShowLog => own("connect logs"),
            Self::StopOtherClient => {
                format!("stop the client that took over, elsewhere, then: {}", own("connect start"))
            }
            Self::EndOldClient(pid) => format!("kill {pid}"),
            Self::Tick(slug) => own(&format!("missions tick {}", shell::quote(slug))),
            Self::RecoverMissions => own("missions recover"),
            Self::ShowDoNotCall => own("missions dnc list"),
            Self::GiveLineBack(slug) => format!(
                "{PORTAL}, give the number back there, then: {}",
                own(&format!("missions remove-state {}", shell::quote(slug)))
            ),
            Self::EditFile(path) => format!("${{EDITOR:-vi}} {}", quoted(path)),
            Self::Unset(variable) => format!("unset {variable}"),
            Self::MoveAway(path) => format!("mv {0} {0}.old && {1}", quoted(path), own("setup")),
            Self::SetAside(path) => format!("mv {0} {0}.broken", quoted(path)),
            Self::ShowFile(path) => format!("ls -ld {}", quoted(path)),
            Self::ShowSpace(path) => format!("df -h {}", quoted(path)),
            Self::CloseFolder(path) => format!("chmod go-w {}", quoted(path)),
            Self::OpenFolder(path) => format!("chmod u+wx {}", quoted(path)),
            Self::OwnFolder(path) => with_sudo(&format!("chown -R \"$(id -un)\" {}", quoted(path))),
            Self::MakePrivate(paths) => {
                let paths: Vec<_> = paths.iter().map(|path| quoted(path)).collect();
                format!("chmod 600 {}", paths.join(" "))
            }
            Self::IgnoreInGit(skill) => git_ignore::command(skill),
            Self::TakeOutOfGit(skill, names) => {
                let names: Vec<_> = names.iter().map(|name| shell::quote(name)).collect();
                let untrack =
                    format!("git -C {} rm --cached -- {}", quoted(skill), names.join(" "));
                format!("{untrack}; {}", git_ignore::command(skill))
            }
            Self::ReachService(base) => format!("curl -sSI {}", shell::quote(base)),
            Self::CheckAgain => own("status"),
            Self::OpenPortal => PORTAL.to_owned(),
            Self::SetClock => with_sudo("timedatectl set-ntp true"),
            Self::SetClockByHand => {
                "set the clock of this machine, or of the host of this container".to_owned()
            }
            Self::RestartGateway(command) => command.line("gateway restart"),
            Self::RestartGatewayByHand(base) => {
                format!("start the gateway anew, which should be at {base}")
            }
            Self::ShowGateway(command) => command.line("gateway status"),
            Self::SetGatewayToken(command) => command
                .line("config set gateway.auth.token \"$(head -c 24 /dev/urandom | base64)\""),
            Self::AllowToolElsewhere => {
                "add \"sessions_send\" to gateway.tools.allow in that gateway's configuration"
                    .to_owned()
            }
            Self::StartCron(daemon) => with_sudo(&format!("service {daemon} start")),
            Self::StartCronByHand => {
                "install and start a cron daemon, or what this machine has in place of one"
                    .to_owned()
            }
            Self::Reinstall => {
                "unpack the skill's archive again and install it over this folder".to_owned()
            }
        };
        sanitize::without_controls(&text)
    }

    /// How something is kept running here: by what setup installed before, if that can be used, else by what can.
    pub(super) fn keep_running(present: Option<Supervisor>) -> Self {
        let order = [present, Some(Supervisor::Systemd), Some(Supervisor::Cron)];
        let usable = order.into_iter().flatten().find(|supervisor| supervisor.is_usable());
        usable.map_or(Self::KeepRunningByHand, Self::KeepRunning)
    }

    /// How it is found out here whether the service can be reached.
    pub(super) fn reach_service(base: &str) -> Self {
        if is_there("curl") { Self::ReachService(base.to_owned()) } else { Self::CheckAgain }
    }

    /// How the gateway is started here.
    pub(super) fn restart_gateway(command: &GatewayCommand, base: &str) -> Self {
        if state::url::is_loopback(base) && is_there(command.program) {
            return Self::RestartGateway(command.clone());
        }
        Self::RestartGatewayByHand(base.to_owned())
    }

    /// How the gateway is looked at here.
    pub(super) fn show_gateway(command: &GatewayCommand) -> Self {
        if is_there(command.program) {
            return Self::ShowGateway(command.clone());
        }
        Self::CheckAgain
    }

    /// How the clock is set here.
    pub(super) fn set_clock() -> Self {
        if is_there("timedatectl") { Self::SetClock } else { Self::SetClockByHand }
    }

    /// How the cron daemon is started here.
    pub(super) fn start_cron() -> Self {
        match system::cron_service() {
            Some(CronService(daemon)) => Self::StartCron(daemon),
            None => Self::StartCronByHand,
        }
    }
}

/// A path as a word of a shell command.
fn quoted(path: &Path) -> String {
    shell::quote(&path.display().to_string())
}
