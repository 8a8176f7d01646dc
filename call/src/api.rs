//! The service's calls (facts/server.md 4.2).

use serde_json::{Map, Value, json};
use state::api::{self, Client, Error};
use state::phone::Phone;

/// A call to be placed.
#[derive(Debug)]
pub struct NewCall {
    /// Whom to call; the owner's own phone if `None`.
    pub to: Option<Phone>,
    /// What is said first.
    pub greeting: Option<String>,
    /// What the call is for.
    pub purpose: Option<String>,
}

impl NewCall {
    /// The body of the request. The purpose goes out under both names that clients of this service use,
    /// since which one it reads is not known (facts/server.md 11).
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        if let Some(to) = &self.to {
            body.insert("to".into(), json!(to.as_str()));
        }
        if let Some(greeting) = &self.greeting {
            body.insert("greeting".into(), json!(greeting));
        }
        if let Some(purpose) = &self.purpose {
            body.insert("context".into(), json!({ "purpose": purpose }));
            body.insert("purpose".into(), json!(purpose));
        }
        Value::Object(body)
    }
}

/// Places a call. The answer holds a `call_id`, or it is no success.
pub fn place(client: &Client, body: &Value) -> Result<Value, Error> {
    client.post("/v1/calls", body)?.with_id("call_id")
}

/// Where a call stands.
pub fn status(client: &Client, id: &str) -> Result<Value, Error> {
    Ok(client.get(&api::path(&["v1", "calls", id])?, &[])?.body)
}

/// Hangs up.
pub fn end(client: &Client, id: &str, reason: &str) -> Result<Value, Error> {
    let path = api::path(&["v1", "calls", id, "end"])?;
    Ok(client.post(&path, &json!({ "reason": reason }))?.body)
}
