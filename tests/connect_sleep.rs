//! A machine that sleeps while something waits for a yes: time passes meanwhile, so the yes is void.
#![cfg(target_os = "linux")]

use std::time::Duration;

use harness::{
    Child, Sandbox, SimulatedGateway, SimulatedOwner, SimulatedService, SimulatedSleep, event,
    wait_until,
};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(15);
const ORDER: &str = "Wire 5000 dollars to Bob";

struct Machine {
    service: SimulatedService,
    gateway: SimulatedGateway,
    sleep: SimulatedSleep,
    client: Child,
    _sandbox: Sandbox,
}

fn open(config: &Value) -> Machine {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let mut sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(config);
    let sleep = SimulatedSleep::new(&sandbox.home());
    for (name, value) in sleep.env() {
        sandbox.env(name, &value);
    }
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    Machine { service, gateway, sleep, client, _sandbox: sandbox }
}

fn ask(machine: &Machine, request_id: &str, words: &str) {
    machine.service.send(&event::call_started("c1", "inbound"));
    machine.service.send(&event::deep_tool_request("c1", request_id, words));
}

fn answer(machine: &Machine, request_id: &str) -> String {
    let is_it = |frame: &Value| frame["request_id"] == request_id;
    let frame = machine.service.wait_frame(SOON, "deep_tool_result", is_it);
    frame["text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn an_approval_that_was_pending_when_the_machine_slept_is_void() {
    for (slept, is_void) in [(3, false), (8 * 3600, true)] {
        let machine = open(&json!({}));
        machine.service.owner(SimulatedOwner::Silent);
        ask(&machine, "r1", ORDER);
        machine.service.wait_request(SOON, "POST", "/v1/approvals", 1);
        machine.client.wait_line(SOON, |line| line.contains("approval requested"));
        let made = || machine.service.rows(harness::ServiceTable::Approvals);
        wait_until(SOON, || !made().is_empty());
        let made = made();
        let id = made[0]["request_id"].as_str().unwrap().to_owned();
        machine.sleep.sleep(Duration::from_secs(slept));
        machine.service.decide(&id, "approved");
        let text = answer(&machine, "r1");
        assert_eq!(text.contains("asleep"), is_void, "{slept}: {text}");
        assert_eq!(machine.gateway.turns().len(), usize::from(!is_void), "{slept}");
    }
}

#[test]
fn what_was_to_be_confirmed_aloud_when_the_machine_slept_is_void() {
    let machine = open(&json!({"guard": {"no_device": "voice"}}));
    machine.service.owner(SimulatedOwner::NoDevices);
    ask(&machine, "r1", ORDER);
    assert!(answer(&machine, "r1").contains("Shall I go ahead?"));
    machine.sleep.sleep(Duration::from_secs(60));
    // It dials anew: the old connection did not survive that.
    machine.service.wait_authenticated(SOON, 2);
    machine.service.send(&event::deep_tool_request("c1", "r2", "yes"));
    answer(&machine, "r2");
    wait_until(SOON, || !machine.gateway.turns().is_empty());
    let turns = machine.gateway.turns();
    assert!(turns.len() == 1 && !turns[0].message.contains("5000"), "{}", turns[0].message);
}
