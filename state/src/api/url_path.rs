//! Paths and queries of requests. An id from a command line is data: it cannot change which endpoint is called.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::exit::Fault;
use crate::text::sanitize;

/// What is percent-encoded in a segment or a query: all but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest id that is sent, in bytes. The longest known one of the service has 46.
const MAX_LENGTH: usize = 512;

/// A path below the service's address, such as `/v1/calls/call_1`, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPath(String);

/// Builds a path from segments, each percent-encoded: `url_path(&["v1", "calls", id])`.
///
/// Fails (exit 2) for a segment that is blank, `.` or `..`, with which it would be the path of another endpoint, or longer
/// than 512 bytes.
pub fn url_path(segments: &[&str]) -> Result<UrlPath, Fault> {
    let mut path = String::new();
    for segment in segments {
        let segment = segment.trim();
        if segment.is_empty() || matches!(segment, "." | "..") || segment.len() > MAX_LENGTH {
            let found = sanitize::line_up_to(segment, 40);
            return Err(Fault::usage(format!("`{found}` is no id"))
                .hint("give the id as it was printed when the thing was made"));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    Ok(UrlPath(path))
}

impl From<&'static str> for UrlPath {
    /// A path that is a literal of the program. One with an id in it is built by [`url_path`].
    fn from(literal: &'static str) -> Self {
        Self(literal.to_owned())
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `?a=1&b=2`, each name and value percent-encoded; nothing for no pairs.
pub(super) fn query(pairs: &[(String, String)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.extend(utf8_percent_encode(name, ENCODED));
        query.push('=');
        query.extend(utf8_percent_encode(value, ENCODED));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::{query, url_path};
    use percent_encoding::percent_decode_str;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[track_caller]
    fn case(id: &str, wanted: &str) {
        assert_eq!(url_path(&["v1", "calls", id, "end"]).unwrap().to_string(), wanted);
    }

    #[test]
    fn an_id_stays_one_segment() {
        case("call_1", "/v1/calls/call_1/end");
        case(" call_1\n", "/v1/calls/call_1/end");
        case("a/../b", "/v1/calls/a%2F..%2Fb/end");
        case("x?limit=1#y%2F", "/v1/calls/x%3Flimit%3D1%23y%252F/end");
        case("é", "/v1/calls/%C3%A9/end");
        for id in ["", "  ", ".", "..", &"x".repeat(513)] {
            let fault = url_path(&["v1", "calls", id]).unwrap_err();
            assert_eq!(fault.exit(), crate::exit::Exit::Usage, "{id:?}");
        }
    }

    #[test]
    fn a_query_keeps_its_plus_and_its_brackets() {
        let pairs = [("page[size]", "20"), ("contact", "+15551234567")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(query(&pairs), "?page%5Bsize%5D=20&contact=%2B15551234567");
        assert_eq!(query(&[]), "");
    }

    proptest! {
        #[test]
        fn no_id_changes_the_number_of_segments(id in any::<String>()) {
            if let Ok(path) = url_path(&["v1", &id, "end"]) {
                let path = path.to_string();
                prop_assert!(path.is_ascii() && !path.contains(['?', '#', '\\', ' ']));
                let segments: Vec<&str> = path.split('/').collect();
                prop_assert_eq!(segments.len(), 4);
                let decoded = percent_decode_str(segments[2]).decode_utf8().unwrap();
                prop_assert_eq!(decoded, id.trim());
            }
        }
    }
}
