//! Lists of people as tables: CSV as spreadsheets and people write it.

use std::collections::BTreeMap;

use state::exit::Fault;

/// What a column of numbers is called.
const NUMBER_COLUMNS: [&str; 14] = [
    "phone",
    "phonenumber",
    "number",
    "mobile",
    "mobilephone",
    "cell",
    "cellphone",
    "tel",
    "telephone",
    "to",
    "telefon",
    "telefonnummer",
    "handy",
    "rufnummer",
];

/// A row: the line on which it begins, and its cells by their columns.
pub(super) struct ListRow {
    pub(super) line: usize,
    pub(super) cells: BTreeMap<String, String>,
}

/// A table with the name of its column of numbers.
pub(super) struct Table {
    pub(super) number: String,
    pub(super) rows: Vec<ListRow>,
}

/// Reads a table with a header. `None` if the first line is no header, but a number.
///
/// Fails (exit 2) if there is a header without a column of numbers, or one twice.
pub(super) fn read(text: &str) -> Result<Option<Table>, Fault> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if first.bytes().filter(u8::is_ascii_digit).count() >= 5 {
        return Ok(None);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(first))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let broken = |err: csv::Error| Fault::usage(format!("the list cannot be read: {err}"));
    let names: Vec<String> =
        reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_lowercase()).collect();
    let is_number = |name: &&String| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        NUMBER_COLUMNS.contains(&plain.as_str())
    };
    let Some(number) = names.iter().find(is_number).cloned() else {
        let found = names.join(", ");
        return Err(Fault::usage(format!("the list has no column `phone`; it has {found}"))
            .hint("the first line names the columns, as in phone,name"));
    };
    if let Some(twice) = names
        .iter()
        .enumerate()
        .find_map(|(n, name)| (!name.is_empty() && names[..n].contains(name)).then_some(name))
    {
        return Err(Fault::usage(format!("the list has the column `{twice}` twice")));
    }
    let mut rows = Vec::new();
    let mut lines = LineCounter { text, at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(broken)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let cells = names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        rows.push(ListRow { line, cells });
    }
    Ok(Some(Table { number, rows }))
}

/// Counts lines up to places that come in their order. (The crate's own count stops before empty lines.)
struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// The line of the first character from a byte on that is no line end.
    fn of(&mut self, byte: u64) -> usize {
        let bytes = self.text.as_bytes();
        let from = usize::try_from(byte).unwrap_or(bytes.len()).clamp(self.at, bytes.len());
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let to = from + bytes[from..].iter().take_while(|byte| is_end(byte)).count();
        self.line += self.text[self.at..to].matches('\n').count();
        self.at = to;
        self.line
    }
}

/// What separates the columns: the character that the header has most of.
fn delimiter(header: &str) -> u8 {
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    best.filter(|delimiter| count(*delimiter) > 0).unwrap_or(b',')
}
