//! What happens by itself as the simulated time goes on: calls ring and end, texts arrive, the owner decides.

use super::agenda::Task;
use super::endpoints::{approvals, calls, insights, messages, scheduled};
use super::store::World;

/// Lets everything happen that is due by now, each at its own instant.
pub(crate) fn catch_up(world: &mut World) {
    while let Some((at, task)) = world.agenda.due(world.clock.now()) {
        match task {
            Task::Call { id, stage } => calls::advance(world, &id, stage, at),
            Task::Scheduled { id, stage } => scheduled::advance(world, &id, stage, at),
            Task::Decide { id } => approvals::decide_as_set(world, &id),
            Task::Deliver { id } => messages::deliver(world, &id),
            Task::Reply { from, body } => messages::reply(world, &from, &body),
            Task::Insights { id } => insights::finish(world, &id),
        }
    }
}
