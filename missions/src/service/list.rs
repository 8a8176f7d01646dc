//! Lists of the service: their wrappers, and how their pages are asked for.

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use state::api::{JsonResponse, UrlPath};
use state::pages::{Page, read_all};

use super::{ServiceApi, ServiceRow};

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
        let rows = self.body[self.list].as_array();
        rows.into_iter().flatten().cloned().map(ServiceRow::new).collect()
    }

    /// The rows, without copying them.
    pub(crate) fn into_rows(mut self) -> Vec<ServiceRow> {
        self.take_rows().into_iter().map(ServiceRow::new).collect()
    }

    fn take_rows(&mut self) -> Vec<Value> {
        match self.body[self.list].take() {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        }
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
            // The wrapper is that of the first page.
            let mut all: Option<Listing> = None;
            let fetch = |number| {
                let number = u32::try_from(number).ok();
                let mut page = fetch_page(api, path, query, format, (number, size))?;
                let rows = page.take_rows();
                let wrapper = page.body.clone();
                all.get_or_insert(page);
                anyhow::Ok(Page { wrapper, rows })
            };
            let mut rows = Vec::new();
            read_all(fetch, |page| {
                rows.extend(page.rows);
                true
            })?;
            let mut all = all.context("a list has one page at least")?;
            all.body[all.list] = Value::Array(rows);
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
