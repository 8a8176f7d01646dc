//! The service's messages: sending one, listing them, listing the conversations.

use serde_json::{Map, Value, json};
use state::api::{Client, Error, JsonResponse};
use state::phone::Phone;

/// A text to send, already checked.
#[derive(Debug)]
pub(crate) struct NewMessage {
    /// Who gets it.
    pub(crate) to: Phone,
    /// Its words; may be empty if it has media.
    pub(crate) text: String,
    /// Addresses of pictures and files.
    pub(crate) media: Vec<String>,
}

impl NewMessage {
    /// The body of the request.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("to".into(), json!(self.to.as_str()));
        body.insert("message".into(), json!(self.text));
        if !self.media.is_empty() {
            body.insert("media_urls".into(), json!(self.media));
        }
        body.into()
    }
}

/// Sends a text; `key` makes a repeated request the same one. A reply without an id is no success.
pub(crate) fn send(client: &Client, body: Value, key: &str) -> Result<JsonResponse, Error> {
    let reply = client.post_with_key("/v1/messages/send", body, key)?;
    reply.text("id")?;
    Ok(reply)
}

/// One page of the message list, newest first.
pub(crate) fn page(client: &Client, query: &[(&str, &str)]) -> Result<JsonResponse, Error> {
    let reply = client.get("/v1/messages", query)?;
    if reply.json()["messages"].is_array() { Ok(reply) } else { Err(reply.missing("`messages`")) }
}

/// The messages of a page; none if there is no such list.
pub(crate) fn messages(page: &Value) -> &[Value] {
    page["messages"].as_array().map_or(&[], Vec::as_slice)
}

/// The numbers texted with, and the last text of each.
pub(crate) fn conversations(client: &Client) -> Result<Value, Error> {
    let reply = client.get("/v1/messages/conversations", &[])?;
    if reply.json()["conversations"].is_array() {
        Ok(reply.into_json())
    } else {
        Err(reply.missing("`conversations`"))
    }
}
