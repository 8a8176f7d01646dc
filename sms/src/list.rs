//! `sms list`: the texts sent and received, a page of them or all.

use std::collections::HashSet;

use serde_json::Value;
use state::api::{Client, Error};
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::out::Printer;
use state::phone::Phone;

use crate::args::ListArgs;
use crate::{api, summary};

/// More pages than an account can fill: a server that always names a next page is not followed for ever.
const MAX_PAGES: u64 = 10_000;

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

/// All pages as one: their messages, each once, in the last page's wrapper. They end at an empty page, or at one that holds
/// nothing new: a page may be shorter than was asked for, and the service's own count may mean other pages.
fn all(client: &Client, query: &[(&str, &str)]) -> Result<Value, Error> {
    let mut messages: Vec<Value> = Vec::new();
    let mut ids = HashSet::new();
    let mut number = 1;
    let mut last: Option<Value> = None;
    let mut listed = loop {
        let page = number.to_string();
        let query: Vec<_> = query.iter().copied().chain([("page", page.as_str())]).collect();
        let listed = match (api::page(client, &query), last) {
            (Ok(listed), _) => listed.into_json(),
            // No error if the service has said that there are no more.
            (Err(_), Some(last)) if is_last(&last, number - 1) => break last,
            (Err(err), _) => return Err(err),
        };
        let before = messages.len();
        // A text that comes in between two pages moves the others down: some are listed twice.
        let is_new = |message: &&Value| ids.insert(api::id_or_content(message));
        messages.extend(api::messages(&listed).iter().filter(is_new).cloned());
        if number >= MAX_PAGES || messages.len() == before {
            break listed;
        }
        number += 1;
        last = Some(listed);
    };
    listed["messages"] = Value::Array(messages);
    Ok(listed)
}

/// Whether a page is the last one by the service's own count.
fn is_last(listed: &Value, number: u64) -> bool {
    listed["pagination"]["pages"].as_u64().is_some_and(|pages| number >= pages)
}
