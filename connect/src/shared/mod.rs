//! What the loop thread and the workers share: the [`context`], the [`loop_channel`] back, and what passes over it.
//!
//! A [`request`] goes to a worker; a [`worker_event`] comes back, at the end with the [`answer`].

pub(crate) mod answer;
pub(crate) mod context;
pub(crate) mod loop_channel;
pub(crate) mod request;
pub(crate) mod worker_event;
