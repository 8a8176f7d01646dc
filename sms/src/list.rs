//! `sms list`: the texts sent and received, a page of them or all.

use serde_json::Value;
use state::api::{Client, Error};
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::Printer;
use state::pages::{Page, read_all};
use state::phone::Phone;

use crate::args::ListArgs;
use crate::{api, summary};

/// Prints one page as the service lists it, or all pages as one.
pub(crate) fn run(common: &Common, args: &ListArgs) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let contact = args.contact.as_deref().map(parse_contact).transpose()?;
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(contact.as_deref().map(|contact| ("contact", contact)));
    query.extend(args.direction.map(|direction| ("direction", direction.word())));
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let listed = if args.all {
        all(&client, &query)?
    } else {
        let page = args.page.map(|page| page.to_string());
        query.extend(page.as_deref().map(|page| ("page", page)));
        api::page(&client, &query)?.into_json()
    };
    printer.print(&listed, || {
        let mut lines: Vec<String> = api::messages(&listed).iter().map(summary::message).collect();
        let count = lines.len();
        let total = listed["pagination"]["total"].as_u64().unwrap_or(count as u64);
        lines.extend([String::new(), format!("Total: {total} messages")]);
        lines.join("\n")
    })?;
    Ok(Exit::Done)
}

/// A number to filter by. Short codes send texts, though none can be sent to them.
pub(crate) fn parse_contact(text: &str) -> Result<String, Fault> {
    let is_short_code = (4..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_short_code { Ok(text.to_owned()) } else { Ok(text.parse::<Phone>()?.to_string()) }
}

/// All pages as one: their messages, each once, in the last page's wrapper.
fn all(client: &Client, query: &[(&str, &str)]) -> Result<Value, Error> {
    let (mut messages, mut listed) = (Vec::new(), Value::Null);
    let fetch = |number: u64| {
        let number = number.to_string();
        let query: Vec<_> = query.iter().copied().chain([("page", number.as_str())]).collect();
        let listed = api::page(client, &query)?;
        let lacks = listed.missing("`messages`");
        Page::of(listed.into_json(), "messages").ok_or(lacks)
    };
    read_all(fetch, |page| {
        messages.extend(page.rows);
        listed = page.wrapper;
        true
    })?;
    listed["messages"] = Value::Array(messages);
    Ok(listed)
}
