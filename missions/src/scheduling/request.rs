//! One call or text that is to be scheduled, as it is stored with its intent.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::exit::Fault;
use state::parse_time;
use state::phone::Phone;

use crate::lifecycle::Recipient;
use crate::service::{Channel, NewScheduledEvent};
use crate::window::Window;

/// One call or text that is to be scheduled. It is stored with its intent, so that a later program can finish what this
/// one started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ScheduleRequest {
    /// The body of the request to the service.
    #[serde(rename = "new")]
    pub(crate) body: NewScheduledEvent,
    /// The time as it was written: `in 15m` twice is the same line.
    pub(crate) when: String,
    /// The mission of the state file that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slug: Option<String>,
    /// Whether it goes into the mission's memory and the run's log as well (`--mission`).
    #[serde(rename = "by_mission", default)]
    pub(crate) with_mission: bool,
    /// The plan step that ends with the mission's last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// When the recipient may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Window>,
    /// The kind of recipient; without one there are no retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Recipient>,
    /// Which retry it is, if it is one.
    #[serde(rename = "again", default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry: Option<RetryOf>,
}

/// One retry of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RetryOf {
    /// The id of the target's first event.
    #[serde(rename = "of")]
    pub(crate) target: String,
    /// Which retry it is, from 1; 0 for the first call or text of a target of an outreach.
    pub(crate) attempt: usize,
    /// How many calls or texts of the target were withdrawn before: each is an effect of its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) withdrawn: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl RetryOf {
    /// The first call or text of a target of an outreach, which has no event yet.
    pub(crate) fn first(mission: &str, to: &str, withdrawn: usize) -> Self {
        Self { target: first_key(mission, to), attempt: 0, withdrawn }
    }

    /// Its name among the intents, the same whatever its time.
    pub(crate) fn line(&self) -> String {
        match self.withdrawn {
            0 => json!(["retry", self.target, self.attempt]).to_string(),
            n => json!(["retry", self.target, self.attempt, n]).to_string(),
        }
    }
}

/// What stands for a target of an outreach as long as it has no event.
pub(crate) fn first_key(mission: &str, to: &str) -> String {
    format!("first/{mission}/{to}")
}

impl ScheduleRequest {
    /// The number that is called or texted.
    pub(crate) fn phone(&self) -> Result<Phone, Fault> {
        self.body.to.parse()
    }

    /// Sets the time, in UTC and whole seconds.
    pub(super) fn set_time(&mut self, at: Timestamp) {
        self.body.scheduled_at = at.round(Unit::Second).unwrap_or(at).to_string();
    }

    /// Its name among the intents: the command line in one form, so that the same line has the same name, however its time is
    /// written.
    pub(super) fn line(&self) -> String {
        if let Some(retry) = &self.retry {
            return retry.line();
        }
        let body = &self.body;
        let line: Value = json!([
            command_name(body.channel),
            body.assistant_id,
            body.to,
            body.from,
            self.body
                .at()
                .map_or_else(|| self.when.clone(), |at| parse_time::normal_form(&self.when, at)),
            body.text,
            body.mission_id,
            body.run_id,
            body.step_id,
            self.verify_step,
        ]);
        line.to_string()
    }

    /// What it schedules, in words.
    pub(crate) fn description(&self) -> String {
        let what = if self.body.channel == Channel::Call { "call" } else { "text" };
        format!("the {what} to {} at {}", self.body.to, self.body.scheduled_at)
    }
}

/// The command that schedules on this channel.
pub(super) fn command_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "schedule-call",
        Channel::Sms => "schedule-sms",
    }
}
