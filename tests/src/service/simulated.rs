//! A test's handle on a simulated service: to script it, to wait for what comes in, to read the rows.

use super::endpoints::{account, approvals, calls, messages, numbers};
use super::server::ServiceInner;
use super::store::{ServiceTable, World, merge};
use super::{RequestFault, ServiceSettings, SimulatedOwner, event, script};
use crate::clock::SimulatedClock;
use crate::overrides::always;
use crate::recording::{RecordedConnection, RecordedRequest, ServiceLog};
use crate::wire::listener::Listener;
use rustls::ServerConfig;
use serde_json::Value;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The simulated service; dropping it ends it, and fails the test if a request came that no route knows.
pub struct SimulatedService {
    inner: Arc<ServiceInner>,
    listener: Listener,
    clock: SimulatedClock,
    base: String,
    allows_unknown_routes: bool,
}

impl SimulatedService {
    /// A fresh account with the [`ServiceSettings`] that most tests want.
    pub fn start() -> Self {
        Self::with(ServiceSettings::default())
    }

    /// A fresh account that differs in some settings.
    pub fn with(settings: ServiceSettings) -> Self {
        Self::open(settings, None)
    }

    /// The same under TLS: `https` and `wss` on one port, at `https://localhost:PORT`; see [`crate::tls`].
    pub fn start_tls(identity: &crate::tls::Identity) -> Self {
        Self::open(ServiceSettings::default(), Some(identity.server_config()))
    }

    fn open(settings: ServiceSettings, tls: Option<Arc<ServerConfig>>) -> Self {
        let clock = SimulatedClock::default();
        let (port, scheme) = (settings.port, if tls.is_some() { "https" } else { "http" });
        let profile = account::profile(&settings, &clock);
        let mut world = World::new(settings, clock.clone(), profile);
        numbers::seed(&mut world);
        let inner = ServiceInner::start(world);
        let (served, stop) = (Arc::clone(&inner), Arc::clone(&inner.stop));
        let listener = Listener::start(port, tls, stop, move |stream| served.serve(stream))
            .expect("a loopback port can be listened on");
        let host = if scheme == "https" { "localhost" } else { "127.0.0.1" };
        let base = format!("{scheme}://{host}:{}", listener.port());
        Self { inner, listener, clock, base, allows_unknown_routes: false }
    }

