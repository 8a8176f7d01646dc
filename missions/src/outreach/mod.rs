//! An outreach: one question to everybody on a list, by calls or texts, from the list to the answers.
//!
//! [`targets`] reads the list, [`plan`] checks each number and says when it is called or texted, [`manners`] what is said
//! beside the question. What is planned is stored in a mission ([`store::outreach`](crate::store::outreach)) before the
//! first request; ticks begin the targets batch by batch ([`lifecycle::planned`](crate::lifecycle)), and [`report`] says
//! what came of each.

pub(crate) mod approval;
pub(crate) mod manners;
pub(crate) mod plan;
pub(crate) mod quota;
pub(crate) mod report;
mod table;
pub(crate) mod targets;
pub(crate) mod ticker;
pub(crate) mod when;
