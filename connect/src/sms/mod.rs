//! Texts: who is answered ([`policy`]) and how often ([`turn_budget`]), and who opted out or in ([`opt_out_queue`]).

pub(crate) mod opt_out_queue;
pub(crate) mod policy;
pub(crate) mod turn_budget;
