//! Every word that passes between people and the agent, and every word that this program says itself.

pub(crate) mod context;
pub(crate) mod outcome;
pub(crate) mod quote;
pub(crate) mod said;
pub(crate) mod turn;
pub(crate) mod visible;
