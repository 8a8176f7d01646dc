//! Conversations of calls that were answered, and what the service concludes from them some seconds later.

use super::event;
use super::outcome::Outcome;
use super::refusal::not_found;
use super::route::{Answered, Ask};
use super::settings::Insights;
use super::store::{Table, World};
use crate::clock::micros;
use crate::wire::http::Answer;
use serde_json::{Value, json};

/// A call was answered: the conversation begins, and has no insights yet. Returns its id.
pub(crate) fn begin(
    world: &mut World,
    scheduled: &Value,
    mission: &Value,
    outcome: Outcome,
) -> String {
    let (id, at) = (world.fate.uuid(), micros(world.now()));
    let summary = outcome.insight(scheduled["to_number"].as_str().unwrap_or(""));
    let row = json!({"id": id, "status": "in_progress", "created_at": at, "summary": null});
    world.seed(Table::Conversations, &id, "", row);
    world.row(Table::Conversations, &id).hidden =
        json!({"summary": summary, "mission_id": mission, "step_id": scheduled["step_id"]});
    id
}

/// The insights of a conversation are there.
pub(crate) fn ready(world: &mut World, id: &str) {
    let Some(row) = world.find(Table::Conversations, id) else { return };
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

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    let shape = world.settings.insights;
    let row =
        world.find(Table::Conversations, ask.id()).ok_or_else(|| not_found("Conversation"))?;
    let done = row.body["status"] == "completed";
    let summary = &row.body["summary"];
    let data = match shape {
        Insights::List => {
            let result = done.then(|| json!({"insight_id": "default", "result": summary}));
            let result: Vec<_> = result.into_iter().collect();
            json!([{
                "id": row.id, "status": row.body["status"], "created_at": row.body["created_at"],
                "conversation_insights": result,
            }])
        }
        Insights::Object => json!({
            "conversation_id": row.id, "summary": summary, "sentiment": "neutral",
            "key_topics": [], "action_items": [],
        }),
    };
    Ok(Answer::json(200, &json!({"data": data})))
}
