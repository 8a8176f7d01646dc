//! The account's phone numbers (facts/server.md 4.10).

use serde_json::{Value, json};
use state::api::path;

use super::list::Form;
use super::{Api, Listing, Pages, Row};

const LIST: Form = Form { page: "page[number]", size: "page[size]", ..Form::CARRIER };

impl Api {
    /// `GET /v1/numbers/account-phones`.
    pub(crate) fn phones(&self, pages: Pages) -> anyhow::Result<Listing> {
        self.list(&"/v1/numbers/account-phones".into(), &[], LIST, pages)
    }

    /// `GET /v1/numbers/account-phones/available`: the first number that rings nobody, if there is one.
    pub(crate) fn available_phone(&self) -> anyhow::Result<Option<Row>> {
        let json = self.client.get("/v1/numbers/account-phones/available", &[])?.into_json();
        let wrapped = ["phone", "data"].into_iter().find_map(|name| json.get(name));
        let phone = Row::new(wrapped.unwrap_or(&Value::Null).clone());
        Ok(phone.id(&["id"]).is_some().then_some(phone))
    }

    /// `PATCH /v1/numbers/account-phones/{id}`: the number rings that connection from now on.
    pub(crate) fn assign_phone(
        &self,
        id: &str,
        connection: &str,
        kind: &str,
    ) -> anyhow::Result<Row> {
        let path = path(&["v1", "numbers", "account-phones", id])?;
        self.patch(path, json!({ "connection_id": connection, "type": kind }), &["phone", "data"])
    }
}
