//! The service's approvals: making one, reading one, listing them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use state::api::{Client, Error, JsonResponse, UrlPath};
use state::approval_status;

/// A request to make, its text and times already checked.
#[derive(Debug)]
pub(crate) struct NewApproval<'a> {
    /// What is to be done, in the words that the phone shows.
    pub(crate) action: &'a str,
    /// More about it.
    pub(crate) details: Option<&'a str>,
    /// Whether a biometric check is wanted.
    pub(crate) biometric: bool,
    /// How long the owner has.
    pub(crate) expires_in: Duration,
}

/// Makes a request. Gives its id and the whole reply; a reply without an id is no success.
pub(crate) fn create(
    client: &Client,
    new: &NewApproval<'_>,
) -> Result<(String, JsonResponse), Error> {
    let mut body = Map::new();
    body.insert("action".into(), json!(new.action));
    body.insert("require_biometric".into(), json!(new.biometric));
    body.insert("expires_in".into(), json!(new.expires_in.as_secs()));
    if let Some(details) = new.details {
        body.insert("details".into(), json!(details));
    }
    let reply = client.post("/v1/approvals", Value::Object(body))?;
    let id = approval_status::created_id(&reply)?.to_owned();
    Ok((id, reply))
}

/// The service's object of a request, with its status.
pub(crate) fn status(client: &Client, approval: &UrlPath) -> Result<JsonResponse, Error> {
    client.get(approval.clone(), &[])
}

/// The requests with a status; the service does not promise the shape of the list, so it is passed on whole.
pub(crate) fn list(client: &Client, status: &str) -> Result<Value, Error> {
    Ok(client.get("/v1/approvals", &[("status", status)])?.into_json())
}
