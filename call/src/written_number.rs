//! Recognises a phone number in the ways people write one, so that it is never spoken as a greeting to the wrong person.

use state::phone::Phone;

/// How addresses of phones begin.
const SCHEMES: [&str; 5] = ["tel:", "callto:", "sms:", "sip:", "whatsapp:"];

/// What people write between a number and its extension.
const EXTENSIONS: [&str; 6] = [";", "ext", " x", "#", ",", "?"];

/// A number in fewer digits is one of something else: "5 minutes left".
const FEWEST_DIGITS: usize = 7;
/// The same behind a `+`.
const FEWEST_DIGITS_OF_PLUS: usize = 5;

/// The number with which these words begin, as `--to` wants it where that can be told; `None` if they begin with none.
///
/// One argument is a number only as a whole: quoted words behind a number make a greeting of it.
pub(crate) fn leading_number(words: &[String]) -> Option<String> {
    let words: Vec<String> = words.iter().map(|word| word.chars().map(narrow).collect()).collect();
    let first = words.first()?.trim();
    let lower = first.to_ascii_lowercase();
    if let Some(scheme) = SCHEMES.iter().find(|scheme| lower.starts_with(**scheme)) {
        return Some(for_option(&first[scheme.len()..]));
    }
    if words.len() == 1 {
        return (is_number(without_extension(first)) || is_in_letters(first))
            .then(|| for_option(first));
    }
    let n_words = words.iter().take_while(|word| is_part(without_extension(word))).count();
    let number = words[..n_words].join(" ");
    (is_number(without_extension(&number)) || is_in_letters(first))
        .then(|| if n_words == 0 { for_option(first) } else { for_option(&number) })
}

/// `+15551234567` where it has its `+`, else what is missing.
fn for_option(text: &str) -> String {
    if is_in_letters(text) {
        return "NUMBER, in digits".to_owned();
    }
    let number = without_extension(text);
    number.parse::<Phone>().map_or_else(
        |_| {
            let digits: String = number.chars().filter(char::is_ascii_digit).take(15).collect();
            format!("+COUNTRY{digits}")
        },
        |phone| phone.to_string(),
    )
}

/// A full-width character as the plain one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => ' ',
        c => c,
    }
}

fn is_part(text: &str) -> bool {
    let is_separator = |c: char| matches!(c, ' ' | '.' | '-' | '(' | ')' | '/' | '+');
    !text.is_empty() && text.chars().all(|c| c.is_numeric() || is_separator(c))
}

fn is_number(text: &str) -> bool {
    let n_digits = text.chars().filter(|c| c.is_numeric()).count();
    let fewest =
        if text.trim_start().starts_with('+') { FEWEST_DIGITS_OF_PLUS } else { FEWEST_DIGITS };
    is_part(text) && n_digits >= fewest
}

/// `1-800-FLOWERS`
fn is_in_letters(text: &str) -> bool {
    let is_written = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    let is_plain = text.chars().all(|c| is_written(c) || matches!(c, '-' | '.' | '(' | ')' | '+'));
    let n_digits = text.chars().filter(char::is_ascii_digit).count();
    let n_all = text.chars().filter(|c| is_written(*c)).count();
    is_plain
        && n_digits >= 3
        && (10..=15).contains(&n_all)
        && n_all > n_digits
        && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '('))
        && text.contains(['-', '.', '('])
}

fn without_extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let end = EXTENSIONS.iter().filter_map(|mark| lower.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim()
}

#[cfg(test)]
mod tests {
    use super::leading_number;

    #[track_caller]
    fn case(line: &[&str], wanted: Option<&str>) {
        let words: Vec<String> = line.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(leading_number(&words).as_deref(), wanted, "{line:?}");
    }

    #[test]
    fn a_number_is_known_however_it_is_written() {
        for line in [
            &["+1 (555) 123-4567"][..],
            &["+1", "(555)", "123-4567"],
            &["+15551234567", "hello there"],
            &["+1-555-123-4567", "hello", "there"],
            &["tel:+15551234567"],
            &["TEL:+1-555-123-4567;ext=12"],
            &["+15551234567;ext=12"],
            &["+1 555 123 4567 ext. 12"],
            &["+1.555.123.4567 x12"],
            &["+15551234567,,12#"],
            &["＋１５５５１２３４５６７"],
            &["+1\u{a0}555\u{2011}123\u{2011}4567"],
        ] {
            case(line, Some("+15551234567"));
        }
        case(&["(312) 555-0142"], Some("+COUNTRY3125550142"));
        case(&["312", "555", "0142", "hi"], Some("+COUNTRY3125550142"));
        case(&["312.555.0142"], Some("+COUNTRY3125550142"));
        case(&["tel:911"], Some("+COUNTRY911"));
        case(&["1-800-FLOWERS"], Some("NUMBER, in digits"));
        case(&["٠١٢٣٤٥٦٧٨٩"], Some("+COUNTRY"));
    }

    #[test]
    fn a_greeting_may_hold_numbers() {
        for line in [
            &["hello there"][..],
            &["5", "minutes", "left"],
            &["+1", "for", "that"],
            &["10-4"],
            &["+13125550142 called and wants you back"],
            &["Call +13125550142"],
            &["99 problems"],
            &["24/7"],
            &["2 x 3 is 6"],
            &["external"],
            &["COVID-19 UPDATE"],
            &["é, x1"],
            &[""],
        ] {
            case(line, None);
        }
        case(&[], None);
    }
}
