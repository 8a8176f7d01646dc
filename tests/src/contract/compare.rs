//! The rules by which a program equals the recorded scripts (`must` in `tests/contract/commands.json`): requests in the same
//! order (extra GETs allowed, repeated polls count once), stdout equal with JSON parts compared as JSON, exit equal (2 for
//! bad arguments is right too), every key of the state there and equal.

use super::case::ContractCase;
use crate::recording::RecordedRequest;
use crate::wire::http::ServerRequest;
use serde_json::Value;

/// `"$ANY"` stands for any text that is not empty.
fn equal(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(any), Value::String(text)) if any == "$ANY" => !text.is_empty(),
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(key, value)| found.get(key).is_some_and(|f| equal(value, f)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(w, f)| equal(w, f))
        }
        _ => expected == found,
    }
}

/// One request in the terms of the comparison.
#[derive(Clone, PartialEq)]
struct ComparedRequest {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    auth: String,
    body: Value,
}

impl ComparedRequest {
    fn expected(entry: &Value, key: &str) -> Self {
        let text = |name: &str| entry[name].as_str().unwrap_or("").to_owned();
        let request = ServerRequest { raw_query: text("query"), ..ServerRequest::default() };
        let mut query = request.pairs();
        query.sort();
        let auth = text("auth").replace("<key>", key);
        Self {
            method: text("method"),
            path: text("path"),
            query,
            auth,
            body: entry["body"].clone(),
        }
    }

    fn found(seen: &RecordedRequest) -> Self {
        let mut query = seen.pairs.clone();
        query.sort();
        Self {
            method: seen.method.clone(),
            path: seen.path.clone(),
            query,
            auth: seen.auth.clone().unwrap_or_default(),
            body: seen.body.clone(),
        }
    }

    fn is(&self, found: &Self) -> bool {
        self.method == found.method
            && self.path == found.path
            && self.query == found.query
            && self.auth == found.auth
            && equal(&self.body, &found.body)
    }

    fn describe(&self) -> String {
        format!("{} {} {:?} [{}] {}", self.method, self.path, self.query, self.auth, self.body)
    }
}

/// Polls that follow each other count once.
fn once(mut sent: Vec<ComparedRequest>) -> Vec<ComparedRequest> {
    sent.dedup_by(|next, before| next.method == "GET" && next == before);
    sent
}

/// The requests, in the same order. A command that is refused before it sends anything sends no GET either.
pub(super) fn requests(case: &ContractCase, seen: &[RecordedRequest]) -> Vec<String> {
    let expected = case.requests().iter().map(|entry| ComparedRequest::expected(entry, case.key()));
    let expected = once(expected.collect());
    let found = once(seen.iter().map(ComparedRequest::found).collect());
    let refused = expected.is_empty() && case.0["exit"] != 0;
    let mut differences = Vec::new();
    let mut next = expected.iter().peekable();
    for sent in &found {
        if next.peek().is_some_and(|expected| expected.is(sent)) {
            next.next();
        } else if sent.method != "GET" || refused {
            let expected = next
                .peek()
                .map_or_else(|| "nothing more".to_owned(), |expected| expected.describe());
            differences.push(format!("sent {}\n  wanted {expected}", sent.describe()));
        }
    }
    differences.extend(next.map(|expected| format!("did not send {}", expected.describe())));
    differences
}

/// Equal; where the script exits 1 for bad arguments, 2 is right too.
pub(super) fn exit(case: &ContractCase, code: i32) -> Option<String> {
    let expected = &case.0["exit"];
    let bad_arguments = *expected == 1 && case.requests().is_empty() && code == 2;
    let right = expected.as_i64() == Some(i64::from(code)) || bad_arguments;
    (!right).then(|| format!("exit {code}, wanted {expected}"))
}

/// A line of text, or a JSON value that began at the start of a line.
#[derive(PartialEq)]
enum StdoutPart<'a> {
    Line(&'a str),
    Json(Value),
}

fn parts(text: &str) -> Vec<StdoutPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.starts_with(['{', '[']) {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let end = values.byte_offset();
                parts.push(StdoutPart::Json(value));
                rest = rest[end..].strip_prefix('\n').unwrap_or(&rest[end..]);
                continue;
            }
        }
        let (line, tail) = rest.split_once('\n').unwrap_or((rest, ""));
        parts.push(StdoutPart::Line(line));
        rest = tail;
    }
    parts
}

