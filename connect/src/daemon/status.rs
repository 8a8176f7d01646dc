//! `connect status`: what the client says of itself, as far as its lock and its clock confirm it.

use jiff::Timestamp;
use serde_json::{Value, json};
use state::args::Common;
use state::config::Config;
use state::exit::{self, Exit};
use state::out::Printer;
use state::paths;

use super::running;
use crate::status::{ClientState, ClientStatus, WaitingForGateway};

/// Runs the command: exit 0 only if the lock is held, the key was accepted and pings are answered.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let skill = config.skill_dir();
    let unknown = |reason: String| ClientStatus {
        state: ClientState::Stopped,
        reason: Some(reason),
        journal_writable: true,
        ..ClientStatus::default()
    };
    let status = match ClientStatus::read(&paths::connect_status(skill)) {
        Ok(Some(status)) => status,
        Ok(None) => unknown("it was never started here".to_owned()),
        // A client that runs writes it anew.
        Err(err) => unknown(exit::one_line(&err)),
    };
    let view = StatusView::of(status, running::is_running(skill), Timestamp::now());
    printer.print(&view.json(), || view.text())?;
    Ok(if view.is_healthy() { Exit::Done } else { Exit::No })
}

/// The status as it is printed.
#[derive(Debug)]
struct StatusView {
    status: ClientStatus,
    running: bool,
    pong_age: Option<i64>,
}

impl StatusView {
    fn of(mut status: ClientStatus, running: bool, now: Timestamp) -> Self {
        // For the watchdog; nobody else can do anything with it.
        status.up = None;
        let is_alive = matches!(
            status.state,
            ClientState::Connecting | ClientState::Connected | ClientState::Waiting
        );
        if !running && is_alive {
            status.state = ClientState::Stopped;
            status.reason = Some("it died: it left no reason, and its lock is free".to_owned());
        } else if running && !is_alive {
            // A client that has just started has not written yet.
            status.state = ClientState::Connecting;
            status.reason = None;
        } else if status.state == ClientState::Connected && !status.is_pong_fresh(now) {
            status.state = ClientState::Connecting;
            status.reason = Some("no ping was answered for more than 45 s".to_owned());
        }
        let pong_age = status.pong_age(now).filter(|_| running);
        Self { status, running, pong_age }
    }

    fn is_healthy(&self) -> bool {
        let status = &self.status;
        let can_write = status.journal_writable
            && status.opt_outs_unwritten.is_none()
            && status.file_problem.is_none();
        self.running && status.state == ClientState::Connected && can_write
    }

    fn json(&self) -> Value {
        let mut value = json!(self.status);
        if let Some(fields) = value.as_object_mut() {
            // What is not known is null: a number or a time would be taken for one.
            let mut unknown = |names: &[&str]| {
                for name in names {
                    fields.insert((*name).to_owned(), Value::Null);
                }
            };
            if !self.running {
                unknown(&["pid"]);
            }
            if self.status.pid == 0 {
                unknown(&["since", "heartbeat", "version", "server"]);
            }
            fields.insert("running".to_owned(), json!(self.running));
            fields.insert("pong_age_seconds".to_owned(), json!(self.pong_age));
            fields.insert("healthy".to_owned(), json!(self.is_healthy()));
        }
        value
    }

    fn text(&self) -> String {
        let status = &self.status;
        let state = json!(status.state);
        let mut lines = vec![format!("Status: {}", state.as_str().unwrap_or_default())];
        let mut line = |label: &str, value: Option<String>| {
            lines.extend(value.map(|value| format!("{label}: {value}")));
        };
        line("Why", status.reason.clone());
        if self.running {
            line("Since", Some(format!("{:.0} (pid {})", status.since, status.pid)));
            line("Last ping answered", self.pong_age.map(|age| format!("{age} s ago")));
            line(
                "Turns",
                Some(format!(
                    "{} running, {} waiting, {} answers undelivered",
                    status.counts.in_flight, status.counts.queued, status.counts.undelivered
                )),
            );
        }
        line("Reconnects", (status.reconnects > 0).then(|| status.reconnects.to_string()));
        line(
            "Last close",
            status.last_close.as_ref().map(|close| format!("{:.0} {}", close.at, close.reason)),
        );
        line("Waiting", waiting(status));
        line("Gateway", status.gateway.problem.clone());
        line("Held by", status.gateway.rung.clone());
        line("Not by the gate", status.gateway.rung_problem.clone());
        if !status.journal_writable {
            line("Journal", Some("cannot be written, so nothing sensitive is done".to_owned()));
        }
        line("Files", status.file_problem.clone());
        line("Changed by others", status.file_taken.clone());
        let unwritten = status.opt_outs_unwritten.as_ref();
        line("Opt-outs", unwritten.map(|why| format!("not on the do-not-call list yet: {why}")));
        lines.join("\n")
    }
}

