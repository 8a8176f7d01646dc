//! Lists of the service: their wrappers, their pages, and where a list ends.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use state::api::{JsonResponse, UrlPath};
use state::json::id_of;

use super::{ServiceApi, ServiceRow};

/// Pages that `--all` reads at most; far above any account's, and an end to a server that never ends.
const MOST_PAGES: u32 = 1000;

/// How one endpoint counts its pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListFormat {
    /// The key of the list inside the answer.
    pub(super) list: &'static str,
    /// The query's name for the number of the page.
    pub(super) page: &'static str,
    /// The query's name for the length of a page.
    pub(super) size: &'static str,
    /// The length that `telnyx_api.py` asks for; `None` if it asks for none.
    pub(super) default: Option<u32>,
    /// Whether `telnyx_api.py` asks for the first page by its number.
    pub(super) names_first: bool,
}

impl ListFormat {
    /// A list that the service passes on from the carrier behind it.
    pub(super) const CARRIER: Self = Self {
        list: "data",
        page: "page_number",
        size: "page_size",
        default: None,
        names_first: false,
    };
}

/// Which pages of a list to fetch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pages {
    /// One page, the first if no number is given, of a length.
    One(Option<u32>, Option<u32>),
    /// All of them, in pages of a length.
    All(Option<u32>),
}

/// A list as the service sent it, in its wrapper.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    body: Value,
    list: &'static str,
    date: Option<Timestamp>,
}

impl Listing {
    /// Fails if there is no list in it. A bare list gets the wrapper that it should have.
    fn read(answer: JsonResponse, list: &'static str) -> anyhow::Result<Self> {
        let (lacks, date) = (answer.missing(&format!("a list of `{list}`")), answer.date());
        let body = match answer.into_json() {
            Value::Array(rows) => json!({ list: rows }),
            other => other,
        };
        // Some lists come under another name than documented: that is `data` everywhere.
        let list = [list, "data"].into_iter().find(|name| body[*name].is_array()).ok_or(lacks)?;
        Ok(Self { body, list, date })
    }

    /// The whole answer: the list with its `meta` or `pagination`.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }

    /// The rows.
    pub(crate) fn rows(&self) -> Vec<ServiceRow> {
        self.array().iter().cloned().map(ServiceRow::new).collect()
    }

    /// The rows, without copying them.
    pub(crate) fn into_rows(mut self) -> Vec<ServiceRow> {
        let rows = self.body.get_mut(self.list).map(Value::take);
        let Some(Value::Array(rows)) = rows else { return Vec::new() };
        rows.into_iter().map(ServiceRow::new).collect()
    }

    /// Keeps only the rows that are wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&Value) -> bool) {
        if let Some(rows) = self.body.get_mut(self.list).and_then(Value::as_array_mut) {
            rows.retain(is_wanted);
        }
    }

    /// The service's clock when it answered.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.date
    }

    fn array(&self) -> &[Value] {
        self.body[self.list].as_array().map_or(&[], Vec::as_slice)
    }

    /// Adds the rows of the next page that are not in `known` yet; whether there were any. A row that comes in between two
    /// requests moves the others down, so that some are listed twice.
    fn extend(&mut self, next: Self, known: &mut HashSet<String>) -> bool {
        let list = self.list;
        let Value::Object(mut body) = next.body else { return false };
        let more = body.shift_remove(next.list);
        let (Some(rows), Some(Value::Array(more))) = (self.body[list].as_array_mut(), more) else {
            return false;
        };
        let before = rows.len();
        rows.extend(more.into_iter().filter(|row| known.insert(row_key(row))));
        rows.len() > before
    }

    /// How many pages there are, if the service says so. It may count other pages than those it gives, so that nothing but the
    /// error of a page behind them is understood by it.
    fn n_pages(&self) -> Option<u64> {
        ["meta", "pagination"].iter().find_map(|meta| {
            let meta = self.body.get(meta)?;
            meta.get("total_pages").or_else(|| meta.get("pages"))?.as_u64()
        })
    }
}

/// What a row is recognised by: its id, or all of it where it has none.
fn row_key(row: &Value) -> String {
    id_of(row, &["id", "event_id", "scheduled_event_id"]).unwrap_or_else(|| row.to_string())
}

/// Asks for a list by pages.
pub(super) fn fetch(
    api: &ServiceApi,
    path: &UrlPath,
    query: &[(&str, &str)],
    format: ListFormat,
    pages: Pages,
) -> anyhow::Result<Listing> {
    match pages {
        Pages::One(page, size) => {
            let page = page.or_else(|| format.names_first.then_some(1));
            fetch_page(api, path, query, format, (page, size.or(format.default)))
        }
        Pages::All(size) => {
            let size = size.or(format.default).or(Some(100));
            let mut all = fetch_page(api, path, query, format, (Some(1), size))?;
            let n_pages = all.n_pages();
            let mut known: HashSet<String> = all.array().iter().map(row_key).collect();
            // How long a page is tells nothing: a service may give shorter ones than were asked for. Its list ends at an
            // empty page, or at one that it has given before, as a service does that knows no pages.
            for page in 2..=MOST_PAGES {
                if known.is_empty() {
                    break;
                }
                let next = match fetch_page(api, path, query, format, (Some(page), size)) {
                    Err(_) if n_pages.is_some_and(|n_pages| u64::from(page) > n_pages) => break,
                    next => next?,
                };
                if !all.extend(next, &mut known) {
                    break;
                }
            }
            Ok(all)
        }
    }
}

fn fetch_page(
    api: &ServiceApi,
    path: &UrlPath,
    query: &[(&str, &str)],
    format: ListFormat,
    (page, size): (Option<u32>, Option<u32>),
) -> anyhow::Result<Listing> {
    let numbers = [(format.size, size), (format.page, page)];
    let numbers = numbers.map(|(name, number)| (name, number.map(|number| number.to_string())));
    let mut pairs: Vec<(&str, &str)> = query.to_vec();
    for (name, number) in &numbers {
        pairs.extend(number.as_deref().map(|number| (*name, number)));
    }
    Listing::read(api.client.get(path.clone(), &pairs)?, format.list)
}
