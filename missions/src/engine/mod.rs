//! Ticks: polls what is due, decides by the [decision tree](crate::lifecycle), and carries the effects out.
//!
//! A tick may be killed anywhere: a decision is stored before anything is said of it, an effect as applied once it is
//! carried out, and the next tick finds the rest necessary again. One program at a time ticks, by a lock beside the state
//! file; commands that end a mission take the same lock.

pub(crate) mod execute;
pub(crate) mod fetch;
pub(crate) mod poll;
pub(crate) mod process;
mod pushed_events;
pub(crate) mod report;
pub(crate) mod snapshot;
pub(crate) mod tick;

use std::cell::Cell;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
use state::exit::{self, Exit};
use state::{do_not_call, failure, gateway, opt_out_history, out, withdrawal};

use crate::context::CommandContext;
use crate::service::ServiceApi;

pub(crate) use fetch::fetch_plan_and_run;
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

    /// Brings the do-not-call list up to what was texted to us, once in a tick and before anything is scheduled: no client
    /// may have run when it came. Fails if that cannot be known now; a service without such a list has no opt-outs in it.
    fn read_opt_outs(&self) -> anyhow::Result<()> {
        if self.has_read_opt_outs.replace(true) {
            return Ok(());
        }
        match opt_out_history::read(self.context.config.skill_dir(), self.api.client()) {
            Err(err) if failure::exit_of(&err) == Exit::No => {
                let why = exit::one_line(&err);
                out::warning(&format!("the list of messages was not read for opt-outs: {why}"));
                Ok(())
            }
            Err(err) => {
                self.has_read_opt_outs.set(false);
                Err(err)
            }
            Ok(added) if added.is_empty() => Ok(()),
            Ok(_) => {
                let list = do_not_call::load(self.context.config.skill_dir())?;
                let withdrawn = withdrawal::withdraw(self.api.client(), &list, None)?;
                for one in withdrawn {
                    if let Some(why) = one.left {
                        let (id, to) = (one.event_id, one.to);
                        out::warning(&format!(
                            "{id} to {to}, who opted out, stays scheduled: {why}"
                        ));
                    }
                }
                Ok(())
            }
        }
    }

    /// The service's time: what is scheduled happens by it, whatever this machine's clock says.
    pub(crate) fn now(&self) -> Timestamp {
        self.api.now()
    }
}
