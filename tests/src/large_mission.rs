//! A mission with a great many scheduled calls, written into the service and the state file without scheduling each.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{NUMBER, Sandbox, ServiceTable, SimulatedService};

/// Starts the mission `m` with this program and gives it `calls` calls over `assistants` assistants, all of them going on
/// and due to be checked.
///
/// # Panics
///
/// If the mission cannot be started.
pub fn add_calls(
    service: &SimulatedService,
    sandbox: &Sandbox,
    missions: &str,
    calls: usize,
    assistants: usize,
) {
    let steps = r#"[{"step_id":"calls","description":"Call them"}]"#;
    sandbox.run(missions, ["init", "M", "I", "R", steps]).ok();
    let mut state = sandbox.json("skill/.missions_state.json");
    let at = service.clock().now() + SignedDuration::from_mins(5);
    let at = crate::clock::millis(at);
    for n in 0..assistants {
        let assistant = json!({"id": format!("ast_{n}"), "name": "A", "phone_number": NUMBER});
        service.seed(ServiceTable::Assistants, &format!("ast_{n}"), "", assistant);
    }
    let mut events = serde_json::Map::new();
    for n in 0..calls {
        let (id, assistant) = (format!("sev_{n:05}"), format!("ast_{}", n % assistants));
        let to = format!("+1332220{n:04}");
        let row = json!({
            "id": id, "assistant_id": assistant, "telnyx_event_id": format!("tel_{n}"), "channel": "call",
            "to_number": to, "from_number": NUMBER, "scheduled_at": at, "text_body": null,
            "metadata": null, "status": "in_progress", "call_status": "in-progress",
            "conversation_id": null, "step_id": "calls", "created_at": at, "updated_at": at,
        });
        service.seed(ServiceTable::Scheduled, &id, &assistant, row);
        events.insert(id, state_entry(&assistant, &to, &at));
    }
    state["m"]["events"] = events.into();
    sandbox.write("skill/.missions_state.json", &format!("{state:#}\n"));
    service.advance(Duration::from_secs(8 * 60));
}

/// The entry of a call in the state file, as scheduling writes it.
fn state_entry(assistant: &str, to: &str, at: &str) -> Value {
    json!({
        "assistant_id": assistant, "channel": "call", "to": to, "from": NUMBER, "scheduled_at": at,
        "step_id": "calls", "recipient": "service",
        "window": {"hours": "09:00-17:00", "days": "mon-fri", "zone": "America/New_York"},
        "status": "pending", "logged": true,
    })
}
