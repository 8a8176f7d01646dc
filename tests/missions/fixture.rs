//! The fixture of the tests of a mission's lifecycle: a service, a gateway, and a mission with an assistant.

use std::time::Duration;

use harness::{Output, Sandbox, ServiceSettings, ServiceTable, SimulatedGateway, SimulatedService};
use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;

/// The program.
pub(crate) const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
/// New York, by its area code; the last two digits decide the outcome of a call.
pub(crate) const TO: &str = "+133222000";

/// A plan of one step.
pub(crate) const ONE_STEP: &str = r#"[{"step_id":"calls","description":"Call them"}]"#;

/// A mission with one step for its calls, on a Wednesday at noon in New York.
pub(crate) struct Fixture {
    pub(crate) service: SimulatedService,
    pub(crate) gateway: SimulatedGateway,
    pub(crate) sandbox: Sandbox,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(ServiceSettings::default(), ONE_STEP)
    }

    pub(crate) fn with(settings: ServiceSettings, steps: &str) -> Self {
        let (service, gateway) = (SimulatedService::with(settings), SimulatedGateway::start());
        let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + 1.day();
        while day.weekday() != Weekday::Wednesday {
            day = day.tomorrow().expect("there are days enough");
        }
        let noon: Timestamp = format!("{day}T16:00:00Z").parse().expect("it was written as a time");
        service.clock().jump(noon.duration_since(service.clock().now()));
        let sandbox = Sandbox::for_both(&service, &gateway);
        let fixture = Self { service, gateway, sandbox };
        fixture.ok(&["init", "M", "I", "R", steps]);
        fixture.ok(&["setup-agent", "m", "A", "I", "Hi"]);
        fixture
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.sandbox.run(MISSIONS, args)
    }

    pub(crate) fn ok(&self, args: &[&str]) -> Value {
        self.run(args).ok().json()
    }

    /// Schedules a call in five minutes to the number with these last digits; its event's id.
    pub(crate) fn call(&self, end: &str, more: &[&str]) -> String {
        let to = format!("{TO}{end}");
        let line = ["schedule-call", "--mission", "m", &to, "in 5m", "--step", "calls"];
        self.ok(&[&line[..], more].concat())["id"]
            .as_str()
            .expect("a scheduled call has an id")
            .to_owned()
    }

    /// Minutes pass, and one tick is made.
    pub(crate) fn tick_after(&self, minutes: u64) -> Value {
        self.service.advance(Duration::from_secs(minutes * 60));
        self.tick()
    }

    pub(crate) fn tick(&self) -> Value {
        self.ok(&["tick"])["missions"].get(0).cloned().unwrap_or_default()
    }

    pub(crate) fn state(&self) -> Value {
        self.sandbox.json("skill/.missions_state.json")["m"].clone()
    }

    pub(crate) fn row(&self, table: ServiceTable, n: usize) -> Value {
        self.service.rows(table)[n].clone()
    }

    /// The status of the run that `init` created; the service created one before it.
    pub(crate) fn run_status(&self) -> Value {
        let id = self.state()["run_id"].clone();
        let rows = self.service.rows(ServiceTable::Runs);
        rows.into_iter().find(|row| row["run_id"] == id).expect("init made it")["status"].clone()
    }

    pub(crate) fn step_status(&self, step: &str) -> Value {
        let steps = self.service.rows(ServiceTable::Steps);
        steps.into_iter().find(|row| row["step_id"] == step).expect("it is in the plan")["status"]
            .clone()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        let rows = self.service.rows(ServiceTable::RunEvents);
        let line = |row: &Value| {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            format!("{} {}", text("type"), text("summary"))
        };
        rows.iter().map(line).collect()
    }

    pub(crate) fn notified(&self) -> Vec<String> {
        self.gateway.turns().into_iter().map(|turn| turn.message).collect()
    }
}
