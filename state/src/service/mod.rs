//! What the service's responses mean beyond a single endpoint: approvals, ends of calls, opt-outs at the carrier, the owner.

pub mod approval_status;
pub mod call_outcome;
pub mod carrier_opt_out;
pub mod owner;
