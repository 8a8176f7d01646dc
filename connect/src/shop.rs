//! What every worker needs: the settings, the two clients, the journal, the log, and the way back.

use std::path::PathBuf;

use state::clock::Clock;
use state::{api, gateway};

use crate::approval::spoken::SpokenConfirmations;
use crate::approval::subscriptions::ApprovalSubscriptions;
use crate::calls::{Calls, Known};
use crate::journal::{Journal, JournalStep};
use crate::log::ClientLog;
use crate::mail::{Mail, Mailer};
use crate::opt_outs::OptOuts;
use crate::periods::Periods;
use crate::prompts::context::DisplayNames;
use crate::report::{Ended, Report};
use crate::texts::Texts;
use state::guard::Policy;

/// Shared by the socket's thread and all workers.
pub(crate) struct Shop {
    /// The skill folder.
    pub(crate) skill: PathBuf,
    /// Our own words' settings.
    pub(crate) voice: Voice,
    /// The clock.
    pub(crate) clock: Clock,
    /// Every period.
    pub(crate) periods: Periods,
    /// The agent.
    pub(crate) gateway: gateway::Client,
    /// The service's HTTP side; `None` in a simulation, where nothing may leave but the turn itself.
    pub(crate) service: Option<api::Client>,
    /// What survives a crash.
    pub(crate) journal: Journal,
    /// The log.
    pub(crate) log: ClientLog,
    /// The way back to the socket's thread.
    pub(crate) mailer: Mailer,
    /// What the owner wants to be asked about.
    pub(crate) guard: Policy,
    /// What is known of calls.
    pub(crate) calls: Calls,
    /// Questions asked aloud.
    pub(crate) aloud: SpokenConfirmations,
    /// Approvals that are being waited for.
    pub(crate) approvals: ApprovalSubscriptions,
    /// Who is answered by text, and how often.
    pub(crate) texts: Texts,
    /// Who opted out by a text, as far as that is not on the do-not-call list yet.
    pub(crate) opt_outs: OptOuts,
}

/// What we say on our own, and for whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voice {
    /// The owner's name.
    pub(crate) owner: Option<String>,
    /// The agent's name.
    pub(crate) agent: Option<String>,
    /// What an inbound caller hears first.
    pub(crate) greeting: Option<String>,
    /// The voice model's prompt, in place of ours.
    pub(crate) context: Option<String>,
}

impl Voice {
    /// Both names.
    pub(crate) fn names(&self) -> DisplayNames<'_> {
        DisplayNames { owner: self.owner.as_deref(), agent: self.agent.as_deref() }
    }
}

impl Shop {
    /// Tells the socket's thread something of a request.
    pub(crate) fn report(&self, key: &str, report: Report) {
        self.mailer.send(Mail::Turn { key: key.to_owned(), report });
    }

    /// Notes something of a call, in the journal too.
    pub(crate) fn note_call(&self, call_id: &str, change: impl FnOnce(&mut Known)) {
        self.calls.note(call_id, change, |known| {
            let body = serde_json::to_string(&known).unwrap_or_default();
            self.journal.append_buffered(JournalStep::Call, call_id, Some(&body));
        });
    }

    /// Tells it that the work for a request has ended, and that nobody is to be told anything.
    pub(crate) fn ended(&self, key: &str) {
        self.report(key, Report::Ended(Ended::default()));
    }
}
