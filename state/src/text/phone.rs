//! Phone numbers in E.164 form, and the numbers that no tool may call or text.

use std::fmt;
use std::str::FromStr;

use crate::exit::Fault;

/// A number in E.164: `+`, then 7 to 15 digits, the first of them not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Prefixes of numbers that cost the caller extra, and what they are. Sources: the numbering plans that the NANP and the
/// ITU publish; +979 is the international premium-rate code.
const PREMIUM: &[(&str, &str)] = &[
    ("+1900", "a US premium-rate number"),
    ("+979", "an international premium-rate number"),
    ("+449", "a UK premium-rate number"),
    ("+4487", "a UK revenue-sharing number"),
    ("+4470", "a UK personal number, billed above a mobile call"),
    ("+49900", "a German premium-rate number"),
    ("+49137", "a German mass-call number"),
    ("+3389", "a French premium-rate number"),
    ("+34803", "a Spanish premium-rate number"),
    ("+34806", "a Spanish premium-rate number"),
    ("+34807", "a Spanish premium-rate number"),
    ("+34905", "a Spanish premium-rate number"),
    ("+39899", "an Italian premium-rate number"),
    ("+39892", "an Italian premium-rate number"),
    ("+61190", "an Australian premium-rate number"),
    ("+31900", "a Dutch premium-rate number"),
    ("+31906", "a Dutch premium-rate number"),
    ("+31909", "a Dutch premium-rate number"),
    ("+3290", "a Belgian premium-rate number"),
    ("+41900", "a Swiss premium-rate number"),
    ("+41901", "a Swiss premium-rate number"),
    ("+41906", "a Swiss premium-rate number"),
    ("+43900", "an Austrian premium-rate number"),
    ("+43930", "an Austrian premium-rate number"),
    ("+46900", "a Swedish premium-rate number"),
    ("+46939", "a Swedish premium-rate number"),
    ("+46944", "a Swedish premium-rate number"),
    ("+35315", "an Irish premium-rate number"),
];

/// Emergency numbers as people dial them; none is ever called or texted by a program.
const EMERGENCY: &[&str] = &[
    "911", "112", "999", "000", "110", "118", "119", "108", "100", "101", "102", "111", "933",
    "988",
];

impl Phone {
    /// The first four digits and the last two, `+1555***67`: enough to recognise, not to dial.
    pub fn masked(&self) -> String {
        format!("{}***{}", &self.0[..5], &self.0[self.0.len() - 2..])
    }

    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses (exit 2) a number that must not be called or texted: N11 services and premium-rate numbers.
    pub fn ensure_callable(&self) -> Result<&Self, Fault> {
        match self.forbidden_kind() {
            Some(why) => {
                Err(Fault::usage(format!("`{self}` is {why}; these tools never call or text it")))
            }
            None => Ok(self),
        }
    }

    /// What kind of number it is, if it is one that must not be called or texted.
    fn forbidden_kind(&self) -> Option<&'static str> {
        if let Some(national) = self.0.strip_prefix("+1").filter(|rest| rest.len() == 10) {
            // N11 cannot be an area code or an exchange: 911, 411 and their like with digits around them.
            if is_n11(&national[..3]) || is_n11(&national[3..6]) {
                return Some("an emergency or N11 service number");
            }
            if &national[3..6] == "976" {
                return Some("a US premium-rate number");
            }
        }
        PREMIUM.iter().find(|(prefix, _)| self.0.starts_with(prefix)).map(|(_, what)| *what)
    }
}

fn is_n11(three: &str) -> bool {
    three.ends_with("11") && !three.starts_with(['0', '1'])
}

impl FromStr for Phone {
    type Err = Fault;

    /// Reads a number; blanks, dots, dashes and brackets are dropped, but only from a number that has its `+`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let trimmed = text.trim();
        let digits: String = trimmed
            .chars()
            .filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '+'))
            .collect();
        let shown = || trimmed.chars().take(40).collect::<String>();
        if is_emergency(&digits) {
            return Err(Fault::usage(format!(
                "`{}` is an emergency or service number; these tools never call or text it",
                shown()
            ))
            .hint("in an emergency, dial it on a phone"));
        }
        let is_e164 = trimmed.starts_with('+')
            && trimmed[1..].find('+').is_none()
            && (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_e164 {
            return Err(Fault::usage(format!(
                "`{}` is no phone number in E.164 form; write + and the country code, as in +15551234567",
                shown()
            )));
        }
        Ok(Self(format!("+{digits}")))
    }
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
    use super::Phone;
    use proptest::prelude::*;

    #[test]
    fn is_normalised_only_with_a_plus() {
        for (text, wanted) in [
            ("+1 (555) 123-4567", "+15551234567"),
            ("+44.20.7123.4567", "+442071234567"),
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
    fn emergency_and_service_numbers_are_refused() {
        for text in
            ["911", "+1911", "112", "+44999", "999", "+1 911", "411", "+1-411", "00", "9-1-1"]
        {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
        for text in [
            "+19115551234",
            "+12129111234",
            "+19005551234",
            "+12129761234",
            "+979123456789",
            "+449098790000",
            "+499001234567",
        ] {
            assert!(text.parse::<Phone>().unwrap().ensure_callable().is_err(), "{text}");
        }
        for text in
            ["+15551234567", "+442071234567", "+13322200013", "+4915112345678", "+33612345678"]
        {
            assert!(text.parse::<Phone>().unwrap().ensure_callable().is_ok(), "{text}");
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
