//! Lists of the service that are read to their end: the one place that knows where a list ends.

use std::collections::HashSet;

use serde_json::Value;

use crate::api::{Client, Error, UrlPath};
use crate::text::json::id_of;

/// Far more than any account has, and an end to a server that never ends.
const MAX_PAGES: u64 = 10_000;

/// The keys of an id in a row of a list.
const IDS: [&str; 3] = ["id", "event_id", "scheduled_event_id"];

/// One page of a list: its rows, and the answer that they were taken out of.
#[derive(Debug)]
pub struct Page {
    /// What stood around the list, such as `pagination`.
    pub wrapper: Value,
    /// The rows; of a later page only those that no page before had.
    pub rows: Vec<Value>,
}

impl Page {
    /// Takes the rows out of an answer. They stand under `key`, under `data`, or bare; `None` if there is no list.
    pub fn of(mut answer: Value, key: &str) -> Option<Self> {
        if let Value::Array(rows) = answer {
            return Some(Self { wrapper: Value::Null, rows });
        }
        let list = [key, "data"].into_iter().find(|key| answer[*key].is_array())?;
        let Value::Array(rows) = answer[list].take() else { return None };
        Some(Self { wrapper: answer, rows })
    }

    /// How many pages there are, if the service says so. It may count other pages than those it gives, so that nothing but
    /// the error of a page behind them is understood by it.
    fn n_pages(&self) -> Option<u64> {
        ["meta", "pagination"].iter().find_map(|meta| {
            let meta = self.wrapper.get(meta)?;
            meta.get("total_pages").or_else(|| meta.get("pages"))?.as_u64()
        })
    }
}

/// Fetches the pages of a list, by their numbers from 1, and gives each to `each` until that has enough and gives false.
///
/// How long a page is tells nothing: a service may give shorter ones than were asked for. A list ends at an empty page, or
/// at one with nothing new, as of a service that knows no pages. A row that comes in between two requests moves the others
/// down: those that are listed again are left out.
pub fn read_all<E>(
    mut fetch: impl FnMut(u64) -> Result<Page, E>,
    mut each: impl FnMut(Page) -> bool,
) -> Result<(), E> {
    let mut known = HashSet::new();
    let mut n_pages = None;
    for number in 1..=MAX_PAGES {
        let mut page = match fetch(number) {
            Err(_) if n_pages.is_some_and(|n_pages| number > n_pages) => break,
            page => page?,
        };
        n_pages = page.n_pages().or(n_pages);
        page.rows.retain(|row| known.insert(id_or_content(row)));
        let is_end = page.rows.is_empty();
        if !each(page) || is_end {
            break;
        }
    }
    Ok(())
}

/// What a row is recognised by: its id, or all of it where it has none.
pub fn id_or_content(row: &Value) -> String {
    id_of(row, &IDS).unwrap_or_else(|| row.to_string())
}

/// Where a list stands in its answer, and how its pages are asked for.
pub(super) struct PagedList<'a> {
    pub(super) path: UrlPath,
    pub(super) query: &'a [(&'a str, &'a str)],
    /// The key of the list; some come as `data` instead, or bare.
    pub(super) key: &'a str,
    /// The query's name for the number of the page.
    pub(super) page: &'a str,
}

impl PagedList<'_> {
    /// Gives each row to `each` until that gives false for a whole page: what is wanted may stand behind what is not.
    pub(super) fn read(
        &self,
        client: &Client,
        mut each: impl FnMut(&Value) -> bool,
    ) -> Result<(), Error> {
        let fetch = |number: u64| {
            let number = number.to_string();
            let number = [(self.page, number.as_str())];
            let query: Vec<_> = self.query.iter().copied().chain(number).collect();
            let answer = client.get(self.path.clone(), &query)?;
            let lacks = answer.missing(&format!("a list of `{}`", self.key));
            Page::of(answer.into_json(), self.key).ok_or(lacks)
        };
        read_all(fetch, |page| page.rows.iter().fold(false, |any, row| each(row) | any))
    }
}
