//! The gateway line under kill -9 of the client, drops of either socket and restarts of the gateway: no deed is put to the owner
//! twice, none is done that was not approved, and no turn runs twice.

use std::time::{Duration, Instant};

use harness::{
    AgentReply, AgentWork, Child, Rng, Sandbox, ServiceTable, Signal, SimulatedGateway,
    SimulatedOwner, SimulatedService, event,
};
use serde_json::{Value, json};
use state::out;

use super::plan::Plan;
use super::tally::Tally;

/// How long a request may take before the next one comes.
const PATIENCE: Duration = Duration::from_secs(12);
const SOON: Duration = Duration::from_secs(20);

/// The agent does what the request names, once.
fn act(work: &AgentWork) -> AgentReply {
    let Some(mark) = mark_of(&work.turn().message) else {
        return AgentReply::from("I was interrupted.");
    };
    work.says("Let me do that.");
    AgentReply::from(match work.does("exec", &json!({"command": format!("rm {mark}")})) {
        Ok(()) => "It went through.",
        Err(_) => "It did not happen.",
    })
}

/// The mark of a request in a longer text: `mark-12.`
fn mark_of(text: &str) -> Option<&str> {
    let start = text.find("mark-")?;
    let end = text[start..].find('.')?;
    Some(&text[start..=start + end])
}

/// Kills as planned, then audits.
pub(super) fn torture(plan: Plan) -> Tally {
    let connect = plan.programs.join("connect").display().to_string();
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    gateway.gate(true).work_with(act);
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(&json!({"gate": {"on": true}}));
    let mut rng = Rng::new(plan.seed.wrapping_mul(8).wrapping_add(5));
    let start = || {
        let client = sandbox.spawn(&connect, ["run"]);
        service.try_wait_for(SOON, |log| log.authenticated().checked_sub(1).map(|_| ()));
        client
    };
    let mut client: Option<Child> = Some(start());
    gateway.wait_line(SOON);
    let (mut tally, mut n_requests) = (Tally::default(), 0);
    let began = Instant::now();
    while tally.get("kills") < plan.kills && began.elapsed() < plan.limit {
        n_requests += 1;
        let after = Duration::from_millis(rng.below(400));
        service.owner(if rng.chance(3) {
            SimulatedOwner::Denies(after)
        } else {
            SimulatedOwner::Approves(after)
        });
        let (call, id) = (format!("call-{n_requests}"), format!("request-{n_requests}"));
        service.send(&event::call_started(&call, "inbound"));
        service.send(&event::deep_tool_request(&call, &id, &format!("Lösche mark-{n_requests}.")));
        std::thread::sleep(Duration::from_millis(rng.below(700)));
        match rng.below(5) {
            0 => {
                gateway.drop_line();
                tally.count("drops");
            }
            1 => {
                service.drop_socket();
                tally.count("drops");
            }
            2 => {
                gateway.kill().start_again(rng.chance(2));
                tally.count("restarts");
            }
            _ => {
                if let Some(client) = client.take() {
                    client.stop(Signal::KILL, SOON);
                }
                client = Some(start());
                tally.count("kills");
                if tally.get("kills").is_multiple_of(25) {
                    out::progress(&format!("{} kills, {n_requests} requests", tally.get("kills")));
                }
            }
        }
        service.try_wait_for(PATIENCE, |log| {
            let results = log.frames_of("deep_tool_result");
            results.iter().any(|frame| frame["request_id"] == id.as_str()).then_some(())
        });
    }
    drop(client);
    audit(&service, &gateway, n_requests, &mut tally);
    tally
}

/// What became of each request.
fn audit(
    service: &SimulatedService,
    gateway: &SimulatedGateway,
    n_requests: u64,
    tally: &mut Tally,
) {
    let (log, rows) = (gateway.log(), service.rows(ServiceTable::Approvals));
    tally.add_up("requests", n_requests);
    for n in 1..=n_requests {
        let mark = format!("mark-{n}.");
        let pushes: Vec<&Value> = rows
            .iter()
            .filter(|row| row["action"].as_str().is_some_and(|action| action.contains(&mark)))
            .collect();
        let turns = log.turns.iter().filter(|turn| turn.message.contains(&mark)).count();
        let of_it = log.deeds.iter().filter(|deed| deed.params.to_string().contains(&mark));
        let done = of_it.filter(|deed| deed.outcome.is_ok()).count();
        if pushes.len() > 1 {
            tally.double(&format!("{mark} was put to the owner {} times", pushes.len()));
        }
        if turns > 1 {
            tally.double(&format!("the turn of {mark} ran {turns} times"));
        }
        if done > 1 {
            tally.double(&format!("{mark} was done {done} times"));
        }
        let was_approved = pushes.iter().any(|row| row["status"] == "approved");
        if done > 0 && !was_approved {
            tally.unapproved(&format!("{mark} was done"));
        }
        tally.add_up("pushes", pushes.len() as u64);
        tally.add_up("done", done as u64);
    }
}
