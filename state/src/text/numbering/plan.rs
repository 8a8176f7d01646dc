//! What is known of a country code's numbers.

/// One line a country code: see the comments at its top.
pub(super) const TABLE: &str = include_str!("plans.txt");

/// Codes of no country that cost the caller more than a call: satellite phones, and premium services of all countries.
const COSTLY: [(&str, &str); 5] = [
    ("870", "a satellite phone's number"),
    ("881", "a satellite phone's number"),
    ("882", "a number of an international network, such as a satellite phone's"),
    ("883", "a number of an international network, such as a satellite phone's"),
    ("979", "an international premium-rate number"),
];

/// The exchange 976 of an area code bills the caller, which the metadata does not know; toll-free codes (800, 822, 833 to
/// 888) have none such.
fn has_exchange_976(national: &str) -> bool {
    let is_toll_free =
        |code: &str| code == "800" || (code.starts_with('8') && code[1..2] == code[2..]);
    national.get(..3).is_some_and(|code| !is_toll_free(code)) && national.get(3..6) == Some("976")
}

/// The numbering plan of one country code.
#[derive(Clone, Copy, Debug)]
pub struct NumberingPlan {
    /// Without its `+`.
    code: &'static str,
    lengths: &'static str,
    trunk: &'static str,
    premium: &'static str,
}

impl NumberingPlan {
    /// The plan of the digits of an international number (without `+`), and the rest behind its country code. `None` if no
    /// country has such a code.
    pub fn of(digits: &str) -> Option<(Self, &str)> {
        // No code is the beginning of another.
        TABLE.lines().find_map(|line| {
            let mut fields = line.split('|');
            let code = fields.next()?;
            let national = digits.strip_prefix(code)?;
            let mut next = || fields.next().unwrap_or_default();
            Some((Self { code, lengths: next(), trunk: next(), premium: next() }, national))
        })
    }

    /// The country code, without `+`.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The digit or digits that are dialled before a national number inside the country, and are no part of it: `0` mostly.
    pub fn trunk(self) -> Option<&'static str> {
        let trunk = self.trunk.trim_end_matches('?');
        (!trunk.is_empty()).then_some(trunk)
    }

    /// A national number without a trunk prefix that somebody wrote behind the country code. It stays where it belongs to the
    /// number: in Italy, and where only its length tells.
    pub fn without_trunk(self, national: &str) -> &str {
        let Some(bare) = self.trunk().and_then(|trunk| national.strip_prefix(trunk)) else {
            return national;
        };
        let is_ambiguous = self.trunk.ends_with('?');
        let is_meant = self.check(bare).is_ok() && (!is_ambiguous || self.check(national).is_err());
        if is_meant { bare } else { national }
    }

    /// Refuses a length that the country does not have, or that it has for other beginnings only; the error names those in use. A
    /// beginning that is not in use yet may have any of its lengths.
    pub fn check(self, national: &str) -> Result<(), String> {
        let first = national.chars().next();
        let begins = |digits: &str| first.is_some_and(|first| digits.contains(first));
        let lengths = || {
            self.lengths.split(',').map(|one| {
                let (length, digits) =
                    one.split_once(':').map_or((one, None), |(l, d)| (l, Some(d)));
                (length.parse::<usize>().unwrap_or_default(), digits)
            })
        };
        let is_known = lengths().any(|(_, digits)| digits.is_none_or(begins));
        let fits = |(length, digits): (usize, Option<&str>)| {
            length == national.len() && (!is_known || digits.is_none_or(begins))
        };
        if lengths().any(fits) {
            return Ok(());
        }
        let listed: Vec<_> = lengths().map(|(length, _)| length.to_string()).collect();
        let listed = match listed.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => "no".to_owned(),
        };
        Err(format!("its numbers have {listed} digits"))
    }

    /// What a national number is, if calling it costs more than a call.
    pub fn premium(self, national: &str) -> Option<&'static str> {
        if let Some((_, what)) = COSTLY.iter().find(|(code, _)| *code == self.code) {
            return Some(what);
        }
        if self.code == "1" && has_exchange_976(national) {
            return Some("a US premium-rate number");
        }
        let is_premium = self.premium.split(' ').any(|rule| {
            let (prefix, lengths) =
                rule.split_once(':').map_or((rule, None), |(p, l)| (p, Some(l)));
            let has_length = |length: &str| length.parse() == Ok(national.len());
            !prefix.is_empty()
                && national.starts_with(prefix)
                && lengths.is_none_or(|lengths| lengths.split(',').any(has_length))
        });
        is_premium.then_some("a premium-rate number")
    }
}

#[cfg(test)]
mod tests {
    use super::NumberingPlan;

    fn plan(digits: &str) -> (NumberingPlan, &str) {
        NumberingPlan::of(digits).unwrap_or_else(|| panic!("{digits} has no country"))
    }

    #[test]
    fn a_country_code_is_found_whatever_its_length() {
        for (digits, code, national) in [
            ("15551234567", "1", "5551234567"),
            ("442079460000", "44", "2079460000"),
            ("35315550123", "353", "15550123"),
            ("87077000000", "870", "77000000"),
        ] {
            let (plan, rest) = plan(digits);
            assert_eq!((plan.code(), rest), (code, national));
        }
        let codes = || {
            super::TABLE
                .lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split('|').next())
        };
        for code in codes() {
            assert_eq!(codes().filter(|other| code.starts_with(other)).count(), 1, "{code}");
        }
        for unknown in ["", "0", "999123456", "21", "210123456"] {
            assert!(NumberingPlan::of(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn a_trunk_prefix_goes_where_the_country_has_one() {
        for (digits, wanted) in [
            ("4402079460000", "2079460000"),
            ("49030901820", "30901820"),
            ("3906698", "06698"), // Italy: the zero is part of the number
            ("33102030405", "102030405"),
            ("330102030405", "102030405"),
            ("3606301234567", "301234567"), // Hungary dials 06
            ("788005553535", "8005553535"), // Russia: eleven digits cannot be a number, ten can
            ("78005553535", "8005553535"),
            ("15551234567", "5551234567"),
        ] {
            let (plan, national) = plan(digits);
            assert_eq!(plan.without_trunk(national), wanted, "{digits}");
        }
    }

    #[test]
    fn a_length_that_no_number_has_is_refused() {
        for good in ["15551234567", "13101234", "442079460000", "448001111", "353015550123"] {
            let (plan, national) = plan(good);
            assert_eq!(plan.check(plan.without_trunk(national)), Ok(()), "{good}");
        }
        for bad in
            ["1555123456", "155512345678", "15551234", "44207946000", "441111111", "3312345678"]
        {
            let (plan, national) = plan(bad);
            assert!(plan.check(national).is_err(), "{bad}");
        }
        let (plan, national) = plan("442079");
        assert_eq!(plan.check(national).unwrap_err(), "its numbers have 7, 9 or 10 digits");
    }

    #[test]
    fn what_costs_more_than_a_call_is_known() {
        for dear in [
            "19005551234",
            "12129761234",
            "449098790000",
            "33899123456",
            "8816123456789",
            "979123456789",
            "870772001234",
        ] {
            let (plan, national) = plan(dear);
            assert!(plan.premium(national).is_some(), "{dear}");
        }
        for plain in ["15551234567", "18002114111", "18009761234", "442079460000", "448001111"] {
            let (plan, national) = plan(plain);
            assert_eq!(plan.premium(national), None, "{plain}");
        }
    }
}
