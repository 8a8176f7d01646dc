//! The two variants of a `sessions_send` call. No single one works with every version, see [`super`].

use std::fmt;
use std::str::FromStr;

/// Whether a call names a caller's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallVariant {
    /// With the session of a caller beside the one that is called: needed by 2026.8.1 and later, refused by earlier ones.
    WithCaller,
    /// Without it: for earlier gateways.
    WithoutCaller,
}

impl CallVariant {
    /// The variant to try after this one was refused.
    pub(super) fn other(self) -> Self {
        match self {
            Self::WithCaller => Self::WithoutCaller,
            Self::WithoutCaller => Self::WithCaller,
        }
    }
}

impl fmt::Display for CallVariant {
    /// The word that is stored for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WithCaller => "direct",
            Self::WithoutCaller => "plain",
        })
    }
}

impl FromStr for CallVariant {
    type Err = ();

    /// Reads the stored word. For any other the error is empty: it only means that no variant is known.
    fn from_str(word: &str) -> Result<Self, ()> {
        let both = [Self::WithCaller, Self::WithoutCaller];
        both.into_iter().find(|variant| variant.to_string() == word).ok_or(())
    }
}

/// What is known of the variant that a gateway accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KnownVariant {
    /// Nothing yet.
    #[default]
    None,
    /// The one to try first, by the answer of `/startupz`.
    Probable(CallVariant),
    /// The one that has worked.
    Works(CallVariant),
}

impl KnownVariant {
    /// The variant to try first, if that is known.
    pub(super) fn variant(self) -> Option<CallVariant> {
        match self {
            Self::None => None,
            Self::Probable(variant) | Self::Works(variant) => Some(variant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CallVariant;

    #[test]
    fn a_stored_variant_is_read_back() {
        for variant in [CallVariant::WithCaller, CallVariant::WithoutCaller] {
            assert_eq!(variant.to_string().parse(), Ok(variant));
            assert_ne!(variant.other(), variant);
        }
        assert_eq!("".parse::<CallVariant>(), Err(()));
    }
}
