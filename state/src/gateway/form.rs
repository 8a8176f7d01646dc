//! The two forms of `sessions_send`: no single one works with every gateway (facts/gateway.md 0).

use std::fmt;
use std::str::FromStr;

/// How the call names its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With a caller's session beside the target: what 2026.8.1 and later demand, and earlier ones forbid.
    Direct,
    /// Without: what earlier gateways want.
    Plain,
}

impl Form {
    /// The form that is tried once if this one was refused before any turn.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Direct => Self::Plain,
            Self::Plain => Self::Direct,
        }
    }
}

impl fmt::Display for Form {
    /// The word that a file keeps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Plain => "plain",
        })
    }
}

impl FromStr for Form {
    type Err = ();

    /// Reads the word; any other is an error without words, since it only means that nothing is known.
    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Direct, Self::Plain].into_iter().find(|form| form.to_string() == word).ok_or(())
    }
}

/// What is known of a gateway's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Which to try first, by what `/startupz` said.
    First(Form),
    /// Which one has worked.
    Works(Form),
}

impl Known {
    pub(super) fn form(self) -> Option<Form> {
        match self {
            Self::Nothing => None,
            Self::First(form) | Self::Works(form) => Some(form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_form_survives_a_file() {
        for form in [Form::Direct, Form::Plain] {
            assert_eq!(form.to_string().parse(), Ok(form));
            assert_ne!(form.other(), form);
        }
        assert_eq!("".parse::<Form>(), Err(()));
    }
}
