//! Every word that passes between people and the agent, and every word that this program says itself.

pub(crate) mod visible;
