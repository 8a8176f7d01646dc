//! `${NAME}` in the gateway's configuration, by the gateway's rule: capitals only, and `$${NAME}` stands for itself.

/// `text` with each `${NAME}` replaced by what `lookup` gives. The error is the first name that is not set.
pub(super) fn substitute(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, after)) = rest.strip_prefix("$${").and_then(name) {
            done.push_str("${");
            done.push_str(name);
            done.push('}');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("${").and_then(name) {
            done.push_str(&lookup(name).ok_or_else(|| name.to_owned())?);
            rest = after;
        } else {
            done.push('$');
            rest = &rest[1..];
        }
    }
    done.push_str(rest);
    Ok(done)
}

/// The name that `rest` begins with, and what comes after its bracket.
fn name(rest: &str) -> Option<(&str, &str)> {
    let (name, after) = rest.split_once('}')?;
    is_name(name).then_some((name, after))
}

/// Whether the gateway accepts `name` as that of a variable.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::substitute;
    use proptest::prelude::*;

    #[track_caller]
    fn case(text: &str, expected: Result<&str, &str>) {
        let lookup = |name: &str| (name == "TOKEN").then(|| "$1".to_owned());
        assert_eq!(substitute(text, lookup), expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn only_capital_names_are_replaced() {
        case("a${TOKEN}b${TOKEN}", Ok("a$1b$1"));
        case("${token} $TOKEN ${} ${", Ok("${token} $TOKEN ${} ${"));
        case("$${TOKEN} $$ $${x}", Ok("${TOKEN} $$ $${x}"));
        case("${NOPE}", Err("NOPE"));
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_is_left_alone(text in "[^$]*") {
            prop_assert_eq!(substitute(&text, |_| None), Ok(text));
        }

        #[test]
        fn nothing_panics(text in "[$A-Z{}é]*") {
            let _ = substitute(&text, |_| Some("x".to_owned()));
        }
    }
}
