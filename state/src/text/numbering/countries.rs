//! Countries by their letters: behind which country code the national numbers of a list stand.

use std::fmt;
use std::str::FromStr;

use super::plan::NumberingPlan;

/// One line a country code: see the comments at its top.
const TABLE: &str = include_str!("countries.txt");

/// A country whose national numbers can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// By ISO 3166; of the countries that share a code one stands for all.
    name: String,
    code: &'static str,
}

impl Country {
    /// The country, or the group of countries, of an international number (digits without `+`); `None` if no country has it.
    pub fn of(digits: &str) -> Option<Self> {
        let (plan, _) = NumberingPlan::of(digits)?;
        let (_, names) = rows().find(|(code, _)| *code == plan.code())?;
        let main = if plan.code() == "1" { Some("US") } else { names.split(' ').next() };
        Some(Self { name: main?.to_owned(), code: plan.code() })
    }

    /// The digits of the international number that stands for what is dialled inside the country.
    ///
    /// Fails, with what is wrong, if the country has no number of that length.
    pub fn international(&self, dialled: &str) -> Result<String, String> {
        let abroad = match self.code {
            "1" => "011",
            "61" => "0011",
            _ => "00",
        };
        if let Some(digits) = dialled.strip_prefix(abroad) {
            return Ok(digits.to_owned());
        }
        let Some((plan, _)) = NumberingPlan::of(self.code) else {
            return Err(format!("nothing is known of the numbers of {self}"));
        };
        let national = plan.without_trunk(dialled);
        let Err(unfit) = plan.check(national) else {
            return Ok(format!("{}{national}", self.code));
        };
        // Some programs leave the plus away.
        match dialled.strip_prefix(self.code) {
            Some(rest) if plan.check(rest).is_ok() => Ok(dialled.to_owned()),
            _ => Err(format!("no number of {self}: {unfit}, not {}", national.len())),
        }
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_uppercase();
        let is_it = |(_, names): &(&str, &str)| names.split(' ').any(|known| known == name);
        match rows().find(is_it) {
            Some((code, _)) => Ok(Self { name, code }),
            None if name == "UK" => "GB".parse(),
            None => Err(format!("`{text}` is no country; write two letters, as in US, GB or DE")),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('|'))
}

#[cfg(test)]
mod tests {
    use super::Country;

    #[track_caller]
    fn case(country: &str, dialled: &str, wanted: Option<&str>) {
        let country: Country = country.parse().unwrap();
        assert_eq!(country.international(dialled).ok().as_deref(), wanted, "{country} {dialled}");
    }

    #[test]
    fn what_is_dialled_in_a_country_becomes_international() {
        case("US", "3125550142", Some("13125550142"));
        case("us", "13125550142", Some("13125550142"));
        case("US", "011442079460000", Some("442079460000"));
        case("US", "312555014", None);
        case("UK", "02079460000", Some("442079460000"));
        case("GB", "447911123456", Some("447911123456"));
        case("GB", "0015551234567", Some("15551234567"));
        case("DE", "030901820", Some("4930901820"));
        case("DE", "30901820", Some("4930901820"));
        case("IT", "0669812345", Some("390669812345"));
        case("HU", "06301234567", Some("36301234567"));
        case("RU", "88005553535", Some("78005553535"));
        case("AU", "0011442079460000", Some("442079460000"));
    }

    #[test]
    fn countries_are_known_by_their_letters_and_their_numbers() {
        for bad in ["", "U", "USA", "ZZ", "001"] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
        for (digits, name) in [("13125550142", "US"), ("4930901820", "DE"), ("999", "")] {
            let found = Country::of(digits).map(|country| country.to_string());
            assert_eq!(found.unwrap_or_default(), name);
        }
    }
}
