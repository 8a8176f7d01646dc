//! What can become of an effect that is carried out.

/// What became of an effect.
#[derive(Debug)]
pub(super) enum EffectResult {
    /// It was carried out, and that is recorded.
    Applied,
    /// The service refuses it, now and always; recorded as applied, since to ask again would not help.
    Refused(String),
    /// Something changed meanwhile: what follows must be decided again.
    Stale,
}
