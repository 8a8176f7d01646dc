//! The list of an outreach: a table with a header, a JSON array, or a number on each line.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use state::exit::Fault;
use state::{json, sanitize};

use super::table;

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 80;
/// How large a list may be.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const MOST_ROWS: usize = 50_000;

/// Somebody on a list, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedTarget {
    /// The line on which it stands, or its place in an array or on the command line, from 1.
    pub(crate) line: usize,
    /// The number as it was written.
    pub(crate) number: String,
    /// What they are called.
    pub(crate) name: Option<String>,
    /// All cells by the names of their columns, in lower case.
    pub(crate) columns: BTreeMap<String, String>,
}

/// Reads the list in a file, or on stdin for `-`. Fails (exit 2) if it is none.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<ListedTarget>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(MOST_BYTES + 1).read_to_end(&mut bytes).context("reading stdin")?;
    } else {
        let shown = path.display();
        let file = std::fs::File::open(path)
            .map_err(|err| Fault::usage(format!("the list `{shown}` cannot be read: {err}")))?;
        let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|err| Fault::usage(format!("the list `{shown}` cannot be read: {err}")))?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Fault::usage("the list is larger than 16 MB").into());
    }
    Ok(parse(&bytes)?)
}

/// The targets that a command line names.
pub(crate) fn of_numbers(numbers: &[String]) -> Vec<ListedTarget> {
    let target = |(n, number): (usize, &String)| listed(n + 1, number, None, BTreeMap::new());
    numbers.iter().enumerate().map(target).collect()
}

/// Reads a list. Fails (exit 2) if it is none, with where and why.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<ListedTarget>, Fault> {
    // As csv counts lines, those of the one kind are longer than those of the other.
    let text = &*decoded(bytes)?.replace("\r\n", "\n");
    let targets = match text.trim_start().chars().next() {
        None => Vec::new(),
        Some('[' | '{') => of_json(text)?,
        Some(_) => match table::read(text)? {
            Some(table) => of_table(table),
            None => of_lines(text),
        },
    };
    match targets.len() {
        0 => Err(Fault::usage("the list is empty")
            .hint("write a line for each, such as +13125550142, below a header phone,name")),
        n if n > MOST_ROWS => Err(Fault::usage(format!(
            "the list has {n} rows; at most {MOST_ROWS} are read at once"
        ))),
        _ => Ok(targets),
    }
}

/// The text of a list. Fails for one in another encoding than UTF-8, and names the line.
fn decoded(bytes: &[u8]) -> Result<&str, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Fault::usage("the list is in UTF-16, not in UTF-8")
            .hint("export it as \"CSV UTF-8\", or: iconv -f UTF-16 -t UTF-8 LIST"));
    }
    std::str::from_utf8(bytes).map_err(|err| {
        let line = bytes[..err.valid_up_to()].split(|byte| *byte == b'\n').count();
        Fault::usage(format!("line {line} of the list is not in UTF-8: it is probably in Latin-1"))
            .hint("export it as \"CSV UTF-8\", or: iconv -f LATIN1 -t UTF-8 LIST")
    })
}

fn listed(
    line: usize,
    number: &str,
    name: Option<&str>,
    columns: BTreeMap<String, String>,
) -> ListedTarget {
    let name = name.map(|name| sanitize::line_up_to(name, LONGEST_NAME));
    let name = name.filter(|name| !name.is_empty());
    ListedTarget { line, number: number.trim().to_owned(), name, columns }
}

fn of_table(table: table::Table) -> Vec<ListedTarget> {
    let one = |row: table::ListRow| {
        let cell = |name: &str| row.cells.get(name).map(String::as_str);
        let name = cell("name").or_else(|| cell("company"));
        let number = cell(&table.number).unwrap_or_default().to_owned();
        listed(row.line, &number, name, row.cells.clone())
    };
    table.rows.into_iter().map(one).collect()
}