/// Colour codes are stripped from what was recorded, so they are from what is printed.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, code)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = code.split_once('m').map_or("", |(_, tail)| tail);
    }
    plain + rest
}

/// Equal, byte for byte but for JSON parts, which are compared as JSON.
pub(super) fn stdout(expected: &str, found: &str) -> Option<String> {
    let found = plain(found);
    let ends = |text: &str| text.is_empty() || text.ends_with('\n');
    let same = parts(expected) == parts(&found) && ends(expected) == ends(&found);
    (!same).then(|| format!("stdout, wanted:\n{expected}"))
}

/// Every key here is there and equal; more may stand beside it in a mission; times only have to be there.
pub(super) fn state(expected: &Value, found: Option<&Value>) -> Vec<String> {
    let missing = Value::Null;
    let mut differences = Vec::new();
    for (slug, mission) in expected.as_object().into_iter().flatten() {
        let stored = found.map_or(&missing, |found| &found[slug]);
        for (key, value) in mission.as_object().into_iter().flatten() {
            let time = matches!(key.as_str(), "created_at" | "last_updated");
            let right = if time { stored[key].is_string() } else { stored[key] == *value };
            if !right {
                differences.push(format!("state: {slug}.{key} is {}, wanted {value}", stored[key]));
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(method: &str, path: &str, body: &Value) -> RecordedRequest {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = vec![("Authorization".to_owned(), format!("Bearer {}", crate::KEY))];
        let (method, raw_path) = (method.to_owned(), path.to_owned());
        RecordedRequest::new(&ServerRequest {
            method,
            raw_path,
            headers,
            body,
            ..ServerRequest::default()
        })
    }

    fn named(name: &str) -> ContractCase {
        crate::contract::cases(name).into_iter().next().unwrap()
    }

    #[test]
    fn polls_count_once_and_extra_reads_are_free_but_an_extra_post_is_not() {
        let case = named("appr-yes");
        let body = json!({"action": "yes please", "require_biometric": false, "expires_in": 300});
        let post = seen("POST", "/v1/approvals", &body);
        let poll = seen("GET", "/v1/approvals/apr_yes", &Value::Null);
        let extra = seen("GET", "/v1/me", &Value::Null);
        let good = [extra, post.clone(), poll.clone(), poll.clone(), poll.clone()];
        assert_eq!(requests(&case, &good), Vec::<String>::new());
        assert_eq!(requests(&case, &[post.clone(), post.clone(), poll]).len(), 1);
        assert_eq!(requests(&case, &[post]).len(), 1);
    }

    #[test]
    fn a_refused_command_sends_nothing_at_all_and_may_exit_with_2() {
        let case = named("call-unknown-opt");
        assert_eq!(requests(&case, &[seen("GET", "/v1/me", &Value::Null)]).len(), 1);
        assert_eq!((exit(&case, 1), exit(&case, 2)), (None, None));
        assert!(exit(&case, 0).is_some() && exit(&named("call-500"), 1).is_some());
    }

    #[test]
    fn json_on_stdout_is_compared_as_json_and_the_rest_byte_for_byte() {
        let expected = "Ending…\n{\n  \"a\": \"\\u00e9\",\n  \"b\": 1\n}\n";
        assert_eq!(stdout(expected, "\u{1b}[32mEnding…\u{1b}[0m\n{\"b\":1,\"a\":\"é\"}\n"), None);
        assert!(stdout(expected, "Ending...\n{\"b\":1,\"a\":\"é\"}\n").is_some());
        assert!(stdout("[step] x\n", "[step] x").is_some());
        assert!(stdout("{}\n", "{}\n{}\n").is_some());
    }

    #[test]
    fn state_keys_must_be_there_but_more_may_stand_beside_them() {
        let expected = json!({"s": {"mission_id": "m", "memory": {"a": 1}, "created_at": "then"}});
        let found =
            json!({"s": {"mission_id": "m", "memory": {"a": 1}, "created_at": "now", "x": 1}});
        assert_eq!(state(&expected, Some(&found)), Vec::<String>::new());
        assert_eq!(state(&expected, None).len(), 3);
    }
}
