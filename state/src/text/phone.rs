//! Phone numbers: E.164 or nothing, and the numbers that no tool may call or text.

use std::fmt;
use std::str::FromStr;

use super::numbering::{Country, NumberingPlan};
use super::{invisible, sanitize};
use crate::exit::Fault;

/// A number in E.164: `+`, then 7 to 15 digits, the first of them not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Emergency numbers as people dial them; none is ever called or texted by a program.
const EMERGENCY: &[&str] = &[
    "911", "112", "999", "000", "110", "118", "119", "108", "100", "101", "102", "111", "933",
    "988",
];

impl Phone {
    /// Reads a number of a list: in E.164, or as it is dialled inside `country`.
    ///
    /// Fails (exit 2) for anything else, with what was found.
    pub fn parse_in(text: &str, country: Option<&Country>) -> Result<Self, Fault> {
        let trimmed = text.trim();
        let trimmed = trimmed.strip_prefix("tel:").unwrap_or(trimmed);
        let shown = || sanitize::line_up_to(trimmed, 40);
        let digits: String = trimmed.chars().filter(char::is_ascii_digit).collect();
        let is_plain = |c: char| {
            c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/')
        };
        if trimmed.starts_with('+') {
            return trimmed.parse();
        }
        if is_rounded(trimmed) {
            let text = format!(
                "`{}` is a number that a spreadsheet has rounded: digits are lost",
                shown()
            );
            return Err(Fault::usage(text).hint("format the column as text, and export it again"));
        }
        if is_emergency(&digits) || digits.is_empty() {
            return trimmed.parse();
        }
        invisible::refuse_unseen(|| format!("`{}`", shown()), trimmed)?;
        if !trimmed.chars().all(is_plain) {
            return Err(Fault::usage(format!("`{}` is no phone number", shown())));
        }
        let Some(country) = country else {
            return Err(Fault::usage(format!("`{}` has no country code", shown()))
                .hint("write + and the country code, or give --country, as in --country US"));
        };
        match country.international(&digits) {
            Ok(digits) => format!("+{digits}").parse(),
            Err(why) => Err(Fault::usage(format!("`{}` is {why}", shown()))),
        }
    }

    /// The first four digits and the last two, `+1555***67`: enough to recognise, not to dial.
    pub fn masked(&self) -> String {
        format!("{}***{}", &self.0[..5], &self.0[self.0.len() - 2..])
    }

    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses (exit 2) a number that must not be called or texted: an emergency service, and, unless the owner allows it,
    /// one that bills its caller more than a call, and one that cannot be, by its country code or its length.
    pub fn ensure_callable(&self, allowed: &AllowedNumbers) -> Result<&Self, Fault> {
        let why = match self.forbidden_kind() {
            None => return Ok(self),
            Some(_) if allowed.0.contains(self) && !self.is_service() => return Ok(self),
            Some(why) => why,
        };
        Err(Fault::usage(format!("`{self}` is {why}; these tools never call or text it")))
    }

    /// What is wrong with it, if it must not be called or texted.
    fn forbidden_kind(&self) -> Option<String> {
        if self.is_service() {
            return Some("an emergency or N11 service number".to_owned());
        }
        let Some((plan, national)) = NumberingPlan::of(&self.0[1..]) else {
            return Some("no phone number: no country has its country code".to_owned());
        };
        if let Some(what) = plan.premium(national) {
            return Some(what.to_owned());
        }
        let unfit = plan.check(national).err()?;
        let (code, length) = (plan.code(), national.len());
        Some(format!("no phone number: behind +{code} {unfit}, not {length}"))
    }

    /// Whether a North American network may take its first digits for 911 or the like, whatever follows.
    fn is_service(&self) -> bool {
        self.0.strip_prefix("+1").and_then(|national| national.get(..3)).is_some_and(is_n11)
    }
}

/// Numbers that the owner allows although our tables refuse them: premium ones, and those of a range that we do not know.
/// Never an emergency number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedNumbers(Vec<Phone>);

impl AllowedNumbers {
    /// Exactly these numbers.
    pub fn new(numbers: Vec<Phone>) -> Self {
        Self(numbers)
    }
}

/// `4.9E+11`, as spreadsheets write long numbers.
fn is_rounded(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.parse::<f64>().is_ok();
    is_number(&number.replace(',', ".")) && is_number(power)
}

fn is_n11(three: &str) -> bool {
    three.ends_with("11") && !three.starts_with(['0', '1'])
}

impl FromStr for Phone {
    type Err = Fault;

    /// Reads a number; blanks, dots, dashes and brackets are dropped, but only from a number that has its `+`. So is a trunk
    /// prefix behind the country code, as in `+44 (0)20`, where the country has one.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let trimmed = text.trim();
        let digits: String = trimmed
            .chars()
            .filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '+'))
            .collect();
        let shown = || sanitize::line_up_to(trimmed, 40);
        if is_emergency(&digits) {
            return Err(Fault::usage(format!(
                "`{}` is an emergency or service number; these tools never call or text it",
                shown()
            ))
            .hint("in an emergency, dial it on a phone"));
        }
        invisible::refuse_unseen(|| format!("`{}`", shown()), trimmed)?;
        let number = written(trimmed, &digits);
        let is_e164 = trimmed.starts_with('+')
            && trimmed[1..].find('+').is_none()
            && (7..=15).contains(&number.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_e164 {
            return Err(Fault::usage(format!(
                "`{}` is no phone number in E.164 form; write + and the country code, as in +15551234567",
                shown()
            )));
        }
        Ok(Self(format!("+{number}")))
    }
}

