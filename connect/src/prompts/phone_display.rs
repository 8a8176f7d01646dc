//! A phone number as people write it.

use state::phone::Phone;

/// A number as people write it: grouped where its plan is North America's (+1 and ten digits), else as
/// E.164, since grouping is each country's own.
pub(crate) fn display(number: &Phone) -> String {
    match number.as_str().strip_prefix("+1") {
        Some(national) if national.len() == 10 => {
            format!("+1 ({}) {}-{}", &national[..3], &national[3..6], &national[6..])
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::display;

    #[test]
    fn only_north_american_numbers_are_grouped() {
        let shown = |number: &str| display(&number.parse().unwrap());
        assert_eq!(shown("+15551234567"), "+1 (555) 123-4567");
        assert_eq!(shown("+442071234567"), "+442071234567");
        assert_eq!(shown("+1555123456"), "+1555123456");
    }
}
