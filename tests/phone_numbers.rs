//! Phone numbers of every country, in the ways people write them, judged beside a full port of libphonenumber.

use std::collections::BTreeMap;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};
use state::numbering::NumberingPlan;
use state::phone::{AllowedNumbers, Phone};

const TYPES: [PhoneNumberType; 9] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::UAN,
    PhoneNumberType::Pager,
];

/// Benin and Zimbabwe: our tables know their new plans (libphonenumber 9.0.43), the port (9.0.42) the old ones.
const CHANGED: [i32; 2] = [229, 263];

/// How many numbers of each country and type are made from its example.
const VARIANTS: u64 = 2;

/// What a way of writing numbers came to: how often it was judged right, and the first few that were not.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, text: String, is_right: bool) {
        if is_right { self.right += 1 } else { self.wrong.push(text) }
    }
}

#[test]
fn numbers_of_every_country_are_judged_as_libphonenumber_does() {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut countries = 0;
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        countries += 1;
        let numbers = TYPES.into_iter().flat_map(|kind| numbers(region, kind));
        let numbers = numbers.filter(|number| !CHANGED.contains(&number.country_code));
        numbers.for_each(|number| judge(&number, &mut tallies));
    }
    assert!(countries > 240, "{countries}");
    let (mut all, mut wrong) = (0, Vec::new());
    for (kind, tally) in tallies {
        println!("{kind}: {} right, wrong: {:?}", tally.right, tally.wrong);
        assert!(tally.right > 500, "{kind}: only {} right", tally.right);
        all += tally.right + tally.wrong.len();
        wrong.extend(tally.wrong);
    }
    assert!(wrong.len() * 1_000 <= all, "{} of {all} are wrong: {wrong:?}", wrong.len());
}

/// Valid numbers of one type: the country's example, and others that differ in their last digits.
fn numbers(region: Region, kind: PhoneNumberType) -> Vec<PhoneNumber> {
    let util = &*PHONE_NUMBER_UTIL;
    let Ok(example) = util.get_example_number_for_type_and_region(region, kind) else {
        return Vec::new();
    };
    let others = (1..VARIANTS).map(|n| {
        let mut other = example.clone();
        let national = example.national_number;
        other.national_number = national - national % 1000 + (national % 1000 + n * 271) % 1000;
        other
    });
    let others: Vec<_> =
        others.filter(|other| other.is_valid() && other.get_type() == example.get_type()).collect();
    std::iter::once(example).chain(others).collect()
}

fn judge(number: &PhoneNumber, tallies: &mut BTreeMap<&'static str, Tally>) {
    let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
    let international = number.format_as(PhoneNumberFormat::International).into_owned();
    let national = number.get_national_significant_number();
    let code = number.country_code.to_string();
    let mut add =
        |kind, text: String, is_right| tallies.entry(kind).or_default().add(text, is_right);
    if number.get_type() == PhoneNumberType::PremiumRate {
        for text in [e164, international] {
            add("premium", text.clone(), read(&text).is_none());
        }
        return;
    }
    let is_read = |text: &str| read(text).as_deref() == Some(&*e164);
    let dotted = international.replace([' ', '-'], ".");
    for (kind, text) in
        [("digits only", e164.clone()), ("with blanks", international), ("with dots", dotted)]
    {
        add(kind, text.clone(), is_read(&text));
    }
    if NumberingPlan::of(&e164[1..]).is_some_and(|(plan, _)| plan.trunk() == Some("0")) {
        for text in [format!("+{code} (0){national}"), format!("+{code} (0) {national}")] {
            add("with (0)", text.clone(), is_read(&text));
        }
    }
    for (kind, text) in [
        ("too long", format!("+{code}{national}7")),
        ("too long", format!("+{code}{national}77")),
        ("too short", e164[..e164.len() - 1].to_owned()),
        ("too short", e164[..e164.len() - 2].to_owned()),
    ] {
        // A length that the country has for other numbers is not wrong for sure.
        let is_possible =
            text.parse::<PhoneNumber>().is_ok_and(|other| other.is_possible_with_reason().is_ok());
        if !is_possible {
            add(kind, text.clone(), read(&text).is_none());
        }
    }
}

/// The number that a text may be dialled as, or `None` where it is refused.
fn read(text: &str) -> Option<String> {
    let phone: Phone = text.parse().ok()?;
    phone.ensure_callable(&AllowedNumbers::default()).ok().map(|phone| phone.as_str().to_owned())
}

#[test]
fn satellite_and_unknown_country_codes_are_never_dialled() {
    for text in [
        "+870772001234",
        "+8816 123 45678",
        "+881712345678",
        "+88213123456",
        "+883510001234567",
        "+979123456789",
        "+999123456789",
        "+2101234567",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
