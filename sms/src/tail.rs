//! `sms tail`: prints each text as it comes or goes.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use state::api::{Client, Error};
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::exit::Exit;
use state::interrupt;
use state::out::{self, Printer};
use state::pages::id_or_content;

use crate::{api, list, summary};

/// Soon enough for a conversation, and only 20 requests a minute.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// How many texts a page holds.
const PAGE_SIZE: &str = "50";
/// How many pages are read in one poll: 250 texts in three seconds are more than any account sends.
const MAX_PAGES: usize = 5;

/// Prints a line for each new text until a signal comes or nobody reads any more.
pub(crate) fn run(common: &Common, contact: Option<&str>) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let contact = contact.map(list::parse_contact).transpose()?;
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let clock = config.clock();
    let mut feed =
        MessageFeed { client, contact, listed_ids: HashSet::new(), newest_at_start: None };
    // It never ends by itself: stopping it by a signal is no failure, as closing its pipe is none.
    interrupt::run_until_signal(move || follow(&mut feed, printer, clock))?
        .unwrap_or(Ok(Exit::Done))
}

fn follow(feed: &mut MessageFeed, printer: Printer, clock: Clock) -> anyhow::Result<Exit> {
    let mut is_first = true;
    let mut is_failing = false;
    while !out::is_stdout_closed() {
        match feed.poll(is_first) {
            Ok(new) => {
                if is_first {
                    out::progress("waiting for texts; Ctrl-C ends it");
                }
                (is_first, is_failing) = (false, false);
                for message in &new {
                    printer.print_line(message, || summary::message(message))?;
                }
            }
            Err(err) if err.exit() == Exit::Unavailable && !is_first => {
                if !is_failing {
                    out::warning(&format!("{err}; trying again"));
                }
                is_failing = true;
            }
            Err(err) => return Err(err.into()),
        }
        std::thread::sleep(clock.scale_period(POLL_INTERVAL));
    }
    Ok(Exit::Done)
}

/// The message list, read again and again for what is new in it.
struct MessageFeed {
    client: Client,
    contact: Option<String>,
    /// Of the texts listed so far. 36 bytes each, and no more of them than there were texts while this ran.
    listed_ids: HashSet<String>,
    /// When the newest text was made that was there at the start; `None` if there was none.
    newest_at_start: Option<Timestamp>,
}

impl MessageFeed {
    /// The texts that are new since the last poll, oldest first. The first poll gives none: what is there already is not
    /// new.
    fn poll(&mut self, is_first: bool) -> Result<Vec<Value>, Error> {
        let mut new = Vec::new();
        // Only added at the end: if reading a later page fails, these are still new in the next poll.
        let mut ids = HashSet::new();
        for page in 1..=MAX_PAGES {
            let page = page.to_string();
            let mut query = vec![("limit", PAGE_SIZE)];
            query.extend(self.contact.as_deref().map(|contact| ("contact", contact)));
            if page != "1" {
                query.push(("page", &page));
            }
            let listed = api::page(&self.client, &query)?.into_json();
            let messages = api::messages(&listed);
            let n_new = new.len();
            let is_new = |message: &&Value| {
                let id = id_or_content(message);
                !self.listed_ids.contains(&id) && self.is_since_start(message) && ids.insert(id)
            };
            new.extend(messages.iter().filter(is_new).cloned());
            // Nothing further back is new once a page holds a text that was listed before.
            if is_first || messages.is_empty() || new.len() - n_new < messages.len() {
                break;
            }
        }
        self.listed_ids.extend(ids);
        if is_first {
            self.newest_at_start = new.iter().filter_map(created_at).max();
            new.clear();
        }
        new.reverse();
        new.sort_by(|a, b| a["created_at"].as_str().cmp(&b["created_at"].as_str()));
        Ok(new)
    }

    /// Whether a text was made after the start. Where others are deleted older ones move up in the list, and had not been
    /// listed before.
    fn is_since_start(&self, message: &Value) -> bool {
        let is_older = |start: Timestamp| created_at(message).is_some_and(|made| made < start);
        !self.newest_at_start.is_some_and(is_older)
    }
}

fn created_at(message: &Value) -> Option<Timestamp> {
    message["created_at"].as_str()?.parse().ok()
}
