//! Where a job is played: the simulated service and gateway, one skill folder, and an agent that counts what it reads.

use std::fmt;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use harness::{Sandbox, ServiceSettings, SimulatedGateway, SimulatedOwner, SimulatedService};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use state::out;

/// More than any job needs.
const MOST_TICKS: usize = 400;

/// What a job took.
pub(super) struct Job {
    pub(super) name: &'static str,
    pub(super) commands: usize,
    pub(super) bytes: usize,
    pub(super) most_commands: usize,
    /// `None`: any number.
    pub(super) most_bytes: Option<usize>,
}

impl Job {
    pub(super) fn is_within(&self) -> bool {
        self.commands <= self.most_commands && self.most_bytes.is_none_or(|most| self.bytes <= most)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "job": self.name, "commands": self.commands, "bytes": self.bytes, "most_commands": self.most_commands, "most_bytes": self.most_bytes })
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, commands, bytes, most_commands, most_bytes } = self;
        write!(f, "{name}: {commands} of {most_commands} commands, {bytes} bytes read")?;
        most_bytes.map_or(Ok(()), |most| write!(f, " of {most}"))
    }
}

/// One machine, an agent that knows the page alone, and how much it did.
pub(super) struct OutreachStage {
    pub(super) service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    commands: usize,
    bytes: usize,
}

impl OutreachStage {
    /// A business day at noon in Chicago; the owner approves what is asked after a second.
    pub(super) fn new(programs: &Path) -> Result<Self> {
        let settings = ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() };
        let (service, gateway) = (SimulatedService::with(settings), SimulatedGateway::start());
        service.owner(SimulatedOwner::Approves(Duration::from_secs(1)));
        service.clock().jump(business_noon()?.duration_since(service.clock().now()));
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        let bin = sandbox.path("skill/bin");
        std::fs::create_dir_all(&bin)?;
        for name in ["missions", "approval", "connect", "call", "sms"] {
            symlink(programs.join(name), bin.join(name))?;
        }
        // Nobody's crontab: what cron would do is done here, as often.
        for name in ["crontab", "openclaw"] {
            let path = format!("work/bin/{name}");
            let script = match name {
                "openclaw" => {
                    "#!/bin/sh\ncase \"$2\" in list) echo '{\"jobs\": []}';; *) echo '{\"created\": true, \"job\": {\"id\": \"j\"}}';; esac\n"
                }
                _ => "#!/bin/sh\nexit 1\n",
            };
            sandbox.write(&path, script);
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(sandbox.path(&path), mode)?;
        }
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        Ok(Self { service, gateway, sandbox, commands: 0, bytes: 0 })
    }

    pub(super) fn file(&self, name: &str, text: &str) {
        self.sandbox.write(&format!("work/{name}"), text);
    }

    /// The agent runs a line of the page, which must end with one of these codes, and reads what it prints.
    pub(super) fn agent(&mut self, line: &str, codes: &[i32]) -> Result<Value> {
        let base = self.sandbox.skill().display().to_string();
        out::progress(&format!("  $ {line}"));
        let output = self.sandbox.run("/bin/sh", ["-c", &line.replace("{baseDir}", &base)]);
        self.commands += 1;
        self.bytes += output.out().len() + output.err().len();
        ensure!(codes.contains(&output.code()), "wanted exit {codes:?}\n{output}");
        let last = output.out().lines().last().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("stdout is no JSON\n{output}"))
    }

    /// Time passes, as much as need be, with a tick as often as cron would make one, until the mission has ended. The agent
    /// does nothing meanwhile; what it is told counts as read.
    pub(super) fn until_it_ends(&mut self, slug: &str) -> Result<()> {
        let told = self.gateway.turns().len();
        let program = self.sandbox.path("skill/bin/missions").display().to_string();
        for n in 0..MOST_TICKS {
            let tick = self.sandbox.run(&program, ["tick", "--", slug]);
            ensure!([0, 4].contains(&tick.code()), "a tick failed\n{tick}");
            let state = self.sandbox.json("skill/.missions_state.json")[slug].clone();
            let is_over = state["lifecycle"]["done"].to_string().contains("mission/cron");
            if is_over && state["ended_at"].is_string() {
                let words = self.gateway.turns().split_off(told);
                self.bytes += words.iter().map(|turn| turn.message.len()).sum::<usize>();
                return Ok(());
            }
            let minutes = if n < 60 { 2 } else { 30 };
            self.service.advance(Duration::from_secs(minutes * 60));
        }
        bail!("`{slug}` never ends")
    }

    /// The same for a while, whether it ends or not.
    pub(super) fn a_while(&mut self, slug: &str, minutes: u64) {
        let program = self.sandbox.path("skill/bin/missions").display().to_string();
        for _ in 0..minutes {
            self.service.advance(Duration::from_secs(60));
            self.sandbox.run(&program, ["tick", "--", slug]);
        }
    }

    pub(super) fn end(
        self,
        name: &'static str,
        most_commands: usize,
        most_bytes: Option<usize>,
    ) -> Job {
        Job { name, commands: self.commands, bytes: self.bytes, most_commands, most_bytes }
    }
}

/// The next Wednesday at noon in Chicago.
fn business_noon() -> Result<Timestamp> {
    let zone = TimeZone::get("America/Chicago").context("there is no time zone database")?;
    let mut day = Timestamp::now().to_zoned(zone.clone()).date().checked_add(1.day())?;
    while day.weekday() != Weekday::Wednesday {
        day = day.tomorrow()?;
    }
    Ok(day.at(14, 0, 0, 0).to_zoned(zone)?.timestamp())
}