/// What waits until the gateway is back, or until an hour's budget has room for it.
fn waiting(status: &ClientStatus) -> Option<String> {
    let WaitingForGateway { texts, notices } = status.waiting_for_gateway;
    let count = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{n} {what}s")),
    };
    let counts = [count(texts, "text"), count(notices, "notice")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let for_what =
        if status.gateway.problem.is_some() { "the gateway" } else { "room in the hour's budget" };
    (!counts.is_empty()).then(|| format!("{}, for {for_what}", counts.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::{StatusView, waiting};
    use crate::status::{ClientState, ClientStatus, GatewayStatus, WaitingForGateway};
    use jiff::{SignedDuration, Timestamp};

    #[track_caller]
    fn case(state: ClientState, running: bool, pong_age: i64, wanted: ClientState, well: bool) {
        let now = Timestamp::now();
        let last_pong = Some(now - SignedDuration::from_secs(pong_age));
        let status =
            ClientStatus { state, last_pong, journal_writable: true, ..ClientStatus::default() };
        let view = StatusView::of(status, running, now);
        assert_eq!((view.status.state, view.is_healthy()), (wanted, well));
    }

    #[test]
    fn connected_is_claimed_only_of_a_client_that_is() {
        case(ClientState::Connected, true, 44, ClientState::Connected, true);
        case(ClientState::Connected, true, 46, ClientState::Connecting, false);
        case(ClientState::Connected, false, 1, ClientState::Stopped, false);
        case(ClientState::Waiting, true, 1, ClientState::Waiting, false);
        case(ClientState::Refused, false, 1, ClientState::Refused, false);
        case(ClientState::Replaced, true, 1, ClientState::Connecting, false);
    }

    #[test]
    fn what_waits_is_told_with_the_reason() {
        let told = |texts, notices, problem: Option<&str>| {
            let gateway =
                GatewayStatus { problem: problem.map(str::to_owned), ..Default::default() };
            let waiting_for_gateway = WaitingForGateway { texts, notices };
            waiting(&ClientStatus { waiting_for_gateway, gateway, ..ClientStatus::default() })
        };
        assert_eq!(told(0, 0, Some("down")), None);
        let both = "1 text and 2 notices, for the gateway";
        assert_eq!(told(1, 2, Some("down")).as_deref(), Some(both));
        assert_eq!(told(1, 0, None).as_deref(), Some("1 text, for room in the hour's budget"));
    }

    #[test]
    fn what_was_not_reported_is_null() {
        let printed = |pid, running| {
            let status = ClientStatus { pid, ..ClientStatus::default() };
            StatusView::of(status, running, Timestamp::now()).json()
        };
        for name in ["since", "heartbeat", "version", "server", "pid"] {
            assert!(printed(0, false)[name].is_null(), "{name}");
            assert_eq!(printed(7, false)[name].is_null(), name == "pid", "{name}");
            assert!(!printed(7, true)[name].is_null(), "{name}");
        }
    }

    #[test]
    fn an_unwritable_journal_is_not_well() {
        let now = Timestamp::now();
        let status = ClientStatus {
            state: ClientState::Connected,
            last_pong: Some(now),
            ..ClientStatus::default()
        };
        let view = StatusView::of(status, true, now);
        assert!(!view.is_healthy() && view.text().contains("Journal: cannot be written"));
        let opt_outs_unwritten = Some("the disk is full".to_owned());
        let status = ClientStatus { journal_writable: true, opt_outs_unwritten, ..view.status };
        let view = StatusView::of(status, true, now);
        assert!(!view.is_healthy() && view.text().contains("list yet: the disk is full"));
    }
}
