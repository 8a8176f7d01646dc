//! What is stored of an outreach: the question, its limits, and its targets with the plan, under one key of its mission.
//! It is stored before the first request.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::exit::Fault;
use state::shell;

use super::mission::{Mission, MissionMut};
use crate::lifecycle::{Answer, DropReason, Pace, Recipient};
use crate::service::Channel;
use crate::window::Window;

/// The key in a mission.
const OUTREACH: &str = "outreach";

/// The step of the plan that its targets belong to.
pub(crate) const STEP: &str = "reach";

/// How one target's call or text depends on another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutreachClass {
    /// Not at all: all get the same question.
    #[default]
    Sweep,
}

/// An outreach: one question, or one text, to all of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that is stored")]
pub(crate) struct Outreach {
    #[serde(default)]
    pub(crate) class: OutreachClass,
    /// Calls or texts.
    pub(crate) channel: Channel,
    /// What is to be found out, or the text before its columns are filled in.
    pub(crate) question: String,
    /// For whom it calls.
    pub(crate) who: String,
    /// How its targets are spread over time.
    pub(crate) pacing: Pace,
    /// When it began.
    pub(crate) began_at: Timestamp,
    /// After this nobody is called or texted any more.
    pub(crate) until: Timestamp,
    /// How long an answer to a text that asks is waited for, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answers_within: Option<i64>,
    /// The kind of recipient; without one there are no retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Recipient>,
    /// How many calls or texts there may be in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_attempts: Option<usize>,
    /// How many minutes may be talked before nothing more is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_minutes: Option<u32>,
    /// Whether the owner's line moves to the assistant.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) takes_line: bool,
    /// Whether the assistant stays after the end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) keeps_assistant: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) paused: bool,
    /// The request for the owner's approval that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approval: Option<String>,
    /// Whether the owner denied it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) denied: bool,
    /// When the service's list of messages was last read for answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answers_polled_at: Option<Timestamp>,
    pub(crate) targets: Vec<OutreachTarget>,
}

/// Somebody on the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutreachTarget {
    /// The number, in E.164; no two have the same.
    pub(crate) to: String,
    /// What the list calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What is texted to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// When the first call or text was planned.
    pub(crate) at: Timestamp,
    /// When a call or text to them may begin.
    pub(crate) window: Window,
    /// Whether the owner approved it, or need not be asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) approved: bool,
    /// Why nobody calls or texts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<DropReason>,
    /// Their texts since ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) answers: Vec<Answer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Outreach {
    /// How long an answer to a text is waited for; `None` if it asks nothing.
    pub(crate) fn answers_within(&self) -> Option<SignedDuration> {
        self.answers_within.map(SignedDuration::from_secs)
    }

    /// The target of this number.
    pub(crate) fn target_mut(&mut self, to: &str) -> Option<&mut OutreachTarget> {
        self.targets.iter_mut().find(|target| target.to == to)
    }
}

/// Whether a mission is an outreach.
pub(crate) fn is_outreach(mission: &Mission) -> bool {
    mission.fields().contains_key(OUTREACH)
}

/// The outreach that a mission is; `None` if it is another. Fails (exit 2) if it cannot be read.
pub(crate) fn get(mission: &Mission) -> Result<Option<Outreach>, Fault> {
    let Some(value) = mission.fields().get(OUTREACH) else { return Ok(None) };
    Outreach::deserialize(value).map(Some).map_err(|err| {
        let slug = mission.slug();
        Fault::usage(format!("`{OUTREACH}` of mission `{slug}` cannot be read: {err}")).hint(
            format!(
                "fix it by hand; `missions get-state {} | jq .{OUTREACH}` shows it",
                shell::quote(slug)
            ),
        )
    })
}

/// The outreach that a mission must be. Fails (exit 2) if it is none.
pub(crate) fn require(mission: &Mission) -> Result<Outreach, Fault> {
    get(mission)?.ok_or_else(|| {
        let slug = mission.slug();
        Fault::usage(format!("mission `{slug}` was not begun by `missions outreach`"))
            .hint(format!("`missions next {}` says what it needs", shell::quote(slug)))
    })
}

/// Stores an outreach.
pub(crate) fn set(mission: &mut MissionMut, outreach: &Outreach) -> anyhow::Result<()> {
    mission.set_typed(OUTREACH, outreach)
}

/// Changes the outreach of a mission. Fails (exit 2) if it is none.
pub(crate) fn change<T>(
    mission: &mut MissionMut,
    change: impl FnOnce(&mut Outreach) -> T,
) -> anyhow::Result<T> {
    let mut outreach = require(&mission.view())?;
    let result = change(&mut outreach);
    set(mission, &outreach)?;
    Ok(result)
}
