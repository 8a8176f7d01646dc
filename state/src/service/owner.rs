//! The owner of the account.

use std::time::Duration;

use crate::api::Client;
use crate::text::phone::Phone;

/// The longest wait for the number, which only serves to tell the owner from others.
const WITHIN: Duration = Duration::from_secs(5);

/// The phone of the owner, by the service; `None` if the request fails, or the account has none.
pub fn fetch_phone(client: &Client) -> Option<Phone> {
    let response = client.clone().with_deadline(WITHIN).get("/v1/me", &[]).ok()?;
    response.json()["phone"].as_str()?.parse().ok()
}
