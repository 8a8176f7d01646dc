//! A test's handle on the WebSocket of a stub gateway: to switch it on, to load the gate, to cut, kill and restart.

use super::core::GatewayInner;
use super::line::{AgentWork, turns};
use super::simulated::SimulatedGateway;
use super::turn::AgentReply;
use crate::recording::RecordedFrame;
use std::sync::Arc;
use std::time::Duration;

impl SimulatedGateway {
    /// Whether there is a WebSocket; without this there is none.
    pub fn line(&self, enabled: bool) -> &Self {
        self.inner.line.lock().enabled = enabled;
        self
    }

    /// Loads the plugin that holds deeds, bound to the first device that asks, or takes it away. Clients see it when they
    /// connect.
    pub fn gate(&self, loaded: bool) -> &Self {
        let mut data = self.inner.line.lock();
        data.enabled |= loaded;
        data.gate = loaded.then(Default::default);
        drop(data);
        self
    }

    /// How long a held deed waits for a word.
    pub fn gate_wait(&self, time: Duration) -> &Self {
        self.inner.line.lock().gate_wait = time;
        self
    }

    /// The protocol that it speaks, instead of 4.
    pub fn protocol(&self, version: u64) -> &Self {
        self.inner.line.lock().protocol = version;
        self
    }

    /// Whether a device has to be approved by hand before it is let in.
    pub fn needs_pairing(&self, needed: bool) -> &Self {
        self.inner.line.lock().needs_pairing = needed;
        self
    }

    /// Whether sessions can be forked.
    pub fn forks(&self, possible: bool) -> &Self {
        self.inner.line.lock().forks = possible;
        self
    }

    /// The pause before each sentence of a reply on the WebSocket.
    pub fn sentence_pause(&self, time: Duration) -> &Self {
        self.inner.line.lock().sentence_pause = time;
        self
    }

    /// What the agent does in turns that come on the WebSocket, to its reply; it runs on the turn's own thread.
    pub fn work_with(
        &self,
        work: impl Fn(&AgentWork) -> AgentReply + Send + Sync + 'static,
    ) -> &Self {
        self.inner.settings().work = Some(Arc::new(work));
        self
    }

    /// Cuts every connection of the WebSocket.
    pub fn drop_line(&self) -> &Self {
        self.inner.line.lock().cut();
        self
    }

    /// Ends the process as kill -9 does: connections, turns, held deeds and the memory of keys; upgrades are refused.
    pub fn kill(&self) -> &Self {
        turns::kill(&self.inner);
        self
    }

    /// Starts the next process. With `recovers` it goes on with the turns that were cut.
    pub fn start_again(&self, recovers: bool) -> &Self {
        turns::start_again(&self.inner, recovers);
        self
    }

    /// Waits until a client was let in on the WebSocket.
    #[track_caller]
    pub fn wait_line(&self, limit: Duration) {
        let inner: &GatewayInner = &self.inner;
        crate::wait_until(limit, || !inner.line.lock().connections.is_empty());
    }

    /// The frames of clients that were let in, of this method.
    pub fn line_requests(&self, method: &str) -> Vec<RecordedFrame> {
        self.log().frames.into_iter().filter(|frame| frame.json["method"] == method).collect()
    }

    /// How many deeds wait for a word now.
    pub fn n_held(&self) -> usize {
        self.inner.line.lock().gate.as_ref().map_or(0, |gate| gate.held.len())
    }
}