/// The digits of a number without the trunk prefix that somebody wrote behind the country code.
fn written(text: &str, digits: &str) -> String {
    let Some((plan, national)) = NumberingPlan::of(digits) else { return digits.to_owned() };
    // Brackets around it say that it is the trunk prefix, also where a number may begin with one.
    let behind_code = text.get(1 + plan.code().len()..).unwrap_or_default();
    let is_bracketed = behind_code.trim_start().starts_with("(0)") && plan.trunk() == Some("0");
    let bare = national.strip_prefix('0').filter(|_| is_bracketed);
    format!("{}{}", plan.code(), bare.unwrap_or_else(|| plan.without_trunk(national)))
}

/// An emergency or N11 number as dialled, or behind a country code (`+1911`, `+44 999`).
fn is_emergency(digits: &str) -> bool {
    let is_short = |rest: &str| EMERGENCY.contains(&rest) || (rest.len() == 3 && is_n11(rest));
    is_short(digits)
        || (digits.len() <= 6 && (1..=3).any(|n| digits.get(n..).is_some_and(is_short)))
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowedNumbers, Phone};
    use proptest::prelude::*;

    #[test]
    fn is_normalised_only_with_a_plus() {
        for (text, wanted) in [
            ("+1 (555) 123-4567", "+15551234567"),
            ("+44.20.7123.4567", "+442071234567"),
            ("+44 (0)20 7123 4567", "+442071234567"),
            ("+49 (0) 30 901820", "+4930901820"),
            ("+81(0)312345678", "+81312345678"),
            ("+39 06 698 12345", "+390669812345"),
            (" +15551234567 ", "+15551234567"),
        ] {
            assert_eq!(text.parse::<Phone>().unwrap().as_str(), wanted);
        }
        for text in [
            "5551234567",
            "(555) 123-4567",
            "banana",
            "",
            "+",
            "+0123456789",
            "++15551234567",
            "+1555123456789012",
            "+1555",
            "+1555123456x",
            "15551234567",
        ] {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
    }

    #[test]
    fn national_forms_are_read_by_their_country() {
        let us = "US".parse().unwrap();
        for text in [
            "(312) 555-0142",
            "312.555.0142",
            "1-312-555-0142",
            "+1 312 555 0142",
            "tel:+13125550142",
        ] {
            assert_eq!(Phone::parse_in(text, Some(&us)).unwrap().as_str(), "+13125550142");
        }
        for text in
            ["4.9E+11", "4,9E+11", "911", "312 555", "312-555-0142 x5", "1-800-FLOWERS", "", "Bob"]
        {
            assert!(Phone::parse_in(text, Some(&us)).is_err(), "{text}");
        }
        assert!(Phone::parse_in("(312) 555-0142", None).is_err());
        let rounded = Phone::parse_in("4.9E+11", Some(&us)).unwrap_err();
        assert!(rounded.to_string().contains("rounded"), "{rounded}");
    }

    #[test]
    fn emergency_and_service_numbers_are_refused() {
        for text in
            ["911", "+1911", "112", "+44999", "999", "+1 911", "411", "+1-411", "00", "9-1-1"]
        {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
        for text in [
            "+19115551234",
            "+19005551234",
            "+44 (0)909 879 0000",
            "+121297612340",
            "+1415555267",
            "+191155512345",
            "+881612345678",
            "+999123456789",
            "+12129761234",
            "+979123456789",
            "+449098790000",
            "+499001234567",
        ] {
            assert!(
                text.parse::<Phone>().unwrap().ensure_callable(&AllowedNumbers::default()).is_err(),
                "{text}"
            );
        }
        for text in [
            "+15551234567",
            "+442071234567",
            "+13322200013",
            "+4915112345678",
            "+33612345678",
            "+353 1 543 1000",
            "+1 855 211 1234",
            "+1 800 976 1234",
            "+1 822 411 0000",
        ] {
            assert!(
                text.parse::<Phone>().unwrap().ensure_callable(&AllowedNumbers::default()).is_ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn the_owner_may_allow_a_number_that_is_no_emergency_number() {
        let phone = |text: &str| text.parse::<Phone>().unwrap();
        for text in
            ["+449098790000", "+881612345678", "+12129761234", "+1415555267", "+999123456789"]
        {
            let allowed = AllowedNumbers::new(vec![phone(text)]);
            assert!(phone(text).ensure_callable(&allowed).is_ok(), "{text}");
            assert!(
                phone("+19005551234").ensure_callable(&allowed).is_err(),
                "{text} and no other"
            );
        }
        for text in ["+19115551234", "+191155512345", "+1911555", "+14115551234"] {
            let allowed = AllowedNumbers::new(vec![phone(text)]);
            assert!(phone(text).ensure_callable(&allowed).is_err(), "{text}");
        }
    }

    #[test]
    fn a_masked_number_shows_its_ends() {
        assert_eq!("+15551234567".parse::<Phone>().unwrap().masked(), "+1555***67");
    }

    proptest! {
        #[test]
        fn every_phone_is_e164(text in "[+0-9(). -]{0,24}") {
            if let Ok(phone) = text.parse::<Phone>() {
                let digits = phone.as_str().strip_prefix('+').unwrap();
                prop_assert!((7..=15).contains(&digits.len()));
                prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'));
                prop_assert_eq!(phone.as_str().parse::<Phone>().unwrap(), phone);
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Phone>();
        }
    }
}
