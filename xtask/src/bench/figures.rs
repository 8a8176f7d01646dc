//! Percentiles, and tables of figures.

use std::time::Duration;

use serde_json::{Value, json};

/// Times in the order of their length.
pub(super) struct Times(Vec<Duration>);

impl Times {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that this share (0 to 1) of all does not exceed; zero if there is none.
    pub(super) fn at(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a position among thousands, and a share between 0 and 1"
        )]
        let place = (share * self.0.len() as f64) as usize;
        self.0.get(place.min(self.0.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// The median, the 99th percentile and the longest, in milliseconds.
    pub(super) fn json(&self) -> Value {
        json!({
            "n": self.0.len(), "p50_ms": millis(self.at(0.5)), "p99_ms": millis(self.at(0.99)),
            "max_ms": millis(self.at(1.0)),
        })
    }
}

/// Milliseconds with two decimals.
pub(super) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Columns as wide as what stands in them; the first is words, the others are figures.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell: &String| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let cell =
                if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
            text.push_str(&cell);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Times, table};
    use std::time::Duration;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(times.at(0.5), Duration::from_millis(51));
        assert_eq!(times.at(0.99), Duration::from_millis(100));
        assert_eq!(times.at(1.0), Duration::from_millis(100));
        assert_eq!(Times::new(Vec::new()).at(0.5), Duration::ZERO);
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["bcd".to_owned(), "1".to_owned()]];
        assert_eq!(table(&rows), "a    10\nbcd   1\n");
    }
}
