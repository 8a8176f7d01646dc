//! Requests that found the gateway down, and for whose answer nobody holds the line: they wait until it is back, one poll
//! for all. Nothing of them was sent, so that each still runs once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::shared::context::ClientContext;
use crate::shared::request::Lifetime;
use crate::shared::worker_event::WorkerEvent;
use crate::status::gateway_health::GatewayHealth;

/// The pause before the first poll; each one after it is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The stack of the thread that polls.
const STACK: usize = 256 << 10;

/// Polls until the gateway is back. Its thread runs only while a request waits.
#[derive(Clone, Default)]
pub(crate) struct GatewayReturn {
    wait: Arc<Mutex<GatewayWait>>,
}

#[derive(Default)]
struct GatewayWait {
    /// In the order in which they are to go on.
    waiting: Vec<(String, Lifetime)>,
    /// Whether a thread polls.
    is_polling: bool,
    /// The last pause before a poll; none since a turn was taken.
    last_pause: Option<Duration>,
}

impl GatewayReturn {
    /// Has a request wait. The loop thread gets [`WorkerEvent::GatewayBack`] for it, or
    /// [`WorkerEvent::GatewayAwaitedTooLong`].
    pub(crate) fn await_gateway(
        &self,
        context: &Arc<ClientContext>,
        key: String,
        lifetime: Lifetime,
    ) {
        let mut wait = self.lock();
        wait.waiting.push((key, lifetime));
        if wait.is_polling {
            return;
        }
        let (gateway_return, poll_context) = (self.clone(), Arc::clone(context));
        let poller = thread::Builder::new().name("gateway".to_owned()).stack_size(STACK);
        // Under the lock: the thread takes it first. If the system gives none, the next request tries again.
        wait.is_polling = poller.spawn(move || gateway_return.poll(&poll_context)).is_ok();
    }

    /// A request waits no longer: the owner stopped everything.
    pub(crate) fn forget(&self, key: &str) {
        self.lock().waiting.retain(|(waiting, _)| waiting != key);
    }

    /// The gateway took a turn: when it is down again the pauses start anew.
    pub(crate) fn on_turn(&self) {
        self.lock().last_pause = None;
    }

    fn poll(&self, context: &ClientContext) {
        loop {
            let pause = self.lock().next_pause(context);
            thread::sleep(pause);
            let outcome = context.gateway.why_down();
            let is_up = outcome.is_none();
            if let Some(outcome) = outcome {
                let health = GatewayHealth::of(&outcome, context.gateway.base());
                context.notify_gateway_down(health);
            }
            let now = context.service_clock.moment();
            let mut wait = self.lock();
            wait.waiting.retain(|(key, lifetime)| {
                if lifetime.is_over(now) {
                    context.notify(key, WorkerEvent::GatewayAwaitedTooLong);
                } else if is_up {
                    context.notify(key, WorkerEvent::GatewayBack);
                }
                !is_up && !lifetime.is_over(now)
            });
            // Under the lock: whoever adds the next one sees that nobody polls and starts the next thread.
            if wait.waiting.is_empty() {
                wait.is_polling = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, GatewayWait> {
        self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GatewayWait {
    /// The pause before the next poll: a gateway that responds and takes no turn must not be asked all the time.
    fn next_pause(&mut self, context: &ClientContext) -> Duration {
        let pause = self.last_pause.map_or(FIRST_PAUSE, |last| last * 2).min(LONGEST_PAUSE);
        self.last_pause = Some(pause);
        context.service_clock.scale_period(pause)
    }
}
