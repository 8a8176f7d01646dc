//! The rules by which a program equals the reference (`must` in contract/commands.json), in one place:
//! requests in the same order (extra GETs allowed, repeated polls count once), stdout equal with JSON parts
//! compared as JSON, exit equal (2 for bad arguments is right too), every key of the state there and equal.

use super::Case;
use crate::log::Seen;
use crate::wire::http::Request;
use serde_json::Value;

/// `"$ANY"` stands for any text that is not empty.
fn equal(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::String(any), Value::String(text)) if any == "$ANY" => !text.is_empty(),
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.len() == found.len()
                && wanted.iter().all(|(key, value)| found.get(key).is_some_and(|f| equal(value, f)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| equal(w, f))
        }
        _ => wanted == found,
    }
}

/// One request in the terms of the comparison.
#[derive(Clone, PartialEq)]
struct Sent {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    auth: String,
    body: Value,
}

impl Sent {
    fn wanted(entry: &Value, key: &str) -> Self {
        let text = |name: &str| entry[name].as_str().unwrap_or("").to_owned();
        let request = Request { raw_query: text("query"), ..Request::default() };
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

    fn found(seen: &Seen) -> Self {
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

    fn told(&self) -> String {
        format!("{} {} {:?} [{}] {}", self.method, self.path, self.query, self.auth, self.body)
    }
}

/// Polls that follow each other count once.
fn once(mut sent: Vec<Sent>) -> Vec<Sent> {
    sent.dedup_by(|next, before| next.method == "GET" && next == before);
    sent
}

/// What was sent, in the same order. A command that is refused before it sends anything sends no GET either.
pub(super) fn requests(case: &Case, seen: &[Seen]) -> Vec<String> {
    let wanted = case.requests().iter().map(|entry| Sent::wanted(entry, case.key()));
    let wanted = once(wanted.collect());
    let found = once(seen.iter().map(Sent::found).collect());
    let refused = wanted.is_empty() && case.0["exit"] != 0;
    let mut faults = Vec::new();
    let mut next = wanted.iter().peekable();
    for sent in &found {
        if next.peek().is_some_and(|wanted| wanted.is(sent)) {
            next.next();
        } else if sent.method != "GET" || refused {
            let wanted =
                next.peek().map_or_else(|| "nothing more".to_owned(), |wanted| wanted.told());
            faults.push(format!("sent {}\n  wanted {wanted}", sent.told()));
        }
    }
    faults.extend(next.map(|wanted| format!("did not send {}", wanted.told())));
    faults
}

/// Equal; where the reference exits 1 for bad arguments, 2 is right too.
pub(super) fn exit(case: &Case, code: i32) -> Option<String> {
    let wanted = &case.0["exit"];
    let bad_arguments = *wanted == 1 && case.requests().is_empty() && code == 2;
    let right = wanted.as_i64() == Some(i64::from(code)) || bad_arguments;
    (!right).then(|| format!("exit {code}, wanted {wanted}"))
}

/// A line of text, or a JSON value that began at the start of a line.
#[derive(PartialEq)]
enum Part<'a> {
    Line(&'a str),
    Json(Value),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.starts_with(['{', '[']) {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let end = values.byte_offset();
                parts.push(Part::Json(value));
                rest = rest[end..].strip_prefix('\n').unwrap_or(&rest[end..]);
                continue;
            }
        }
        let (line, tail) = rest.split_once('\n').unwrap_or((rest, ""));
        parts.push(Part::Line(line));
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
pub(super) fn stdout(wanted: &str, found: &str) -> Option<String> {
    let found = plain(found);
    let ends = |text: &str| text.is_empty() || text.ends_with('\n');
    let same = parts(wanted) == parts(&found) && ends(wanted) == ends(&found);
    (!same).then(|| format!("stdout, wanted:\n{wanted}"))
}

/// Every key here is there and equal; more may stand beside it in a mission; times only have to be there.
pub(super) fn state(wanted: &Value, found: Option<&Value>) -> Vec<String> {
    let missing = Value::Null;
    let mut faults = Vec::new();
    for (slug, mission) in wanted.as_object().into_iter().flatten() {
        let stored = found.map_or(&missing, |found| &found[slug]);
        for (key, value) in mission.as_object().into_iter().flatten() {
            let time = matches!(key.as_str(), "created_at" | "last_updated");
            let right = if time { stored[key].is_string() } else { stored[key] == *value };
            if !right {
                faults.push(format!("state: {slug}.{key} is {}, wanted {value}", stored[key]));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(method: &str, path: &str, body: &Value) -> Seen {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = vec![("Authorization".to_owned(), format!("Bearer {}", crate::KEY))];
        let (method, raw_path) = (method.to_owned(), path.to_owned());
        Seen::new(&Request { method, raw_path, headers, body, ..Request::default() })
    }

    fn named(name: &str) -> Case {
        super::super::cases(name).into_iter().next().unwrap()
    }

    #[test]
    fn polls_count_once_and_extra_reads_are_free_but_an_extra_post_is_not() {
        let case = named("appr-yes");
        let asked = json!({"action": "yes please", "require_biometric": false, "expires_in": 300});
        let post = seen("POST", "/v1/approvals", &asked);
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
        let wanted = "Ending…\n{\n  \"a\": \"\\u00e9\",\n  \"b\": 1\n}\n";
        assert_eq!(stdout(wanted, "\u{1b}[32mEnding…\u{1b}[0m\n{\"b\":1,\"a\":\"é\"}\n"), None);
        assert!(stdout(wanted, "Ending...\n{\"b\":1,\"a\":\"é\"}\n").is_some());
        assert!(stdout("[step] x\n", "[step] x").is_some());
        assert!(stdout("{}\n", "{}\n{}\n").is_some());
    }

    #[test]
    fn state_keys_must_be_there_but_more_may_stand_beside_them() {
        let wanted = json!({"s": {"mission_id": "m", "memory": {"a": 1}, "created_at": "then"}});
        let found =
            json!({"s": {"mission_id": "m", "memory": {"a": 1}, "created_at": "now", "x": 1}});
        assert_eq!(state(&wanted, Some(&found)), Vec::<String>::new());
        assert_eq!(state(&wanted, None).len(), 3);
    }
}
