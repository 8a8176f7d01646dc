//! Ticks: polls what is due, decides by the [decision tree](crate::lifecycle), and carries the effects out.
//!
//! A tick may be killed anywhere: a decision is stored before anything is said of it, an effect as applied once it is
//! carried out, and the next tick finds the rest necessary again. One program at a time ticks, by a lock beside the state
//! file; commands that end a mission take the same lock.

mod attempt;
mod effect_result;
pub(crate) mod execute;
pub(crate) mod fetch;
pub(crate) mod outreach;
pub(crate) mod poll;
mod poll_once;
pub(crate) mod process;
mod pushed_events;
pub(crate) mod report;
pub(crate) mod snapshot;
pub(crate) mod tick;

use std::cell::Cell;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
use state::gateway;

use crate::context::CommandContext;
use crate::scheduling;
use crate::service::ServiceApi;

pub(crate) use fetch::fetch_plan_and_run;
pub(crate) use poll_once::poll_once;
pub(crate) use process::process;
pub(crate) use snapshot::MissionSnapshot;
pub(crate) use tick::{lock, run_tick};

/// The events of an assistant by id, as the service listed them; `None` for one that is not at the service.
type EventRows = HashMap<String, Option<Value>>;

/// What a tick works with, and what it has fetched already.
#[derive(Debug)]
pub(crate) struct Engine<'a> {
    context: &'a CommandContext,
    api: ServiceApi,
    /// The gateway, once the agent was to be notified.
    gateway: Option<gateway::GatewayClient>,
    /// The events of each assistant, listed once in a tick.
    lists: HashMap<String, EventRows>,
    /// Whether the list of messages was read for opt-outs.
    has_read_opt_outs: Cell<bool>,
}

impl<'a> Engine<'a> {
    /// Sends nothing yet. Fails (exit 3) if no key is configured.
    pub(crate) fn new(context: &'a CommandContext) -> anyhow::Result<Self> {
        let api = context.api()?;
        Ok(Self {
            context,
            api,
            gateway: None,
            lists: HashMap::new(),
            has_read_opt_outs: Cell::default(),
        })
    }

    /// The service.
    pub(crate) fn api(&self) -> &ServiceApi {
        &self.api
    }

    /// [`read_history`](scheduling::opt_out::read_history), once in a tick and before anything is scheduled.
    pub(crate) fn read_opt_outs(&self) -> anyhow::Result<()> {
        if self.has_read_opt_outs.get() {
            return Ok(());
        }
        let read = scheduling::opt_out::read_history(self.context, &self.api);
        self.has_read_opt_outs.set(read.is_ok());
        read
    }

    /// What was listed is listed anew: for whoever polls over and over.
    pub(crate) fn forget_lists(&mut self) {
        self.lists.clear();
    }

    /// The service's time: what is scheduled happens by it, whatever this machine's clock says.
    pub(crate) fn now(&self) -> Timestamp {
        self.api.now()
    }
}
