//! The fixture of the tests of outreach: a service, a gateway, a list, and a crontab that is nobody's.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::{Output, Sandbox, ServiceSettings, SimulatedGateway, SimulatedService};
use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;

/// The program.
const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

/// The next Wednesday at noon in New York.
pub(crate) fn business_noon() -> Timestamp {
    let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + 1.day();
    while day.weekday() != Weekday::Wednesday {
        day = day.tomorrow().expect("there are days enough");
    }
    let zone = TimeZone::get("America/New_York").expect("New York has a zone");
    day.at(12, 0, 0, 0).to_zoned(zone).expect("noon is never skipped").timestamp()
}

/// A row for each of these last digits of a number in New York, with its name.
pub(crate) fn rows(ends: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let rows: Vec<String> =
        ends.into_iter().map(|end| format!("+133222000{end},Target {end}")).collect();
    rows.join("\n") + "\n"
}

/// A machine on which people are reached.
pub(crate) struct Place {
    pub(crate) service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
}

impl Place {
    pub(crate) fn at(time: Timestamp) -> Self {
        let settings = ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() };
        let (service, gateway) = (SimulatedService::with(settings), SimulatedGateway::start());
        service.clock().jump(time.duration_since(service.clock().now()));
        let mut sandbox = Sandbox::for_both(&service, &gateway);
        // Neither the crontab nor the gateway's program of whoever runs this.
        for name in ["crontab", "openclaw"] {
            let path = format!("work/bin/{name}");
            sandbox.write(&path, "#!/bin/sh\nexit 1\n");
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(sandbox.path(&path), mode).expect("it was written just now");
        }
        let path = format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display());
        sandbox.env("PATH", &path);
        Self { service, gateway, sandbox }
    }

    pub(crate) fn list(&self, text: &str) {
        self.sandbox.write("work/list.csv", text);
    }

    pub(crate) fn bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.sandbox.path(&format!("work/{name}"));
        let written = std::fs::File::options().write(true).truncate(true).open(path);
        written.and_then(|mut file| file.write_all(bytes)).expect("the sandbox can be written");
    }

    pub(crate) fn config(&self, key: &str, value: &Value) {
        let mut config = self.sandbox.json("skill/skill-config.json");
        config[key] = value.clone();
        self.sandbox.write("skill/skill-config.json", &config.to_string());
    }

    pub(crate) fn has_state(&self) -> bool {
        self.sandbox.has("skill/.missions_state.json")
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.sandbox.run(MISSIONS, args)
    }

    /// The document of a command that ends well.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert_eq!(output.code(), 0, "{output}");
        output.json()
    }

    /// Starts a command and kills it after so long, wherever it is by then.
    pub(crate) fn killed(&self, args: &[&str], after: Duration) {
        let mut child = self.sandbox.spawn(MISSIONS, args);
        // Where it is by then is left to chance: any moment will do.
        std::thread::sleep(after);
        child.signal(harness::Signal::KILL);
        drop(child);
    }

    pub(crate) fn notified(&self) -> Vec<String> {
        self.gateway.turns().into_iter().map(|turn| turn.message).collect()
    }

    /// Ticks every two minutes, and every half hour once nothing happens soon, until the mission has ended.
    #[track_caller]
    pub(crate) fn play(&self, slug: &str) {
        for n in 0..400 {
            let tick = self.run(&["tick", slug]);
            assert!([0, 4].contains(&tick.code()), "{tick}");
            let state = &self.sandbox.json("skill/.missions_state.json")[slug];
            if state["ended_at"].is_string()
                && state["lifecycle"]["done"].to_string().contains("mission/cron")
            {
                return;
            }
            let minutes = if n < 60 { 2 } else { 30 };
            self.service.advance(Duration::from_secs(minutes * 60));
        }
        panic!("`{slug}` never ends: {}", self.run(&["report", slug]));
    }
}
