//! Every sentence that this program writes: to the agent, to the voice model, and to people.
//!
//! [`turn`], [`call_summary`], [`help_notice`] and [`opt_out_notice`] start turns of the agent, in which a stranger's words stand behind a
//! [`fence`]; [`context`] instructs the service's voice model; [`caller_phrases`] is what people hear of this program itself.

pub(crate) mod call_summary;
pub(crate) mod caller_phrases;
pub(crate) mod context;
pub(crate) mod directives;
pub(crate) mod fence;
pub(crate) mod help_notice;
pub(crate) mod opt_out_notice;
pub(crate) mod phone_display;
pub(crate) mod stranger_record;
pub(crate) mod turn;