    /// The address to configure as `server`, without a path.
    pub fn url(&self) -> String {
        self.base.clone()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// The simulated time; see [`SimulatedService::clock_env`].
    pub fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// The environment that gives a program this service's clock.
    pub fn clock_env(&self) -> Vec<(String, String)> {
        self.clock.env()
    }

    /// Lets the time run `factor` times as fast from now on, for the service and for programs started from now on.
    pub fn speed(&self, factor: u32) {
        self.clock.speed(factor);
        self.inner.wake_timekeeper();
    }

    /// Moves the time and lets everything happen that was due meanwhile.
    pub fn advance(&self, by: Duration) {
        self.clock.jump(by.try_into().expect("a test's leap fits"));
        drop(self.inner.world_now());
        self.inner.send_events();
    }

    /// Requests to routes that do not exist no longer fail the test at the end.
    pub fn forgive_unknown_routes(&mut self) {
        self.allows_unknown_routes = true;
    }

    /// Gives every request of this method (`*` = any) and pattern (`/v1/calls/:id`, `/v1/*`) this response from now on; the
    /// newest such override wins.
    pub fn on(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        self.inner.overrides().script((method, pattern), None, always(status, body));
        self
    }

    /// The same for the next request only.
    pub fn once(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        self.inner.overrides().script((method, pattern), Some(1), always(status, body));
        self
    }

    /// Gives the response that the closure makes (status and JSON) from now on; it may wait for something.
    pub fn on_with(
        &self,
        method: &str,
        pattern: &str,
        respond: impl Fn(&RecordedRequest) -> (u16, Value) + Send + Sync + 'static,
    ) -> &Self {
        self.inner.overrides().script((method, pattern), None, Arc::new(respond));
        self
    }

    /// Lets the next `times` requests of this method and pattern go wrong.
    pub fn fail(&self, method: &str, pattern: &str, fault: RequestFault, times: usize) -> &Self {
        self.inner.overrides().fail((method, pattern), fault, Some(times));
        self
    }

    /// Lets all requests of this method and pattern go wrong until [`SimulatedService::heal`].
    pub fn fail_always(&self, method: &str, pattern: &str, fault: RequestFault) -> &Self {
        self.inner.overrides().fail((method, pattern), fault, None);
        self
    }

    /// Loses the response to `percent` of these requests, after they were carried out; the seed decides which.
    pub fn lose_responses(&self, method: &str, pattern: &str, percent: u8, seed: u64) -> &Self {
        self.inner.overrides().by_chance((method, pattern), percent, seed, |_| RequestFault::Lost);
        self
    }

    /// Answers `percent` of these requests as a front between the programs and the service does, before the effect or
    /// after it (see [`ErrorResponse::foreign`](crate::ErrorResponse::foreign)); the seed decides which.
    pub fn foreign_responses(&self, method: &str, pattern: &str, percent: u8, seed: u64) -> &Self {
        self.inner.overrides().by_chance((method, pattern), percent, seed, RequestFault::foreign);
        self
    }

    /// Ends all faults; scripted responses stay.
    pub fn heal(&self) -> &Self {
        self.inner.overrides().heal();
        self
    }

    /// Sends a JSON frame to the live connection; false when there is none (then it is lost, as with the real service).
    /// A call that it names exists from then on.
    pub fn send(&self, frame: &Value) -> bool {
        calls::add_announced(&mut self.inner.world(), frame);
        self.send_raw(&frame.to_string())
    }

    /// Sends any text as a frame.
    pub fn send_raw(&self, text: &str) -> bool {
        self.inner.socket.send(text)
    }

    /// Sends `times` frames in one go.
    pub fn flood(&self, times: usize, frame: impl Fn(usize) -> Value) -> bool {
        (0..times).all(|n| self.send(&frame(n)))
    }

    /// Closes the live connection with a code (4000 = replaced by another client).
    pub fn close(&self, code: u16) -> bool {
        self.inner.socket.close(code)
    }

    /// The same with these words, of which a close frame holds 123 bytes.
    pub fn close_saying(&self, code: u16, reason: &str) -> bool {
        self.inner.socket.close_saying(code, reason)
    }

    /// Cuts the live connection without a close frame, as every end in the logs was (1006).
    pub fn drop_socket(&self) -> bool {
        self.inner.socket.cut()
    }

    /// Cuts every connection, HTTP ones too; new ones are taken.
    pub fn drop_everything(&self) {
        self.inner.stop.cut_all();
    }

    /// Refuses upgrades with a status from now on.
    pub fn refuse_upgrades(&self, status: u16, retry_after: Option<u64>) -> &Self {
        self.inner.socket.faults().refuse = Some((status, retry_after));
        self
    }

    /// Takes upgrades again.
    pub fn accept_upgrades(&self) -> &Self {
        self.inner.socket.faults().refuse = None;
        self
    }

    /// Whether `auth` frames stay unanswered from now on.
    pub fn mute_auth(&self, mute: bool) -> &Self {
        self.inner.socket.faults().mute = mute;
        self
    }

    /// Replies to `auth` with an `auth_error` from now on, whatever the key; `None` ends it.
    pub fn auth_error(&self, message: Option<&str>) -> &Self {
        self.inner.socket.faults().auth_error = message.map(str::to_owned);
        self
    }

    /// Whether connections opened from now on leave pings unanswered.
    pub fn ignore_pings(&self, ignore: bool) -> &Self {
        self.inner.socket.faults().no_pong = ignore;
        self
    }

    /// How the owner decides approval requests from now on.
    pub fn owner(&self, owner: SimulatedOwner) -> &Self {
        self.inner.world().settings.owner = owner;
        self
    }

    /// Decides an approval as the owner would (`approved`, `denied`, or any word), and announces it on the socket, even if
    /// the id does not exist.
    pub fn decide(&self, request_id: &str, decision: &str) {
        self.decide_silently(request_id, decision);
        self.send(&event::approval_responded(request_id, decision));
    }

    /// The same without the event, so that only polling finds it.
    pub fn decide_silently(&self, request_id: &str, decision: &str) {
        approvals::decide(&mut self.inner.world_now(), request_id, decision, true);
    }

    /// Replaces the accepted key: from now on the old one is refused.
    pub fn change_key(&self, key: &str) {
        key.clone_into(&mut self.inner.world().settings.key);
    }

    /// Replaces these fields of what `/v1/me` gives.
    pub fn profile(&self, fields: &Value) -> &Self {
        merge(&mut self.inner.world().profile, fields);
        self
    }

    /// Receives a text: it is listed, and announced on the socket. Returns its id.
    pub fn text_in(&self, from: &str, body: &str) -> String {
        let id = messages::receive(&mut self.inner.world_now(), from, body);
        self.send(&event::sms_received(from, body, &id));
        id
    }

    /// Scripts what the people behind numbers do: `{"+1312…": {"calls": ["busy", "answered"], "said": "…", "reply": "…",
    /// "reply_after": 60}}`. Fails with what is wrong.
    pub fn script(&self, scripts: &Value) -> Result<(), String> {
        let scripts = script::read(scripts)?;
        self.inner.world().scripts.extend(scripts);
        Ok(())
    }

    /// Adds a row that lists show at once; `parent` as [`ServiceTable`] says, or empty.
    pub fn seed(&self, table: ServiceTable, id: &str, parent: &str, body: Value) -> &Self {
        self.inner.world().seed(table, id, parent, body);
        self
    }

    /// The HTTP requests so far, in order.
    pub fn seen(&self) -> Vec<RecordedRequest> {
        self.inner.recorder.log().requests.clone()
    }

    /// The requests so far of one method and pattern (`/v1/calls/:id`, `/v1/*`).
    pub fn seen_at(&self, method: &str, pattern: &str) -> Vec<RecordedRequest> {
        self.log().to(method, pattern).into_iter().cloned().collect()
    }

    /// The JSON frames that clients sent on the socket, in order.
    pub fn frames(&self) -> Vec<Value> {
        self.inner.recorder.log().frames.iter().map(|frame| frame.json.clone()).collect()
    }

    /// Every connection to `/ws` so far, refused ones too.
    pub fn connections(&self) -> Vec<RecordedConnection> {
        self.inner.recorder.log().connections.clone()
    }

    /// A copy of the whole record.
    pub fn log(&self) -> ServiceLog {
        self.inner.recorder.log().clone()
    }

    /// Waits until `pick` finds something in the record.
    ///
    /// # Panics
    /// When nothing was found within `limit`, with the record in the message.
    #[track_caller]
    pub fn wait_for<T>(&self, limit: Duration, pick: impl FnMut(&ServiceLog) -> Option<T>) -> T {
        self.try_wait_for(limit, pick).unwrap_or_else(|| {
            panic!(
                "nothing of the kind within {limit:?}; the service has seen:\n{}",
                self.log().describe()
            )
        })
    }

    /// Like [`SimulatedService::wait_for`], but `None` when the time is over: for what must not come.
    pub fn try_wait_for<T>(
        &self,
        limit: Duration,
        pick: impl FnMut(&ServiceLog) -> Option<T>,
    ) -> Option<T> {
        self.inner.recorder.wait(limit, pick)
    }

    /// Waits for the first frame with this `type` that passes the test.
    #[track_caller]
    pub fn wait_frame(&self, limit: Duration, kind: &str, test: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(limit, |log| log.frames_of(kind).into_iter().find(|json| test(json)).cloned())
    }

    /// Waits for the `n`th request (from 1) of a method and pattern.
    #[track_caller]
    pub fn wait_request(
        &self,
        limit: Duration,
        method: &str,
        pattern: &str,
        n: usize,
    ) -> RecordedRequest {
        self.wait_for(limit, |log| log.to(method, pattern).get(n - 1).map(|seen| (*seen).clone()))
    }

    /// Waits until a client is connected and authenticated.
    #[track_caller]
    pub fn wait_connected(&self, limit: Duration) {
        self.wait_for(limit, |log| {
            log.connections.iter().any(|c| c.authenticated && c.closed.is_none()).then_some(())
        });
    }

    /// Waits until `n` connections have been authenticated since the start, to tell a reconnection from a connection that lasts.
    #[track_caller]
    pub fn wait_authenticated(&self, limit: Duration, n: usize) {
        self.wait_for(limit, |log| (log.authenticated() >= n).then_some(()));
    }

    /// The rows of a table as they are now, oldest first, without the lag of lists: what really happened.
    pub fn rows(&self, table: ServiceTable) -> Vec<Value> {
        let world = self.inner.world_now();
        world.all(table).map(|row| row.body.clone()).collect()
    }

    /// The numbers that were really dialled, by `POST /v1/calls` or by a scheduled call, in order.
    pub fn dialled(&self) -> Vec<String> {
        self.reached("dialled")
    }

    /// The texts that really left, as (number, text), by `POST /v1/messages/send` or scheduled.
    pub fn texted(&self) -> Vec<(String, String)> {
        let sent = self.reached("texted");
        sent.iter()
            .filter_map(|both| both.split_once('\n'))
            .map(|(to, text)| (to.into(), text.into()))
            .collect()
    }

    fn reached(&self, how: &str) -> Vec<String> {
        let world = self.inner.world_now();
        let reached = world.reached.iter().filter(|(kind, _)| *kind == how);
        reached.map(|(_, what)| what.clone()).collect()
    }
}

impl Drop for SimulatedService {
    fn drop(&mut self) {
        self.inner.stop.stop();
        self.inner.wake_timekeeper();
        let unknown = self.inner.unknown_routes();
        if !self.allows_unknown_routes && !thread::panicking() {
            assert!(unknown.is_empty(), "requests that no route of the service knows: {unknown:?}");
        }
    }
}
