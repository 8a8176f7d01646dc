//! `connect` under kill -9 and cut connections during a stream of requests: none runs twice, no ready answer is lost,
//! the lock is never stuck, and `status` never claims what is not so.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use harness::{Child, Fate, Gateway, Log, Reply, Sandbox, Service, Signal, Turn, event};
use serde_json::{Value, json};
use state::out;

use super::{Plan, frozen};

/// An answer that is older than this at a kill was the client's already, however busy the machine.
const SETTLED: Duration = Duration::from_millis(500);
/// A request that a killed client had sent is heard within this time of the kill.
const UNDERWAY: Duration = Duration::from_millis(200);
/// A client that has not authenticated by then hangs, or waits for a lock that nobody holds.
const STUCK: Duration = Duration::from_secs(20);
/// What is still open after the last kill is delivered or told within this time.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// Kills and cuts as planned, then counts. `faults` of the summary lists everything that must not be.
pub(super) fn torture(programs: &Path, plan: Plan) -> Value {
    let connect = programs.join("connect").display().to_string();
    let beside = connect.clone();
    // The frozen client needs a minute of its own, beside the kills; a short run has no time for it.
    let frozen =
        (plan.limit >= frozen::TAKES).then(|| thread::spawn(move || frozen::claims(&beside)));
    let mut run = Run::new(&connect, plan.seed);
    let began = Instant::now();
    while run.kills.len() < plan.kills && began.elapsed() < plan.limit {
        run.life();
        if run.kills.len().is_multiple_of(25) {
            out::progress(&format!("{} kills, {} requests", run.kills.len(), run.asked.len()));
        }
    }
    let mut summary = run.count();
    summary["seconds"] = began.elapsed().as_secs().into();
    if let Some(frozen) = frozen {
        let (told, fault) = frozen.join().unwrap_or_else(|_| {
            (Value::Null, Some("the frozen client's watcher broke off".to_owned()))
        });
        summary["frozen"] = told;
        if let (Some(fault), Some(faults)) = (fault, summary["faults"].as_array_mut()) {
            faults.push(fault.into());
        }
    }
    summary
}

