//! Texts: who is answered and how often ([`policy`]), the sending of one reply ([`reply`]), and who opted out or in
//! ([`opt_out_queue`], which [`opt_out_writer`] brings to the do-not-call list).

pub(crate) mod opt_out_queue;
pub(crate) mod opt_out_writer;
pub(crate) mod policy;
pub(crate) mod reply;
