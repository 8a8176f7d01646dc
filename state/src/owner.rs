//! The owner's own phone, as the service knows it.

use std::time::Duration;

use crate::api::Client;
use crate::phone::Phone;

/// Nobody waits longer for an answer that only tells one number from others.
const WITHIN: Duration = Duration::from_secs(5);

/// The phone of the account's owner; `None` if the service does not say it now, or knows of none.
pub fn phone(client: &Client) -> Option<Phone> {
    let answer = client.clone().with_deadline(WITHIN).get("/v1/me", &[]).ok()?;
    answer.json()["phone"].as_str()?.parse().ok()
}
