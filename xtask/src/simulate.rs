//! `cargo xtask simulate`: the simulated service, and a stub gateway, for people who want to be the callers and the
//! owner's phone.

use std::io::{BufRead as _, IsTerminal as _, stdin};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use harness::{
    AgentReply, KEY, ServiceLog, ServiceSettings, ServiceTable, SimulatedGateway, SimulatedService,
    event,
};
use serde_json::json;
use state::exit::{Exit, Fault};
use state::out::{self, Printer};

use crate::args::SimulatorArgs;

/// The most characters that are shown of a frame or request.
const SHOWN: usize = 300;

const HELP: &str = "\
call             the owner calls: the agent greets, then `say` asks
say TEXT         ask something on that call
hangup           end it
walkie TEXT      push to talk
text FROM BODY   a text comes in, as in: text +15551234567 are you there?
approve | deny   answer the newest approval request
drop             cut the connection (the client comes back)
kick             another client takes the place (the client gives up)
quit             end the simulator";

/// Serves until `quit`, the end of a terminal's input, or a signal. The config to use is the one document on stdout, or
/// in text the same for a shell; what happens goes to stderr.
pub(crate) fn run(args: &SimulatorArgs, printer: Printer) -> Result<Exit> {
    let mut service =
        SimulatedService::with(ServiceSettings { port: args.port, ..ServiceSettings::default() });
    service.forgive_unknown_routes();
    if let Some(path) = &args.script {
        let reading = || format!("reading `{}`", path.display());
        let bytes = std::fs::read(path).with_context(reading)?;
        let script = serde_json::from_slice(&bytes).with_context(reading)?;
        service.script(&script).map_err(Fault::usage).with_context(reading)?;
    }
    service.clock().speed(args.speed);
    let gateway = SimulatedGateway::start();
    gateway.reply_with(|turn| AgentReply::Text(format!("You said: {}", said(&turn.message))));
    let config = json!({
        "api_key": KEY, "server": service.url(), "gateway_url": gateway.url(), "gateway_token": gateway.token(),
    });
    printer.print(&config, || {
        format!(
            "export CLAWDTALK_API_KEY={KEY} CLAWDTALK_API_URL={} OPENCLAW_GATEWAY_URL={} OPENCLAW_GATEWAY_TOKEN={}",
            service.url(),
            gateway.url(),
            gateway.token()
        )
    })?;
    out::progress(&format!(
        "the service is at {}, a gateway that repeats what it hears at {}",
        service.url(),
        gateway.url()
    ));
    for (name, value) in service.clock_env() {
        out::progress(&format!("export {name}={value}"));
    }
    out::progress(HELP);
    let service = Arc::new(service);
    let watched = Arc::clone(&service);
    thread::spawn(move || watch(&watched));
    let mut person = Person { service: &service, call: None, n_requests: 0 };
    for line in stdin().lock().lines() {
        if person.does(line?.trim()) == After::Quit {
            return Ok(Exit::Done);
        }
    }
    // Started in the background it has no input, and is meant to go on.
    while !stdin().is_terminal() {
        thread::park();
    }
    Ok(Exit::Done)
}

/// What a person said, without what `connect` tells the agent about it: the end of a request, or the quoted lines of a text.
fn said(message: &str) -> String {
    if let Some((_, request)) = message.rsplit_once("The request:") {
        return request.trim().to_owned();
    }
    let quoted: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix("| ")).collect();
    if quoted.is_empty() { message.to_owned() } else { quoted.join(" ") }
}

#[derive(PartialEq, Eq)]
enum After {
    GoOn,
    Quit,
}

/// Who types.
struct Person<'a> {
    service: &'a SimulatedService,
    call: Option<String>,
    n_requests: usize,
}

