//! What the service's responses mean beyond a single endpoint: approvals, ends of calls, opt-outs at the carrier and in the
//! list of messages, where lists end, what is scheduled for whoever opted out, the owner.

pub mod approval_status;
pub mod call_outcome;
pub mod carrier_opt_out;
pub mod opt_out_history;
pub mod owner;
pub mod pages;
pub mod withdrawal;
