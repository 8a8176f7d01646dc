//! Many missions of one call each, which was busy and is to be retried.

use std::collections::BTreeSet;

use harness::{
    Child, NUMBER, Output, Sandbox, ServiceSettings, ServiceTable, SimulatedGateway,
    SimulatedService,
};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// The program.
pub(crate) const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

pub(crate) struct ManyMissions {
    pub(crate) service: SimulatedService,
    pub(crate) sandbox: Sandbox,
    _gateway: SimulatedGateway,
}

impl ManyMissions {
    /// So many missions, which share a run and differ in their call.
    pub(crate) fn new(settings: ServiceSettings, n_missions: usize) -> Self {
        let (service, gateway) = (SimulatedService::with(settings), SimulatedGateway::start());
        service.clock().periods(50);
        let sandbox = Sandbox::for_both(&service, &gateway);
        let steps = r#"[{"step_id":"calls","description":"Call them"}]"#;
        sandbox.run(MISSIONS, ["init", "M", "I", "R", steps]).ok();
        let made = sandbox.json("skill/.missions_state.json")["m"].clone();
        let at = (service.clock().now() - SignedDuration::from_mins(30)).to_string();
        let mut state = Map::new();
        for n in 0..n_missions {
            let (id, assistant) = (format!("busy_{n}"), format!("ast_{n}"));
            // The last two digits let a second call be answered.
            let to = format!("+1332220{n:02}07");
            service.seed(
                ServiceTable::Assistants,
                &assistant,
                "",
                json!({"id": assistant, "name": "A", "phone_number": NUMBER}),
            );
            let row = json!({
                "id": id, "assistant_id": assistant, "channel": "call", "to_number": to,
                "from_number": NUMBER, "scheduled_at": at, "status": "completed",
                "call_status": "busy", "step_id": "calls", "created_at": at, "updated_at": at,
            });
            service.seed(ServiceTable::Scheduled, &id, &assistant, row);
            let event = json!({
                "assistant_id": assistant, "channel": "call", "to": to, "from": NUMBER,
                "scheduled_at": at, "step_id": "calls", "recipient": "automated",
                "window": {"hours": "00:00-24:00", "days": "mon-sun", "zone": "UTC"},
                "status": "pending", "logged": true,
            });
            let mut mission = made.clone();
            mission["mission_name"] = Self::slug(n).into();
            mission["events"] = json!({id: event});
            state.insert(Self::slug(n), mission);
        }
        sandbox.write("skill/.missions_state.json", &format!("{:#}\n", Value::Object(state)));
        Self { service, sandbox, _gateway: gateway }
    }

    pub(crate) fn slug(n: usize) -> String {
        format!("m-{n:03}")
    }

    /// Where mission `n` schedules.
    pub(crate) fn events_of(n: usize) -> String {
        format!("/v1/assistants/ast_{n}/events")
    }

    pub(crate) fn tick(&self) -> Output {
        self.sandbox.run(MISSIONS, ["tick", "--deadline", "5"])
    }

    pub(crate) fn spawn_tick(&self) -> Child {
        self.sandbox.spawn(MISSIONS, ["tick", "--deadline", "5"])
    }

    /// Notes the missions whose calls a tick reported as unconfirmed; it ends with 8 then, or with a worse code.
    pub(crate) fn note_unconfirmed(report: &Value, reported: &mut BTreeSet<String>) {
        for mission in report["missions"].as_array().into_iter().flatten() {
            if mission["unsettled"].as_array().is_some_and(|all| !all.is_empty()) {
                reported.insert(mission["slug"].as_str().expect("a slug").to_owned());
            }
        }
    }

    /// What was scheduled for mission `n` after its first call.
    pub(crate) fn retries_of(&self, n: usize) -> Vec<Value> {
        let rows = self.service.rows(ServiceTable::Scheduled).into_iter();
        let first = format!("busy_{n}");
        rows.filter(|row| row["assistant_id"] == format!("ast_{n}") && row["id"] != *first)
            .collect()
    }
}
