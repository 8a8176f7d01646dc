//! The service's calls: placing one, reading one, hanging up.

use serde_json::{Map, Value, json};
use state::api::{Client, Error, UrlPath};
use state::phone::Phone;

/// A call to place, its number and words already checked.
#[derive(Debug)]
pub(crate) struct NewCall {
    /// Whom to call; the owner's own phone if `None`.
    pub(crate) to: Option<Phone>,
    /// What the other side hears first.
    pub(crate) greeting: Option<String>,
    /// What the call is for.
    pub(crate) purpose: Option<String>,
}

impl NewCall {
    /// The body of the request. The purpose goes out under both names that clients of this service use: it is not known
    /// which of them it reads.
    pub(crate) fn body(&self) -> Value {
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

/// Places a call; `key` makes a repeated request the same one. Gives its id and the whole reply; a reply without an id
/// is no success.
pub(crate) fn place(client: &Client, body: Value, key: &str) -> Result<(String, Value), Error> {
    let reply = client.post_with_key("/v1/calls", body, key)?;
    let id = reply.text("call_id")?.to_owned();
    Ok((id, reply.into_json()))
}

/// The service's object of a call, with its status.
pub(crate) fn status(client: &Client, call: &UrlPath) -> Result<Value, Error> {
    Ok(client.get(call.clone(), &[])?.into_json())
}

/// Hangs up.
pub(crate) fn end(client: &Client, call: UrlPath, reason: &str) -> Result<Value, Error> {
    Ok(client.post(call, json!({ "reason": reason }))?.into_json())
}
