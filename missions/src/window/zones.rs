//! In which time zone a phone number rings, where its country or area code tells it.
//!
//! Sources: the ITU's list of country codes, the NANPA's list of area codes, the tz database. An area code
//! that spans two zones stands under the one in which most of its people live; a country with several
//! zones and no code that tells them apart is left out, and so is everything that is tied to no place
//! (toll-free and fictional codes such as 555).

use state::phone::Phone;

/// The zone's name in the tz database; `None` where the number does not tell it.
pub(crate) fn of(phone: &Phone) -> Option<&'static str> {
    let digits = phone.as_str().trim_start_matches('+');
    if let Some(national) = digits.strip_prefix('1') {
        return find(AREAS, national.get(..3)?);
    }
    // Codes have at most six digits here, and a longer one that fits is the better one.
    (1..=6.min(digits.len())).rev().find_map(|n| find(COUNTRIES, &digits[..n]))
}

fn find(table: &[(&'static str, &str)], code: &str) -> Option<&'static str> {
    let has = |codes: &str| codes.split_ascii_whitespace().any(|known| known == code);
    table.iter().find(|(_, codes)| has(codes)).map(|(zone, _)| *zone)
}

/// Area codes behind +1.
const AREAS: &[(&str, &str)] = &[
    (
        "America/New_York",
        "201 202 203 207 212 215 216 220 223 227 229 231 234 239 240 248 252 260 267 269 272 276 283 \
         301 302 304 305 313 315 317 321 324 326 329 330 332 336 339 347 351 352 363 380 386 401 404 \
         407 410 412 413 419 423 434 436 440 443 445 463 470 472 475 478 484 502 508 513 516 517 518 \
         540 551 561 567 570 571 574 582 585 586 603 606 607 609 610 614 616 617 624 631 640 645 646 \
         656 667 678 679 680 681 686 689 703 704 706 716 717 718 724 727 728 732 734 740 743 754 757 \
         762 765 770 771 772 774 781 786 802 803 804 810 812 813 814 821 826 828 835 838 839 843 845 \
         848 854 856 857 859 860 862 863 864 865 878 904 906 908 910 912 914 917 919 929 930 934 937 \
         941 943 947 948 954 959 973 978 980 984 989",
    ),
    (
        "America/Chicago",
        "205 210 214 217 218 219 224 225 228 235 251 254 256 262 270 274 281 308 309 312 314 316 318 \
         319 320 325 327 331 334 337 346 353 361 364 402 405 409 414 417 430 432 447 448 457 464 469 \
         471 479 501 504 507 512 515 531 534 539 557 563 572 573 580 601 605 608 612 615 618 620 621 \
         629 630 636 641 651 659 660 662 682 701 708 712 713 715 726 730 731 737 763 769 773 779 785 \
         806 815 816 817 830 832 847 850 861 870 872 901 903 913 918 920 924 931 936 938 940 945 952 \
         956 972 975 979 985",
    ),
    ("America/Denver", "208 303 307 385 406 435 505 575 719 720 801 915 970 983 986"),
    ("America/Phoenix", "480 520 602 623 928"),
    (
        "America/Los_Angeles",
        "206 209 213 253 279 310 323 341 350 357 360 369 408 415 424 425 442 458 503 509 510 530 541 \
         559 562 564 619 626 628 650 657 661 669 702 707 714 725 738 747 760 775 805 818 820 831 837 \
         840 858 909 916 925 949 951 971",
    ),
    ("America/Anchorage", "907"),
    ("Pacific/Honolulu", "808"),
    (
        "America/Toronto",
        "226 249 263 289 343 354 365 367 382 416 418 437 438 450 468 514 519 548 579 581 613 647 683 \
         705 742 753 807 819 873 905 942",
    ),
    ("America/Winnipeg", "204 431 584"),
    ("America/Regina", "306 474 639"),
    ("America/Edmonton", "368 403 587 780 825"),
    ("America/Vancouver", "236 250 257 604 672 778"),
    ("America/Halifax", "782 902"),
    ("America/Moncton", "428 506"),
    ("America/St_Johns", "709 879"),
    ("America/Puerto_Rico", "787 939"),
    ("America/St_Thomas", "340"),
    ("Pacific/Guam", "670 671"),
    ("Pacific/Pago_Pago", "684"),
    ("America/Nassau", "242"),
    ("America/Barbados", "246"),
    ("America/Anguilla", "264"),
    ("America/Antigua", "268"),
    ("America/Tortola", "284"),
    ("America/Cayman", "345"),
    ("Atlantic/Bermuda", "441"),
    ("America/Grenada", "473"),
    ("America/Grand_Turk", "649"),
    ("America/Jamaica", "658 876"),
    ("America/Montserrat", "664"),
    ("America/Lower_Princes", "721"),
    ("America/St_Lucia", "758"),
    ("America/Dominica", "767"),
    ("America/St_Vincent", "784"),
    ("America/Santo_Domingo", "809 829 849"),
    ("America/Port_of_Spain", "868"),
    ("America/St_Kitts", "869"),
];

/// Country codes with one zone, and those area codes of larger countries that tell it.
const COUNTRIES: &[(&str, &str)] = &[
    ("Africa/Cairo", "20"),
    ("Africa/Johannesburg", "27"),
    ("Africa/Casablanca", "212"),
    ("Africa/Algiers", "213"),
    ("Africa/Tunis", "216"),
    ("Africa/Tripoli", "218"),
    ("Africa/Banjul", "220"),
    ("Africa/Dakar", "221"),
    ("Africa/Abidjan", "225"),
    ("Africa/Accra", "233"),
    ("Africa/Lagos", "234"),
    ("Africa/Douala", "237"),
    ("Africa/Luanda", "244"),
    ("Africa/Kigali", "250"),
    ("Africa/Addis_Ababa", "251"),
    ("Africa/Nairobi", "254"),
    ("Africa/Dar_es_Salaam", "255"),
    ("Africa/Kampala", "256"),
    ("Africa/Maputo", "258"),
    ("Africa/Lusaka", "260"),
    ("Africa/Harare", "263"),
    ("Africa/Windhoek", "264"),
    ("Africa/Gaborone", "267"),
    ("America/Argentina/Buenos_Aires", "54"),
    ("America/Sao_Paulo", "5511 5521 5531 5541 5551 5561 5571"),
    ("America/Manaus", "5592"),
    ("America/Santiago", "56"),
    ("America/Bogota", "57"),
    ("America/Caracas", "58"),
    ("America/Guatemala", "502"),
    ("America/El_Salvador", "503"),
    ("America/Tegucigalpa", "504"),
    ("America/Managua", "505"),
    ("America/Costa_Rica", "506"),
    ("America/Panama", "507"),
    ("America/La_Paz", "591"),
    ("America/Guayaquil", "593"),
    ("America/Asuncion", "595"),
    ("America/Lima", "51"),
    ("America/Montevideo", "598"),
    ("America/Mexico_City", "5255 5256 5233 5281"),
    ("America/Tijuana", "52664 52663"),
    ("Asia/Singapore", "65"),
    ("Asia/Kuala_Lumpur", "60"),
    ("Asia/Manila", "63"),
    ("Asia/Bangkok", "66"),
    ("Asia/Jakarta", "6221 6222 6231"),
    ("Asia/Tokyo", "81"),
    ("Asia/Seoul", "82"),
    ("Asia/Ho_Chi_Minh", "84"),
    ("Asia/Shanghai", "86"),
    ("Asia/Hong_Kong", "852"),
    ("Asia/Macau", "853"),
    ("Asia/Phnom_Penh", "855"),
    ("Asia/Vientiane", "856"),
    ("Asia/Dhaka", "880"),
    ("Asia/Taipei", "886"),
    ("Europe/Istanbul", "90"),
    ("Asia/Kolkata", "91"),
    ("Asia/Karachi", "92"),
    ("Asia/Kabul", "93"),
    ("Asia/Colombo", "94"),
    ("Asia/Yangon", "95"),
    ("Asia/Tehran", "98"),
    ("Asia/Beirut", "961"),
    ("Asia/Amman", "962"),
    ("Asia/Baghdad", "964"),
    ("Asia/Kuwait", "965"),
    ("Asia/Riyadh", "966"),
    ("Asia/Muscat", "968"),
    ("Asia/Dubai", "971"),
    ("Asia/Jerusalem", "972"),
    ("Asia/Bahrain", "973"),
    ("Asia/Qatar", "974"),
    ("Asia/Kathmandu", "977"),
    ("Asia/Tbilisi", "995"),
    ("Asia/Yerevan", "374"),
    ("Asia/Baku", "994"),
    ("Asia/Tashkent", "998"),
    ("Asia/Nicosia", "357"),
    ("Australia/Sydney", "612"),
    ("Australia/Melbourne", "613"),
    ("Australia/Brisbane", "617"),
    ("Australia/Perth", "6189"),
    ("Australia/Adelaide", "6187 61882 61883 61884 61885"),
    ("Pacific/Auckland", "64"),
    ("Europe/Athens", "30"),
    ("Europe/Amsterdam", "31"),
    ("Europe/Brussels", "32"),
    ("Europe/Paris", "33"),
    ("Europe/Madrid", "34"),
    ("Europe/Budapest", "36"),
    ("Europe/Rome", "39"),
    ("Europe/Bucharest", "40"),
    ("Europe/Zurich", "41"),
    ("Europe/Vienna", "43"),
    ("Europe/London", "44"),
    ("Europe/Copenhagen", "45"),
    ("Europe/Stockholm", "46"),
    ("Europe/Oslo", "47"),
    ("Europe/Warsaw", "48"),
    ("Europe/Berlin", "49"),
    ("Europe/Gibraltar", "350"),
    ("Europe/Lisbon", "351"),
    ("Europe/Luxembourg", "352"),
    ("Europe/Dublin", "353"),
    ("Atlantic/Reykjavik", "354"),
    ("Europe/Tirane", "355"),
    ("Europe/Malta", "356"),
    ("Europe/Helsinki", "358"),
    ("Europe/Sofia", "359"),
    ("Europe/Vilnius", "370"),
    ("Europe/Riga", "371"),
    ("Europe/Tallinn", "372"),
    ("Europe/Chisinau", "373"),
    ("Europe/Minsk", "375"),
    ("Europe/Andorra", "376"),
    ("Europe/Monaco", "377"),
    ("Europe/Kyiv", "380"),
    ("Europe/Belgrade", "381"),
    ("Europe/Podgorica", "382"),
    ("Europe/Zagreb", "385"),
    ("Europe/Ljubljana", "386"),
    ("Europe/Sarajevo", "387"),
    ("Europe/Skopje", "389"),
    ("Europe/Prague", "420"),
    ("Europe/Bratislava", "421"),
    ("Europe/Vaduz", "423"),
    ("Europe/Moscow", "7495 7499 7812"),
];

#[cfg(test)]
mod tests {
    use super::{AREAS, COUNTRIES, of};
    use jiff::tz::TimeZone;
    use std::collections::HashSet;

    #[track_caller]
    fn case(number: &str, wanted: Option<&str>) {
        assert_eq!(of(&number.parse().unwrap()), wanted, "{number}");
    }

    #[test]
    fn a_number_tells_its_zone_where_it_can() {
        case("+13322200013", Some("America/New_York"));
        case("+13125550100", Some("America/Chicago"));
        case("+16025550100", Some("America/Phoenix"));
        case("+442071234567", Some("Europe/London"));
        case("+4915112345678", Some("Europe/Berlin"));
        case("+351211234567", Some("Europe/Lisbon"));
        case("+61891234567", Some("Australia/Perth"));
        case("+15551234567", None);
        case("+18005551234", None);
        case("+61412345678", None);
        case("+79161234567", None);
    }

    #[test]
    fn no_code_stands_twice_and_every_zone_exists() {
        for table in [AREAS, COUNTRIES] {
            let mut seen = HashSet::new();
            for (zone, codes) in table {
                assert!(TimeZone::get(zone).is_ok(), "{zone}");
                for code in codes.split_ascii_whitespace() {
                    assert!(seen.insert(code), "{code} stands twice");
                }
            }
        }
    }
}