/// A number on each line, and behind a comma or the like a name.
fn of_lines(text: &str) -> Vec<ListedTarget> {
    let one = |(n, line): (usize, &str)| {
        let (number, name) = line.split_once([',', ';', '\t']).unwrap_or((line, ""));
        let name = name.trim().trim_matches('"').to_owned();
        let columns = BTreeMap::from([("name".to_owned(), name.clone())]);
        listed(n + 1, number.trim().trim_matches('"'), Some(&name), columns)
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(one).collect()
}

fn of_json(text: &str) -> Result<Vec<ListedTarget>, Fault> {
    const EXAMPLE: &str = r#"[{"phone": "+13125550142", "name": "ABC Co"}]"#;
    let wrong = |why: String| {
        Fault::usage(format!("the list is no JSON array of targets: {why}"))
            .hint(format!("write it as in '{EXAMPLE}'"))
    };
    let rows = match serde_json::from_str(text) {
        Ok(Value::Array(rows)) => rows,
        Ok(other) => return Err(wrong(format!("it is {}", json::type_name(&other)))),
        Err(err) => return Err(wrong(err.to_string())),
    };
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    rows.iter()
        .enumerate()
        .map(|(n, row)| match row {
            Value::String(number) => Ok(listed(n + 1, number, None, BTreeMap::new())),
            Value::Object(fields) => {
                let columns: BTreeMap<String, String> =
                    fields.iter().map(|(key, value)| (key.to_lowercase(), plain(value))).collect();
                let keys = ["phone", "to", "number", "phone_number"];
                let number = keys.iter().find_map(|key| columns.get(*key)).cloned();
                let name = columns.get("name").cloned();
                Ok(listed(n + 1, &number.unwrap_or_default(), name.as_deref(), columns))
            }
            other => Err(wrong(format!("item {} is {}", n + 1, json::type_name(other)))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// The lines, numbers and names of a list.
    #[track_caller]
    fn case(list: &[u8], wanted: &[(usize, &str, &str)]) {
        let found = parse(list).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.line, &*one.number, one.name.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, wanted, "{}", String::from_utf8_lossy(list));
    }

    #[test]
    fn lists_are_read_as_people_have_them() {
        let two = [(2, "+13125550142", "ABC Co"), (3, "(312) 555-0143", "Bob")];
        case(b"phone,name\n+13125550142,ABC Co\n(312) 555-0143,Bob\n", &two);
        case(
            b"\xef\xbb\xbfName;Phone Number\r\nABC Co;+13125550142\r\nBob;(312) 555-0143\r\n",
            &two,
        );
        case(b"name\ttel.\nABC Co\t+13125550142\nBob\t(312) 555-0143", &two);
        case(
            b"phone,name\n\n+13125550142,\"ABC, \"\"the\"\" Co\"\n , \n+13125550143,\"a\nb\"\n+1312,c\n",
            &[(3, "+13125550142", "ABC, \"the\" Co"), (5, "+13125550143", "a b"), (7, "+1312", "c")],
        );
        case(
            b"+13125550142\n\n+13125550143, Bob\r\n",
            &[(1, "+13125550142", ""), (3, "+13125550143", "Bob")],
        );
        case(
            br#"["+13125550142", {"phone": 13125550143, "name": "Bob"}, {"name": "x"}]"#,
            &[(1, "+13125550142", ""), (2, "13125550143", "Bob"), (3, "", "x")],
        );
        case(b"phone,name\nABC, Inc,+13125550142\n", &[(2, "ABC", "Inc")]);
        case(
            b"name,phone\n=cmd|' /C calc'!A0,+13125550142\n",
            &[(2, "+13125550142", "=cmd|' /C calc'!A0")],
        );
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (list, wanted) in [
            (&b""[..], "empty"),
            (b"phone,name\n", "empty"),
            (b"\xff\xfep\0h\0", "UTF-16"),
            (b"phone,name\n+1,Ren\xe9\n", "line 2"),
            (b"name,address\nBob,+13125550142\n", "no column `phone`"),
            (b"phone,name,name\n+1,a,b\n", "twice"),
            (b"{\"phone\": 1}", "array"),
            (b"[1]", "item 1"),
            (b"[", "array"),
        ] {
            let fault = parse(list).unwrap_err().to_string();
            assert!(fault.contains(wanted), "{fault}");
        }
    }

    #[test]
    fn ten_thousand_rows_are_read() {
        let mut list = "phone,name\n".to_owned();
        for n in 0..10_000 {
            let (number, name) = (format!("+1312555{n:04}"), format!("N{n}"));
            list += &[number, name].join(",");
            list.push('\n');
        }
        assert_eq!(parse(list.as_bytes()).unwrap().len(), 10_000);
    }
}
