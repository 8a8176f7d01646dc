//! Texts: who is answered and how often ([`policy`]), and who opted out or in ([`opt_out_queue`]).

pub(crate) mod opt_out_queue;
pub(crate) mod policy;
