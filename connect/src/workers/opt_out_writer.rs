//! Brings opt-outs and opt-ins to the do-not-call list, on a thread of its own.
//!
//! What is scheduled for whoever opts out is withdrawn at the service, in missions and outside them.
//!
//! Workers may be busy with turns for minutes, and STOP and START of one number must come to the list in the order in which
//! they were sent. What cannot be written is retried; the journal has it for the next process.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use state::do_not_call::{self, DoNotCallEntry, ListingReason};
use state::{exit, opt_out_history, owner, withdrawal};

use crate::journal::JournalStep;
use crate::shared::context::ClientContext;
use crate::shared::loop_channel::LoopEvent;
use crate::sms::opt_out_queue::{ListChange, OptOutNotice};

/// Between two attempts to write the list.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// So often in a row is tried what needs the service; the next opt-out, and the next process, try again.
const MAX_ATTEMPTS: usize = 6;

/// The stack of the thread, which asks the service and writes a file.
const STACK: usize = 256 << 10;

/// Makes a change as soon as can be, and marks its key done in the journal then.
pub(crate) fn record(context: &Arc<ClientContext>, notice: OptOutNotice) {
    let key = notice.key.clone();
    if !context.opt_outs.push(notice, || start_writer(context)) {
        context.log.line(format_args!("{key}: too many opt-outs wait; left to the journal"));
    }
}

fn start_writer(context: &Arc<ClientContext>) -> bool {
    let writer = thread::Builder::new().name("opt-outs".to_owned()).stack_size(STACK);
    let context = Arc::clone(context);
    writer.spawn(move || write_all(&context)).is_ok()
}

/// Reads on a thread of its own what was texted while no client ran: an opt-out counts however old it is.
pub(crate) fn read_history(context: &Arc<ClientContext>) {
    let reader = thread::Builder::new().name("opt-outs".to_owned()).stack_size(STACK);
    let of_thread = Arc::clone(context);
    let read = move || {
        let Some(service) = &of_thread.service else { return };
        for _ in 0..MAX_ATTEMPTS {
            match opt_out_history::read(&of_thread.skill, service) {
                Ok(added) => {
                    for phone in &added {
                        of_thread.log.line(format_args!("{phone} had opted out by a text"));
                    }
                    // Also what an earlier process was killed over.
                    return of_thread.opt_outs.withdraw_soon(|| start_writer(&of_thread));
                }
                Err(err) => of_thread.log.line(format_args!(
                    "the list of messages was not read for opt-outs: {}",
                    exit::one_line(&err)
                )),
            }
            thread::sleep(of_thread.service_clock.scale_period(RETRY_AFTER));
        }
    };
    if reader.spawn(read).is_err() {
        context.log.line("the system gives no thread to read the list of messages in");
    }
}

/// Writes until nothing waits.
fn write_all(context: &ClientContext) {
    let mut n_attempts = 0;
    loop {
        let batch = context.opt_outs.waiting();
        let Some(last) = batch.last() else {
            if !context.opt_outs.is_to_withdraw() {
                return;
            }
            n_attempts += 1;
            let is_over = withdraw(context) || n_attempts >= MAX_ATTEMPTS;
            context.opt_outs.set_to_withdraw(!is_over);
            if !is_over {
                thread::sleep(context.service_clock.scale_period(RETRY_AFTER));
            }
            continue;
        };
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
        } else {
            n_attempts = 0;
        }
    }
}

/// Deletes at the service what is scheduled and forbidden, in missions and outside them; false if something may be left.
fn withdraw(context: &ClientContext) -> bool {
    let Some(service) = &context.service else { return true };
    let withdrawn = do_not_call::load(&context.skill)
        .and_then(|list| Ok(withdrawal::withdraw(service, &list, None)?));
    match withdrawn {
        Ok(all) => {
            for one in &all {
                let (id, to) = (&one.event_id, &one.to);
                let what = one.left.as_ref().map_or_else(
                    || "was scheduled and is withdrawn".to_owned(),
                    |why| format!("stays scheduled: {why}"),
                );
                context.log.line(format_args!("`{id}` to {to} {what}"));
            }
            all.iter().all(|one| one.left.is_none())
        }
        Err(err) => {
            let why = exit::one_line(&err);
            context
                .log
                .line(format_args!("what is scheduled for who opted out was not withdrawn: {why}"));
            false
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
                    let entry = DoNotCallEntry::new(why, covers, notice.at);
                    is_changed |= list.add(phone, entry.with_reply(notice.reply.clone()));
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
    if batch.iter().any(|notice| is_opt_out(notice) && !is_owner(notice)) {
        context.opt_outs.set_to_withdraw(true);
    }
    for (notice, line) in batch.iter().zip(log_lines) {
        if let ListChange::OptOut(ListingReason::OptOut, _) = notice.change
            && is_owner(notice)
        {
            context.loop_sender.send(LoopEvent::OwnerStopped);
        }
        context.journal.append(JournalStep::Done, &notice.key, None);
        context.log.line(format_args!("{}: {line}", notice.key));
    }
    Ok(())
}