impl Person<'_> {
    fn does(&mut self, line: &str) -> After {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match (verb, rest) {
            ("", _) => {}
            ("quit" | "exit", _) => return After::Quit,
            ("call", _) => drop(self.called()),
            ("say" | "walkie", "") => out::warning(&format!("`{verb}` needs words")),
            ("say", words) => {
                if let Some(call) = self.called() {
                    let id = self.request();
                    self.send(&event::deep_tool_request(&call, &id, words));
                }
            }
            ("walkie", words) => {
                let id = self.request();
                self.send(&event::walkie_request(&id, words, None));
            }
            ("hangup", _) => match self.call.take() {
                Some(call) => self.send(&event::call_ended(
                    &call,
                    "inbound",
                    &json!({"reason": "user_hangup"}),
                )),
                None => out::warning("there is no call"),
            },
            ("text", words) => match words.split_once(' ') {
                Some((from, body)) => drop(self.service.text_in(from, body.trim())),
                None => out::warning("`text` needs a number and words"),
            },
            ("approve", _) => self.decide("approved"),
            ("deny", _) => self.decide("denied"),
            ("drop", _) => print_sent(self.service.drop_socket()),
            ("kick", _) => print_sent(self.service.close(4000)),
            _ => out::progress(HELP),
        }
        After::GoOn
    }

    /// The call that is going on, started if there is none; `None` if nobody is connected.
    fn called(&mut self) -> Option<String> {
        if self.call.is_none() {
            self.n_requests += 1;
            let call = format!("call-{}-{}", std::process::id(), self.n_requests);
            let is_sent = self.service.send(&event::context_request(&call));
            print_sent(is_sent);
            if is_sent {
                self.send(&event::call_started(&call, "inbound"));
                self.call = Some(call);
            }
        }
        self.call.clone()
    }

    fn request(&mut self) -> String {
        self.n_requests += 1;
        format!("request-{}-{}", std::process::id(), self.n_requests)
    }

    fn send(&self, frame: &serde_json::Value) {
        print_sent(self.service.send(frame));
    }

    fn decide(&self, decision: &str) {
        let rows = self.service.rows(ServiceTable::Approvals);
        match rows.iter().rev().find(|row| row["status"] == "pending") {
            Some(row) => {
                self.service.decide(row["request_id"].as_str().unwrap_or_default(), decision);
            }
            None => out::warning("no approval is pending"),
        }
    }
}

fn print_sent(sent: bool) {
    if !sent {
        out::warning("no client is connected: this is lost, as with the real service");
    }
}

/// Tells what came of a client, in a line that can be read: the longest are instructions for the voice.
fn tell(what: &str) {
    let mut rest = what.chars();
    let shown: String = rest.by_ref().take(SHOWN).collect();
    let cut = if rest.next().is_some() { "…" } else { "" };
    out::progress(&format!("<- {shown}{cut}"));
}

/// Tells what clients do, as it comes.
fn watch(service: &SimulatedService) {
    let (mut n_requests, mut n_frames, mut n_connected) = (0, 0, 0);
    loop {
        let fresh = |log: &ServiceLog| {
            let counts = (log.requests.len(), log.frames.len(), log.authenticated());
            (counts != (n_requests, n_frames, n_connected)).then(|| log.clone())
        };
        let Some(log) = service.try_wait_for(Duration::from_secs(60), fresh) else { continue };
        if log.authenticated() > n_connected {
            out::progress("-- a client is connected and authenticated");
        }
        for seen in &log.requests[n_requests..] {
            let body = if seen.body.is_null() { String::new() } else { format!(" {}", seen.body) };
            tell(&format!("{} {}{body}", seen.method, seen.raw_path));
        }
        for frame in log.frames[n_frames..].iter().filter(|frame| frame.kind() != "auth") {
            tell(&frame.json.to_string());
        }
        (n_requests, n_frames, n_connected) =
            (log.requests.len(), log.frames.len(), log.authenticated());
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn the_gateway_repeats_what_a_person_said() {
        assert_eq!(said("Be brief.\n\nThe request:\nwhat is up?"), "what is up?");
        assert_eq!(
            said("A text came.\n--- begin 1 ---\n| are you\n| there?\n--- end 1 ---"),
            "are you there?"
        );
        assert_eq!(said("anything else"), "anything else");
    }
}
