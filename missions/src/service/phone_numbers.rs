//! `/v1/numbers/account-phones`: the account's phone numbers. The list does not say where a number rings.

use serde_json::{Value, json};
use state::api::url_path;

use super::list::{self, ListFormat};
use super::{Listing, Pages, ServiceApi, ServiceRow};

const LIST: ListFormat =
    ListFormat { page: "page[number]", size: "page[size]", ..ListFormat::CARRIER };

/// `GET /v1/numbers/account-phones`.
pub(crate) fn list(api: &ServiceApi, pages: Pages) -> anyhow::Result<Listing> {
    list::fetch(api, &"/v1/numbers/account-phones".into(), &[], LIST, pages)
}

/// `GET /v1/numbers/account-phones/available`: the first number that rings nobody, if there is one.
pub(crate) fn available(api: &ServiceApi) -> anyhow::Result<Option<ServiceRow>> {
    let json = api.client.get("/v1/numbers/account-phones/available", &[])?.into_json();
    let wrapped = ["phone", "data"].into_iter().find_map(|name| json.get(name));
    let phone = ServiceRow::new(wrapped.unwrap_or(&Value::Null).clone());
    Ok(phone.id(&["id"]).is_some().then_some(phone))
}

/// `PATCH /v1/numbers/account-phones/{id}`: the number rings that connection from now on.
pub(crate) fn assign(
    api: &ServiceApi,
    id: &str,
    connection: &str,
    kind: &str,
) -> anyhow::Result<ServiceRow> {
    let path = url_path(&["v1", "numbers", "account-phones", id])?;
    api.patch(path, json!({ "connection_id": connection, "type": kind }), &["phone", "data"])
}
