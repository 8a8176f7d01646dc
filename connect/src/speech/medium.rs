//! Where a reply goes: spoken or texted.

/// Where the words go, which decides what is a mark and what is content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// It is spoken.
    Voice,
    /// It is sent as a text message.
    Text,
}
