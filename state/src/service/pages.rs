//! Lists of the service that are read to their end.

use serde_json::Value;

use crate::api::{Client, Error, UrlPath};

/// Far more than any account has, and an end to a server that never ends.
const MAX_PAGES: u32 = 1_000;

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
    /// Gives each row to `each` until that gives false for a whole page. A list ends at an empty page or one that repeats the one before.
    pub(super) fn read(
        &self,
        client: &Client,
        mut each: impl FnMut(&Value) -> bool,
    ) -> Result<(), Error> {
        let mut before = Vec::new();
        for number in 1..=MAX_PAGES {
            let number = number.to_string();
            let query: Vec<_> =
                self.query.iter().copied().chain([(self.page, number.as_str())]).collect();
            let answer = client.get(self.path.clone(), &query)?;
            let lacks = answer.missing(&format!("a list of `{}`", self.key));
            let rows = match answer.into_json() {
                Value::Array(rows) => rows,
                mut other => {
                    match [self.key, "data"].iter().find_map(|key| match other[*key].take() {
                        Value::Array(rows) => Some(rows),
                        _ => None,
                    }) {
                        Some(rows) => rows,
                        None => return Err(lacks),
                    }
                }
            };
            // Whole pages: what is wanted may stand behind what is not.
            let is_wanted = rows.iter().fold(false, |any, row| each(row) | any);
            if rows.is_empty() || rows == before || !is_wanted {
                break;
            }
            before = rows;
        }
        Ok(())
    }
}
