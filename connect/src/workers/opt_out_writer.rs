//! Brings opt-outs and opt-ins to the do-not-call list, on a thread of its own.
//!
//! Workers may be busy with turns for minutes, and STOP and START of one number must come to the list in the order in which
//! they were sent. What cannot be written is retried; the journal has it for the next process.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use state::do_not_call::{self, DoNotCallEntry};
use state::{exit, owner};

use crate::journal::JournalStep;
use crate::shared::context::ClientContext;
use crate::sms::opt_out_queue::{ListChange, OptOutNotice};

/// Between two attempts to write the list.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The stack of the thread, which asks the service and writes a file.
const STACK: usize = 256 << 10;

/// Makes a change as soon as can be, and marks its key done in the journal then.
pub(crate) fn record(context: &Arc<ClientContext>, notice: OptOutNotice) {
    let key = notice.key.clone();
    let is_queued = context.opt_outs.push(notice, || {
        let writer = thread::Builder::new().name("opt-outs".to_owned()).stack_size(STACK);
        let context = Arc::clone(context);
        writer.spawn(move || write_all(&context)).is_ok()
    });
    if !is_queued {
        context.log.line(format_args!("{key}: too many opt-outs wait; left to the journal"));
    }
}

/// Writes until nothing waits.
fn write_all(context: &ClientContext) {
    loop {
        let batch = context.opt_outs.waiting();
        let Some(last) = batch.last() else { return };
        let problem = write(context, &batch).err().map(|err| exit::one_line(&err));
        let is_new = context.opt_outs.on_written(batch.len(), problem.as_deref());
        // The loop thread puts problems into the status, and may wait for us with its end.
        context.wake_loop();
        if let Some(problem) = problem {
            if is_new {
                let n = batch.len();
                context.log.line(format_args!(
                    "{}: the do-not-call list cannot be written; opt-outs that hold for replies alone: {n}: {problem}",
                    last.key
                ));
            }
            thread::sleep(context.service_clock.scale_period(RETRY_AFTER));
        }
    }
}

/// Writes them all or none.
fn write(context: &ClientContext, batch: &[OptOutNotice]) -> anyhow::Result<()> {
    let is_opt_out = |notice: &OptOutNotice| matches!(notice.change, ListChange::OptOut(..));
    let owner = if batch.iter().any(is_opt_out) {
        context.opt_outs.owner(|| context.service.as_ref().and_then(owner::fetch_phone))
    } else {
        None
    };
    let is_owner = |notice: &OptOutNotice| owner.as_ref() == Some(&notice.phone);
    let mut log_lines = Vec::new();
    do_not_call::update(&context.skill, |list| {
        let mut is_changed = false;
        for notice in batch {
            let phone = &notice.phone;
            log_lines.push(match notice.change {
                ListChange::OptOut(..) if is_owner(notice) => {
                    format!("{phone} is the owner's own and stays off the do-not-call list")
                }
                ListChange::OptOut(why, covers) => {
                    is_changed |= list.add(phone, DoNotCallEntry::new(why, covers, notice.at));
                    format!("{phone} opted out of {covers}")
                }
                ListChange::OptIn if list.lift_opt_out(phone) => {
                    is_changed = true;
                    format!("{phone} opted in again")
                }
                ListChange::OptIn => format!("{phone} opted in, and had not opted out by a text"),
            });
        }
        is_changed
    })?;
    for (notice, line) in batch.iter().zip(log_lines) {
        context.journal.append(JournalStep::Done, &notice.key, None);
        context.log.line(format_args!("{}: {line}", notice.key));
    }
    Ok(())
}
