//! What the loop thread and all workers share. Each table in it has a lock of its own.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use state::approval_policy::ApprovalPolicy;
use state::clock::Clock;
use state::gate_policy::GatePolicy;
use state::{api, gateway, paths};

use crate::approval::deed_table::DeedTable;
use crate::approval::spoken::SpokenConfirmations;
use crate::approval::subscriptions::ApprovalSubscriptions;
use crate::calls::{CallState, Calls};
use crate::gateway_line::handle::GatewayLine;
use crate::journal::{Journal, JournalStep};
use crate::log::ClientLog;
use crate::periods::Periods;
use crate::settings::{ClientSettings, VoiceSettings};
use crate::shared::loop_channel::{LoopEvent, LoopSender};
use crate::shared::phone_session::PhoneSession;
use crate::shared::rung::Rung;
use crate::shared::worker_event::{TurnResult, WorkerEvent};
use crate::sms::opt_out_queue::OptOutQueue;
use crate::sms::policy::SmsPolicy;
use crate::sms::turn_budget::TurnBudget;
use crate::status::gateway_health::GatewayHealth;

/// Shared by the loop thread and all workers.
pub(crate) struct ClientContext {
    /// The skill folder.
    pub(crate) skill: PathBuf,
    /// The names, greeting and context of calls.
    pub(crate) voice: VoiceSettings,
    /// The clock of the service's time: for what is stored, logged or compared with the service. Waits are counted by
    /// [`Instant`](std::time::Instant).
    pub(crate) service_clock: Clock,
    /// How long things wait.
    pub(crate) periods: Periods,
    /// The agent's gateway.
    pub(crate) gateway: gateway::GatewayClient,
    /// The service's HTTP side; `None` in a simulation, where nothing may leave but the turn itself.
    pub(crate) service: Option<api::Client>,
    /// What survives a crash.
    pub(crate) journal: Journal,
    /// The log.
    pub(crate) log: ClientLog,
    /// Sends events to the loop thread.
    pub(crate) loop_sender: LoopSender,
    /// Which requests need the owner's approval.
    pub(crate) guard: ApprovalPolicy,
    /// Whether deeds are held at the gateway.
    pub(crate) gate: GatePolicy,
    /// The gateway line, once it is started.
    line: OnceLock<GatewayLine>,
    /// Which turn has the phone's session at the gateway.
    pub(crate) phone_session: PhoneSession,
    /// The deeds that the gate asked about.
    pub(crate) deeds: DeedTable,
    /// The state of each call.
    pub(crate) calls: Calls,
    /// What owners are to confirm on calls.
    pub(crate) spoken_confirmations: SpokenConfirmations,
    /// The workers that wait for an approval.
    pub(crate) approval_subscriptions: ApprovalSubscriptions,
    /// Who is answered by text.
    pub(crate) sms_policy: SmsPolicy,
    /// How many texts become turns.
    pub(crate) turn_budget: TurnBudget,
    /// How often the owner stopped everything.
    n_stops: AtomicU64,
    /// Who opted out by a text, as long as that is not on the do-not-call list.
    pub(crate) opt_outs: OptOutQueue,
}

/// What a context is made of besides the settings.
pub(crate) struct ContextParts {
    /// The skill folder.
    pub(crate) skill: PathBuf,
    /// The clock of the service's time.
    pub(crate) service_clock: Clock,
    /// The service's HTTP side; `None` in a simulation.
    pub(crate) service: Option<api::Client>,
    /// What survives a crash.
    pub(crate) journal: Journal,
    /// The log.
    pub(crate) log: ClientLog,
    /// Sends events to the loop thread.
    pub(crate) loop_sender: LoopSender,
}

impl ClientContext {
    /// The context of a client that starts now.
    pub(crate) fn new(parts: ContextParts, settings: ClientSettings) -> Self {
        let ContextParts { skill, service_clock, service, journal, log, loop_sender } = parts;
        // A simulation leaves nothing behind.
        let counted = service.is_some().then(|| paths::connect_texts(&skill));
        Self {
            skill,
            voice: settings.voice,
            periods: Periods::on(&service_clock),
            service_clock,
            gateway: gateway::GatewayClient::new(settings.gateway),
            service,
            journal,
            log,
            loop_sender,
            guard: settings.guard,
            gate: settings.gate,
            line: OnceLock::new(),
            phone_session: PhoneSession::default(),
            deeds: DeedTable::default(),
            calls: Calls::default(),
            spoken_confirmations: SpokenConfirmations::default(),
            approval_subscriptions: ApprovalSubscriptions::default(),
            sms_policy: settings.sms_policy,
            turn_budget: TurnBudget::open(counted, service_clock, settings.sms_per_hour),
            n_stops: AtomicU64::default(),
            opt_outs: OptOutQueue::default(),
        }
    }

    /// Uses this line from now on; one that was there before stays.
    pub(crate) fn set_line(&self, line: GatewayLine) {
        // It is set once, before anybody asks.
        let _ = self.line.set(line);
    }

    /// The gateway line; one that is never connected where there is none.
    pub(crate) fn line(&self) -> GatewayLine {
        self.line.get().cloned().unwrap_or_else(GatewayLine::off)
    }

    /// What holds an owner's turn now.
    pub(crate) fn rung(&self) -> Rung {
        self.line.get().map_or(Rung::Words, |line| Rung::of(&self.gate, line))
    }

    /// The owner stopped everything: what has not reached the agent does not, and no reply is texted.
    pub(crate) fn stop_all(&self) {
        self.n_stops.fetch_add(1, Ordering::SeqCst);
        self.spoken_confirmations.forget_all();
    }

    /// How often [`Self::stop_all`] was called.
    pub(crate) fn n_stops(&self) -> u64 {
        self.n_stops.load(Ordering::SeqCst)
    }

    /// Sends the loop thread an event of a request.
    pub(crate) fn notify(&self, key: &str, event: WorkerEvent) {
        self.loop_sender.send(LoopEvent::Worker { key: key.to_owned(), event });
    }

    /// Reports to the loop thread that the work for a request has ended, and that nothing is to be answered.
    pub(crate) fn notify_finished(&self, key: &str) {
        self.notify(key, WorkerEvent::Finished(TurnResult::default()));
    }

    /// Reports to the loop thread that the gateway is still down.
    pub(crate) fn notify_gateway_down(&self, health: GatewayHealth) {
        self.loop_sender.send(LoopEvent::GatewayDown(health));
    }

    /// Wakes the loop thread: something that is shared has changed.
    pub(crate) fn wake_loop(&self) {
        self.loop_sender.send(LoopEvent::Wake);
    }

    /// Changes the state of a call, in the journal too.
    pub(crate) fn update_call(&self, call_id: &str, change: impl FnOnce(&mut CallState)) {
        self.calls.update(call_id, change, |state| {
            let body = serde_json::to_string(&state).unwrap_or_default();
            self.journal.append_buffered(JournalStep::Call, call_id, Some(&body));
        });
    }
}
