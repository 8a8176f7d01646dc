//! Slugs: the names of missions on command lines, made from what people call them, in any script.

/// Makes the slug of a mission's name: the rule of `telnyx_api.py` (lower case, what is no letter or digit becomes
/// `-`, squeezed, trimmed) after letters of Latin with marks, Cyrillic and Greek were written in Latin ones. Of other scripts
/// nothing is: slugs are stored, and stay what they are. A name in which nothing can be written so gets a short hash: it is never empty, and the same name has the same slug.
pub(crate) fn of_name(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            '\u{300}'..='\u{36f}' => {} // an accent of its own, as some systems write é
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ё' => slug.push_str("yo"),
            'є' => slug.push_str("ye"),
            'ї' => slug.push_str("yi"),
            'ђ' => slug.push('c'),
            'џ' => slug.push_str("dz"),
            '\u{df}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1f00}'..='\u{1fff}'
                if letter.is_alphabetic() =>
            {
                let latin = any_ascii::any_ascii_char(letter).to_ascii_lowercase();
                slug.extend(latin.chars().filter(char::is_ascii_alphanumeric));
            }
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches('-');
    if slug.chars().any(|c| c.is_ascii_alphabetic()) || is_ascii_word(name) {
        return slug.to_owned();
    }
    // Digits alone ("東京 3", "大阪 3") do not distinguish two such names.
    let hash = format!("m-{:08x}", fnv(name));
    if slug.is_empty() { hash } else { format!("{hash}-{slug}") }
}

/// The slug of one question to one number: the same for the same two.
pub(crate) fn of_question(to: &str, question: &str) -> String {
    let words: Vec<String> = question.split_whitespace().map(str::to_lowercase).collect();
    format!("ask-{}-{:08x}", to.trim_start_matches('+'), fnv(&words.join(" ")))
}

/// Whether `telnyx_api.py` would make a slug of this name that stands for all of it.
fn is_ascii_word(name: &str) -> bool {
    name.is_ascii() && name.contains(|c: char| c.is_ascii_alphanumeric())
}

/// FNV-1a over the UTF-8 bytes: short, and the same on every machine and in every version.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::of_name;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[track_caller]
    fn case(name: &str, wanted: &str) {
        assert_eq!(of_name(name), wanted, "{name:?}");
    }

    #[test]
    fn plain_names_get_the_slug_of_telnyx_api() {
        case("Find window washing contractors!", "find-window-washing-contractors");
        case("SMS Test 003", "sms-test-003");
        case("  A -- b__c  ", "a-b-c");
        case("2026", "2026");
    }

    /// These slugs stand in the state files of missions that run.
    #[test]
    fn every_letter_keeps_the_slug_that_is_stored() {
        for (letters, latin) in [
            ("àáâãåāăą", "a"),
            ("äæ", "ae"),
            ("çćĉċč", "c"),
            ("ďđð", "d"),
            ("èéêëēĕėęě", "e"),
            ("ĝğġģ", "g"),
            ("ĥħ", "h"),
            ("ìíîïĩīĭįı", "i"),
            ("ĵ", "j"),
            ("ķ", "k"),
            ("ĺļľŀł", "l"),
            ("ñńņňŉ", "n"),
            ("òóôõøōŏő", "o"),
            ("öœ", "oe"),
            ("ŕŗř", "r"),
            ("śŝşšș", "s"),
            ("ß", "ss"),
            ("ţťŧț", "t"),
            ("þ", "th"),
            ("ùúûũūŭůűų", "u"),
            ("ü", "ue"),
            ("ŵ", "w"),
            ("ýÿŷ", "y"),
            ("źżž", "z"),
            ("αά", "a"),
            ("β", "v"),
            ("γ", "g"),
            ("δ", "d"),
            ("εέ", "e"),
            ("ζ", "z"),
            ("ηήιίϊΐ", "i"),
            ("θ", "th"),
            ("κ", "k"),
            ("λ", "l"),
            ("μ", "m"),
            ("ν", "n"),
            ("ξ", "x"),
            ("οόωώ", "o"),
            ("π", "p"),
            ("ρ", "r"),
            ("σς", "s"),
            ("τ", "t"),
            ("υύϋΰ", "y"),
            ("φ", "f"),
            ("χ", "ch"),
            ("ψ", "ps"),
            ("а", "a"),
            ("б", "b"),
            ("в", "v"),
            ("гґ", "g"),
            ("д", "d"),
            ("еэ", "e"),
            ("ё", "yo"),
            ("є", "ye"),
            ("ж", "zh"),
            ("з", "z"),
            ("иі", "i"),
            ("йы", "y"),
            ("ї", "yi"),
            ("к", "k"),
            ("л", "l"),
            ("м", "m"),
            ("н", "n"),
            ("о", "o"),
            ("п", "p"),
            ("р", "r"),
            ("с", "s"),
            ("т", "t"),
            ("у", "u"),
            ("ф", "f"),
            ("х", "kh"),
            ("ц", "ts"),
            ("ч", "ch"),
            ("ш", "sh"),
            ("щ", "shch"),
            ("ъь", ""),
            ("ю", "yu"),
            ("я", "ya"),
            ("ј", "j"),
            ("љ", "lj"),
            ("њ", "nj"),
            ("ћђ", "c"),
            ("џ", "dz"),
        ] {
            for letter in letters.chars() {
                case(&format!("x{letter}x"), &format!("x{latin}x"));
            }
        }
        case("x÷x 北京 Привет", "x-x-privet");
    }

    #[test]
    fn every_script_gets_a_slug() {
        case("Café crème", "cafe-creme");
        case("Cafe\u{301}", "cafe");
        case("Zürich Öl & Straße", "zuerich-oel-strasse");
        case("Найти мойщиков окон", "nayti-moyshchikov-okon");
        case("Καθαρισμός", "katharismos");
        case("東京 plumbers", "plumbers");
        case("窓の清掃", "m-1f5c1d8f");
        case("!!!", "m-2d53a722");
        assert_ne!(of_name("東京 3"), of_name("大阪 3"));
        assert!(of_name("東京 3").ends_with("-3"));
    }

    proptest! {
        #[test]
        fn a_slug_is_never_empty_and_has_only_letters_digits_and_single_hyphens(name in any::<String>()) {
            let slug = of_name(&name);
            prop_assert!(!slug.is_empty());
            prop_assert!(slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
            prop_assert_eq!(of_name(&slug), slug);
        }
    }
}
