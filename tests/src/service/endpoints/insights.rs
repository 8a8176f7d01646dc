//! Conversations of calls that were answered, and their insights, which the service has some seconds later.

use crate::clock::micros;
use crate::service::event;
use crate::service::outcome::SimulatedOutcome;
use crate::service::refusal::not_found;
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::settings::InsightsShape;
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

/// Begins the conversation of a call that was answered, without insights yet. Returns its id.
pub(crate) fn begin(
    world: &mut World,
    scheduled: &Value,
    mission: &Value,
    outcome: SimulatedOutcome,
) -> String {
    let (id, at) = (world.rng.uuid(), micros(world.now()));
    let to = scheduled["to_number"].as_str().unwrap_or("");
    let said = world.scripts.get(to).and_then(|script| script.said.clone());
    // A machine says nothing of its owner's.
    let is_person = outcome == SimulatedOutcome::Completed;
    let summary = said.filter(|_| is_person).unwrap_or_else(|| outcome.insight(to));
    let row = json!({"id": id, "status": "in_progress", "created_at": at, "summary": null});
    world.seed(ServiceTable::Conversations, &id, "", row);
    world.row(ServiceTable::Conversations, &id).hidden =
        json!({"summary": summary, "mission_id": mission, "step_id": scheduled["step_id"]});
    id
}

/// Adds the insights of a conversation.
pub(crate) fn finish(world: &mut World, id: &str) {
    let Some(row) = world.find(ServiceTable::Conversations, id) else { return };
    row.body["status"] = "completed".into();
    row.body["summary"] = row.hidden["summary"].clone();
    let hidden = row.hidden.clone();
    if let Some(mission) = hidden["mission_id"].as_str() {
        let more = json!({"conversation_id": id, "summary": hidden["summary"]});
        world.announce(event::mission(
            "insights_ready",
            mission,
            hidden["step_id"].as_str(),
            &more,
        ));
    }
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let shape = world.settings.insights;
    let row = world
        .find(ServiceTable::Conversations, request.id())
        .ok_or_else(|| not_found("Conversation"))?;
    let is_done = row.body["status"] == "completed";
    let summary = &row.body["summary"];
    let data = match shape {
        InsightsShape::List => {
            let result = is_done.then(|| json!({"insight_id": "default", "result": summary}));
            let result: Vec<_> = result.into_iter().collect();
            json!([{
                "id": row.id, "status": row.body["status"], "created_at": row.body["created_at"],
                "conversation_insights": result,
            }])
        }
        InsightsShape::Object => json!({
            "conversation_id": row.id, "summary": summary, "sentiment": "neutral",
            "key_topics": [], "action_items": [],
        }),
    };
    Ok(ServerResponse::json(200, &json!({"data": data})))
}
