//! What the loop thread and the workers share: the [`context`], the [`loop_channel`] back, and what passes over it.
//!
//! A [`request`] goes to a worker; a [`worker_event`] comes back, at the end with the [`answer`]. The [`rung`] says what holds an
//! owner's turn, and the [`phone_session`] which one runs at the gateway.

pub(crate) mod answer;
pub(crate) mod context;
pub(crate) mod loop_channel;
pub(crate) mod phone_session;
pub(crate) mod request;
pub(crate) mod rung;
pub(crate) mod worker_event;
