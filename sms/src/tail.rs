//! `sms tail`: each text as it comes or goes.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use state::api::{Client, Error};
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::exit::Exit;
use state::interrupt;
use state::out::{self, Printer};

use crate::{api, line, list};

/// Soon enough for a conversation, and 20 requests a minute.
const PAUSE: Duration = Duration::from_secs(3);
/// How many texts one look takes in.
const LIMIT: &str = "50";
/// How many pages one look goes back: 250 texts in three seconds are more than any account sends.
const MOST_PAGES: usize = 5;

/// Prints a line for each new text until a signal comes or nobody reads any more.
pub(crate) fn run(common: &Common, contact: Option<&str>) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let contact = contact.map(list::number).transpose()?;
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    let clock = config.clock();
    let mut seen = Seen { client, contact, ids: HashSet::new() };
    // The end of a stream that has none is no failure: a signal ends it as a closed pipe does.
    interrupt::unless(move || follow(&mut seen, printer, clock))?.unwrap_or(Ok(Exit::Done))
}

fn follow(seen: &mut Seen, printer: Printer, clock: Clock) -> anyhow::Result<Exit> {
    let mut is_first = true;
    let mut is_troubled = false;
    while !out::reader_is_gone() {
        match seen.look(is_first) {
            Ok(new) => {
                if is_first {
                    out::progress("waiting for texts; Ctrl-C ends it");
                }
                (is_first, is_troubled) = (false, false);
                for message in &new {
                    printer.line(message, || line::message(message))?;
                }
            }
            Err(err) if err.exit() == Exit::Unavailable && !is_first => {
                if !is_troubled {
                    out::warning(&format!("{err}; trying again"));
                }
                is_troubled = true;
            }
            Err(err) => return Err(err.into()),
        }
        std::thread::sleep(clock.period(PAUSE));
    }
    Ok(Exit::Done)
}

/// The texts that were listed so far.
struct Seen {
    client: Client,
    contact: Option<String>,
    /// 36 bytes each, and no more of them than there were texts while this ran.
    ids: HashSet<String>,
}

impl Seen {
    /// The texts that are new since the last look, oldest first. The first look takes what is there as
    /// known.
    fn look(&mut self, is_first: bool) -> Result<Vec<Value>, Error> {
        let mut new = Vec::new();
        // Known from the end of the look on: were a later page not to be had, they would be known and not printed.
        let mut ids = HashSet::new();
        for page in 1..=MOST_PAGES {
            let page = page.to_string();
            let mut query = vec![("limit", LIMIT)];
            query.extend(self.contact.as_deref().map(|contact| ("contact", contact)));
            if page != "1" {
                query.push(("page", &page));
            }
            let listed = api::page(&self.client, &query)?.into_json();
            let messages = api::messages(&listed);
            let n_new = new.len();
            let is_new = |message: &&Value| {
                let name = name(message);
                !self.ids.contains(&name) && ids.insert(name)
            };
            new.extend(messages.iter().filter(is_new).cloned());
            // Further back there is nothing new once a page holds one that is known.
            if is_first || messages.is_empty() || new.len() - n_new < messages.len() {
                break;
            }
        }
        self.ids.extend(ids);
        if is_first {
            new.clear();
        }
        new.reverse();
        new.sort_by(|a, b| a["created_at"].as_str().cmp(&b["created_at"].as_str()));
        Ok(new)
    }
}

/// What a text is recognised by: its id, or all of it where it has none.
fn name(message: &Value) -> String {
    message["id"].as_str().map_or_else(|| message.to_string(), str::to_owned)
}
