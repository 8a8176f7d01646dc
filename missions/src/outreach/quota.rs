//! What the account may still do this month, as far as the service says it.

use serde_json::{Map, Value};
use state::exit::{Exit, Fault};

use crate::service::ServiceApi;

/// What is left: of missions, and of calls and texts of missions. `None` where the service does not say it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quota {
    missions: Option<u64>,
    events: Option<u64>,
}

impl Quota {
    /// Asks the service.
    pub(crate) fn fetch(api: &ServiceApi) -> anyhow::Result<Self> {
        let account = api.me()?;
        let left = |limit: &str, used: &str| {
            let limit = account.value()["quota"][limit].as_u64()?;
            let used = account.value()["usage_this_month"][used].as_u64().unwrap_or(0);
            Some(limit.saturating_sub(used))
        };
        Ok(Self {
            missions: left("monthly_missions_limit", "missions"),
            events: left("monthly_mission_events_limit", "mission_events"),
        })
    }

    /// Refuses (exit 1) what is more than is left.
    pub(crate) fn check(self, n_events: usize, is_new_mission: bool) -> Result<(), Fault> {
        let n = u64::try_from(n_events).unwrap_or(u64::MAX);
        if is_new_mission && self.missions == Some(0) {
            return Err(Fault::new(Exit::No, "the account has no mission left this month")
                .hint("a larger plan has more: clawdtalk.com"));
        }
        match self.events {
            Some(left) if left < n => Err(Fault::new(
                Exit::No,
                format!(
                    "{n} calls and texts are planned, and the account has {left} left this month"
                ),
            )
            .hint("shorten the list; nothing was scheduled")),
            _ => Ok(()),
        }
    }

    /// What is known, as JSON.
    pub(crate) fn json(self) -> Value {
        let known = [("missions_left", self.missions), ("events_left", self.events)];
        let known = known.into_iter().filter_map(|(key, n)| Some((key.to_owned(), n?.into())));
        known.collect::<Map<_, _>>().into()
    }
}