struct Run<'a> {
    connect: &'a str,
    service: Service,
    gateway: Gateway,
    sandbox: Sandbox,
    fate: Fate,
    /// Requests that were written to a live connection.
    asked: Vec<Instant>,
    kills: Vec<Instant>,
    drops: usize,
    faults: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(connect: &'a str, seed: u64) -> Self {
        let (service, gateway) = (Service::start(), Gateway::start());
        gateway.reply_with(|turn| {
            let number = number(&turn.message).unwrap_or_default();
            // Some answers come at once, some while the client is being killed.
            thread::sleep(Duration::from_millis((number as u64 * 7) % 60));
            Reply::Text(answer(number))
        });
        let sandbox = Sandbox::for_service(&service);
        sandbox.adjust(&json!({
            "gateway_url": gateway.url(), "gateway_token": gateway.token(), "gateway_api": "sessions_send",
        }));
        let (asked, kills, faults) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            connect,
            service,
            gateway,
            sandbox,
            fate: Fate::new(seed),
            asked,
            kills,
            drops: 0,
            faults,
        }
    }

    /// Starts the client, keeps it busy for a while, and kills it.
    fn life(&mut self) {
        let Some(mut client) = self.start() else { return };
        // Most lives are short, so that starts and recoveries are hit as well; one in eight sees drops too.
        let long = self.fate.below(8) == 0;
        let life = Duration::from_millis(self.fate.below(if long { 3_000 } else { 400 }));
        let until = Instant::now() + life;
        while Instant::now() < until {
            self.ask();
            if long && self.fate.strikes(2) {
                self.drops += usize::from(self.service.drop_socket());
            }
            let pause = Duration::from_millis(self.fate.below(25));
            thread::sleep(pause.min(until.saturating_duration_since(Instant::now())));
        }
        client.signal(Signal::KILL);
        self.kills.push(Instant::now());
        client.finish(Duration::from_secs(5));
        let status = self.sandbox.run(self.connect, ["status"]);
        if status.code() == 0 {
            self.faults.push(format!(
                "`status` says yes after kill {}: {}",
                self.kills.len(),
                status.out()
            ));
        }
    }

    /// A client that is authenticated; a fault if it does not come so far.
    fn start(&mut self) -> Option<Child> {
        let before = self.service.log().authenticated();
        let client = self.sandbox.spawn(self.connect, ["run"]);
        let come = |log: &Log| (log.authenticated() > before).then_some(());
        if self.service.try_wait_for(STUCK, come).is_some() {
            return Some(client);
        }
        let kill = self.kills.len();
        self.faults.push(format!("it did not come back after kill {kill}: {}", client.stderr()));
        // Counted as a life all the same, so that the run ends.
        self.kills.push(Instant::now());
        None
    }

    fn ask(&mut self) {
        let number = self.asked.len();
        let call = format!("call-{}", number / 20);
        let frame = event::deep_tool_request(&call, &id(number), &question(number));
        if self.service.send(&frame) {
            self.asked.push(Instant::now());
        }
    }

    /// Lets a last client say what is open, then compares what was asked, what the agent did, and what was told.
    fn count(&mut self) -> Value {
        let closing = self.start();
        let turns = by_number(self.gateway.turns());
        let told_all = |log: &Log| {
            let results = results(log);
            turns.keys().all(|number| results.contains_key(number)).then_some(())
        };
        let settled = self.service.try_wait_for(LAST_WORDS, told_all).is_some();
        let results = results(&self.service.log());
        let said = closing.map(|client| client.stop(Signal::TERM, Duration::from_secs(15)).code());
        let (mut doubled, mut lost, mut wrong, mut answered, mut lost_track) = (0, 0, 0, 0, 0);
        for (number, turns) in &turns {
            let told = results.get(number);
            let right = told.is_some_and(|told| told.contains(&answer(*number)));
            doubled += usize::from(turns.len() > 1);
            answered += usize::from(right);
            lost_track += usize::from(!right && told.is_some());
            let ready = turns.first().is_some_and(|turn| self.was_ready(turn));
            if told.is_none() || (ready && !right) {
                lost += 1;
                self.faults.push(format!("request {number}: ready {ready}, told {told:?}"));
            }
            let other = |text: &&String| text.starts_with("Answer") && **text != answer(*number);
            wrong += usize::from(told.is_some_and(|told| told.iter().any(|text| other(&text))));
        }
        if doubled + wrong > 0 {
            self.faults.push(format!("{doubled} requests ran twice, {wrong} had another's answer"));
        }
        if !settled {
            self.faults.push(format!(
                "some requests were never told of, {LAST_WORDS:?} after the last kill"
            ));
        }
        if said != Some(0) {
            self.faults.push(format!("the last client did not end well after SIGTERM: {said:?}"));
        }
        let repeated: usize = results.values().map(|told| told.len() - 1).sum();
        json!({
            "kills": self.kills.len(), "drops": self.drops, "asked": self.asked.len(), "ran": turns.len(),
            "answered": answered, "told_lost_track": lost_track, "delivered_again": repeated,
            "lost": lost, "doubled": doubled, "wrong": wrong, "faults": self.faults,
        })
    }

    /// Whether the client that began a turn had its answer long before that client was killed.
    fn was_ready(&self, turn: &Turn) -> bool {
        let Some(ended) = turn.ended else { return false };
        // A request that left just before a kill is heard just after it.
        let kill = self.kills.iter().find(|kill| **kill + UNDERWAY > turn.at);
        kill.is_none_or(|kill| *kill > ended + SETTLED)
    }
}

fn id(number: usize) -> String {
    format!("request-{number}")
}

fn question(number: usize) -> String {
    format!("What do you know about number {number}?")
}

fn answer(number: usize) -> String {
    format!("Answer {number}.")
}

/// The number that a message to the agent ends with.
fn number(message: &str) -> Option<usize> {
    message.trim_end().trim_end_matches('?').rsplit(' ').next()?.parse().ok()
}

fn by_number(turns: Vec<Turn>) -> BTreeMap<usize, Vec<Turn>> {
    let mut sorted: BTreeMap<usize, Vec<Turn>> = BTreeMap::new();
    for turn in turns {
        if let Some(number) = number(&turn.message) {
            sorted.entry(number).or_default().push(turn);
        }
    }
    sorted
}

/// Every text that was told as the result of a request, by the request's number.
fn results(log: &Log) -> BTreeMap<usize, Vec<String>> {
    let mut sorted: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for frame in log.frames_of("deep_tool_result") {
        let number = frame["request_id"].as_str().and_then(|id| id.strip_prefix("request-"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            sorted
                .entry(number)
                .or_default()
                .push(frame["text"].as_str().unwrap_or_default().to_owned());
        }
    }
    sorted
}
