//! Who speaks on a call, as the agent is told: the owner only where the service or our own record says so, else a stranger.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use harness::{
    Child, RequestFault, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until,
};
use serde_json::{Value, json};
use state::placed_calls;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const JOURNAL: &str = "skill/.connect.journal";
const ONE_CALL: &str = "/v1/calls/:id";

struct Line {
    service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    client: Child,
    n_requests: usize,
}

impl Line {
    /// A client speaker service answers 404 about every call.
    fn open() -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.on("GET", ONE_CALL, 404, json!({"error": {"code": "not_found", "message": "no"}}));
        let sandbox = Sandbox::for_both(&service, &gateway);
        let client = sandbox.spawn(CONNECT, ["run"]);
        service.wait_connected(SOON);
        Self { service, gateway, sandbox, client, n_requests: 0 }
    }

    /// Kills the client and starts the next one.
    fn restarted(self) -> Self {
        self.client.stop(Signal::KILL, SOON);
        Self { client: self.sandbox.spawn(CONNECT, ["run"]), ..self }
    }

    /// The service's answer about a call.
    fn answer_lookup(&self, call_id: &str, status: u16, body: &Value) {
        self.service.on("GET", &format!("/v1/calls/{call_id}"), status, body.clone());
    }

    fn send(&self, event: Value, more: &Value) {
        let (mut frame, more) = (event, more.as_object().into_iter().flatten());
        for (name, value) in more {
            frame[name] = value.clone();
        }
        // Raw, so that the simulator adds nothing of its own.
        self.service.send_raw(&frame.to_string());
    }

    fn started(&self, call_id: &Value, more: &Value) {
        self.send(json!({"type": "event", "event": "call.started", "call_id": call_id}), more);
    }

    /// Sends a request on a call, and gives the number by which its turn is found.
    fn ask(&mut self, call: &Value) -> usize {
        self.n_requests += 1;
        let n = self.n_requests;
        let request = json!({
            "type": "event", "event": "deep_tool_request", "request_id": format!("r{n}"),
            "query": format!("What is on my calendar, number {n}?"),
        });
        self.send(request, call);
        n
    }

    fn ask_on(&mut self, call_id: &str) -> usize {
        self.ask(&json!({"call_id": call_id}))
    }

    /// Who speaks in a request by the message that the agent got.
    #[track_caller]
    fn speaker_of(&self, n: usize) -> &'static str {
        let id = format!("r{n}");
        self.service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == *id);
        let words = format!("What is on my calendar, number {n}?");
        let turns = self.gateway.turns();
        let turn = turns.iter().find(|turn| turn.message.contains(&words));
        let message = &turn.expect("each request is harmless, and has its turn").message;
        let is_fenced = message.contains(&format!("| {words}"));
        assert_ne!(is_fenced, message.ends_with(&format!("\n\n{words}")), "{message}");
        if is_fenced { "stranger" } else { "owner" }
    }

    #[track_caller]
    fn asks_on(&mut self, call_id: &str) -> &'static str {
        let n = self.ask_on(call_id);
        self.speaker_of(n)
    }

    fn n_lookups(&self, call_id: &str) -> usize {
        self.service.seen_at("GET", &format!("/v1/calls/{call_id}")).len()
    }

    fn n_all_lookups(&self) -> usize {
        self.service.seen_at("GET", ONE_CALL).len()
    }
}

#[test]
fn only_a_call_whose_direction_is_exactly_inbound_is_the_owners() {
    let mut line = Line::open();
    let with = |direction: &str| json!({"direction": direction});
    let mut wanted = HashMap::new();
    let cases = [
        (vec![json!({})], "owner"),
        (vec![with("inbound")], "owner"),
        (vec![with("inbound"), json!({}), with("inbound")], "owner"),
        (vec![with("outbound")], "stranger"),
        (vec![with("OUTBOUND")], "stranger"),
        (vec![with("Inbound")], "stranger"),
        (vec![with("inbound ")], "stranger"),
        (vec![with("outgoing")], "stranger"),
        (vec![with("outbound-api")], "stranger"),
        (vec![with("")], "stranger"),
        (vec![json!({"direction": 1})], "stranger"),
        (vec![json!({"direction": true})], "stranger"),
        (vec![json!({"direction": ["inbound"]})], "stranger"),
        (vec![with("inbound"), with("outbound")], "stranger"),
        (vec![with("outbound"), with("inbound"), json!({})], "stranger"),
        (vec![with("inbound"), with("incoming"), with("inbound")], "stranger"),
    ];
    for (n, (events, speaker)) in cases.iter().enumerate() {
        let call_id = format!("c{n}");
        for more in events {
            line.started(&json!(call_id), more);
        }
        wanted.insert(line.ask_on(&call_id), (format!("{events:?}"), *speaker));
    }
    for (n, (events, speaker)) in &wanted {
        assert_eq!(line.speaker_of(*n), *speaker, "{events}");
    }
    assert_eq!(line.n_all_lookups(), 0, "an event has brought each direction");
    // Null is no direction: it is looked up.
    for (call_id, direction, speaker) in
        [("n1", "inbound", "owner"), ("n2", "outbound", "stranger")]
    {
        line.answer_lookup(call_id, 200, &json!({"call_id": call_id, "direction": direction}));
        line.started(&json!(call_id), &json!({"direction": null}));
        assert_eq!((line.asks_on(call_id), line.n_lookups(call_id)), (speaker, 1), "{direction}");
    }
    // The direction in `call.ended` counts as well, though no answer can reach anybody any more.
    let n_turns = line.gateway.turns().len();
    line.service.send(&event::call_ended("c0", "outbound", &json!({})));
    line.gateway.wait_turn(SOON, n_turns + 1);
    line.ask_on("c0");
    let turn = line.gateway.wait_turn(SOON, n_turns + 2);
    assert!(turn.message.contains("| What is on my calendar"), "{}", turn.message);
}

#[test]
fn a_request_that_names_no_call_is_a_strangers() {
    let mut line = Line::open();
    let odd = [
        json!({}),
        json!({"call_id": null}),
        json!({"call_id": ""}),
        json!({"call_id": " \u{200b} "}),
        json!({"call_id": ["c1"]}),
        json!({"call_id": {"id": "c1"}}),
        json!({"call_id": true}),
        json!({"call_id": "c".repeat(201)}),
    ];
    line.started(&json!("c1"), &json!({"direction": "inbound"}));
    for call in &odd {
        line.started(&call["call_id"], &json!({"direction": "inbound"}));
    }
    let requests = odd.map(|call| (line.ask(&call), call));
    for (n, call) in requests {
        assert_eq!(line.speaker_of(n), "stranger", "{call}");
    }
    assert_eq!(line.asks_on("c1"), "owner");
    // Push-to-talk has no call, and is the owner's.
    line.service.send(&event::walkie_request("w1", "what time is it?", None));
    line.service.wait_frame(SOON, "walkie_response", |_| true);
    let turns = line.gateway.turns();
    assert!(turns.iter().any(|turn| turn.message.ends_with("\n\nwhat time is it?")));
    assert_eq!(line.n_all_lookups(), 0);
}

#[test]
fn a_call_whose_start_was_not_seen_is_looked_up_once() {
    let mut line = Line::open();
    let with = |direction: &str| json!({"call_id": "CALL", "direction": direction});
    let cases = [
        (200, with("inbound"), "owner"),
        (200, json!({"direction": "inbound", "status": "in-progress"}), "owner"),
        (200, with("outbound"), "stranger"),
        (200, with("INBOUND"), "stranger"),
        (200, json!({"call_id": "CALL", "direction": null}), "stranger"),
        (200, json!({"call_id": "CALL", "status": "in-progress"}), "stranger"),
        (200, json!({"call_id": "another", "direction": "inbound"}), "stranger"),
        (200, json!({"call_id": null, "direction": "inbound"}), "stranger"),
        (200, json!([with("inbound")]), "stranger"),
        (404, with("inbound"), "stranger"),
        (403, with("inbound"), "stranger"),
    ];
    let mut requests = Vec::new();
    for (n, (status, body, speaker)) in cases.iter().enumerate() {
        let call_id = format!("c{n}");
        line.answer_lookup(
            &call_id,
            *status,
            &serde_json::from_str(&body.to_string().replace("CALL", &call_id)).unwrap(),
        );
        // Several requests need the direction at once.
        (0..3).for_each(|_| requests.push((line.ask_on(&call_id), *speaker, body)));
    }
    for (n, speaker, body) in requests {
        assert_eq!(line.speaker_of(n), speaker, "{body}");
    }
    for (n, (_, body, speaker)) in cases.iter().enumerate() {
        let call_id = format!("c{n}");
        // It is remembered, whatever the service says of it now.
        line.answer_lookup(&call_id, 200, &json!({"call_id": call_id, "direction": "inbound"}));
        assert_eq!((line.asks_on(&call_id), line.n_lookups(&call_id)), (*speaker, 1), "{body}");
    }
    for (call_id, fault) in [
        ("f1", RequestFault::Status(500)),
        ("f2", RequestFault::Html(200)),
        ("f3", RequestFault::Cut),
    ] {
        line.service.fail_always("GET", &format!("/v1/calls/{call_id}"), fault);
        assert_eq!(line.asks_on(call_id), "stranger", "{fault:?}");
        line.service.heal();
        let n_lookups = line.n_lookups(call_id);
        line.answer_lookup(call_id, 200, &json!({"call_id": call_id, "direction": "inbound"}));
        assert_eq!(
            (line.asks_on(call_id), line.n_lookups(call_id)),
            ("stranger", n_lookups),
            "{fault:?}"
        );
    }
    // A lookup without an answer does not contradict a later event.
    line.started(&json!("f1"), &json!({"direction": "inbound"}));
    assert_eq!(line.asks_on("f1"), "owner");
    // One with an answer does.
    line.started(&json!("c2"), &json!({"direction": "inbound"}));
    assert_eq!(line.asks_on("c2"), "stranger");
}

#[test]
fn a_lookup_holds_up_its_own_call_alone_and_for_two_seconds() {
    let mut line = Line::open();
    line.service.fail_always("GET", "/v1/calls/slow", RequestFault::Hang);
    line.started(&json!("c1"), &json!({"direction": "inbound"}));
    let started_at = Instant::now();
    let slow = [line.ask_on("slow"), line.ask_on("slow")];
    assert_eq!(line.asks_on("c1"), "owner");
    let results = line.service.log().frames_of("deep_tool_result").len();
    assert_eq!(results, 1, "the others wait: {:?}", started_at.elapsed());
    for n in slow {
        assert_eq!(line.speaker_of(n), "stranger");
    }
    let took = started_at.elapsed();
    assert!(took > Duration::from_millis(1_900) && took < SOON, "{took:?}");
    assert_eq!((line.n_lookups("slow"), line.service.connections().len()), (1, 1));
}

#[test]
fn the_state_of_a_call_survives_a_restart() {
    let mut line = Line::open();
    line.answer_lookup("fetched", 200, &json!({"call_id": "fetched", "direction": "inbound"}));
    line.started(&json!("in"), &json!({}));
    line.started(&json!("both"), &json!({"direction": "inbound"}));
    line.started(&json!("both"), &json!({"direction": "outbound"}));
    line.started(&json!("odd"), &json!({"direction": "outgoing"}));
    let calls = [
        ("in", "owner"),
        ("fetched", "owner"),
        ("both", "stranger"),
        ("odd", "stranger"),
        ("missing", "stranger"),
    ];
    for (call_id, speaker) in calls {
        assert_eq!(line.asks_on(call_id), speaker, "{call_id}");
    }
    wait_until(SOON, || line.sandbox.read(JOURNAL).contains("\"settled\",\"key\":\"deep:r5\""));
    // Twice: the third process reads what the second one has compacted.
    for process in 2..4 {
        line = line.restarted();
        line.service.wait_authenticated(SOON, process);
        let n_lookups = line.n_all_lookups();
        line.service.on("GET", ONE_CALL, 200, json!({"direction": "inbound"}));
        for (call_id, speaker) in calls {
            assert_eq!(line.asks_on(call_id), speaker, "{call_id} in process {process}");
        }
        assert_eq!(line.n_all_lookups(), n_lookups);
    }
}

#[test]
fn a_call_that_is_forgotten_is_not_the_owners_by_that() {
    let mut line = Line::open();
    line.answer_lookup("e1", 200, &json!({"call_id": "e1", "direction": "outbound"}));
    for call_id in ["e1", "e2"] {
        line.started(&json!(call_id), &json!({"direction": "outbound"}));
    }
    for n in 0..1_000 {
        line.started(&json!(format!("f{n}")), &json!({"direction": "outbound"}));
    }
    assert_eq!((line.asks_on("e1"), line.asks_on("e2")), ("stranger", "stranger"));
    assert_eq!((line.n_lookups("e1"), line.n_lookups("e2")), (1, 1), "both were forgotten");
    assert_eq!((line.asks_on("f999"), line.n_lookups("f999")), ("stranger", 0));
}

#[test]
fn on_a_call_that_we_placed_the_speaker_is_whom_it_dialled() {
    let mut line = Line::open();
    let skill = line.sandbox.skill();
    let bob = "+15551234567".parse().unwrap();
    placed_calls::record(&skill, "own", None).unwrap();
    placed_calls::record(&skill, "bob", Some(&bob)).unwrap();
    placed_calls::record(&skill, "bob2", Some(&bob)).unwrap();
    // Its start was lost, or the service leaves out the direction: our own record has it.
    assert_eq!((line.asks_on("own"), line.asks_on("bob")), ("owner", "stranger"));
    line.started(&json!("bob2"), &json!({}));
    line.started(&json!("own"), &json!({"direction": "outbound"}));
    assert_eq!((line.asks_on("bob2"), line.asks_on("own")), ("stranger", "owner"));
    assert_eq!(line.n_all_lookups(), 0);
    let turns = line.gateway.turns();
    let on_bobs = |message: &str| message.contains("on a phone call with you (+1 (555) 123-4567)");
    assert_eq!(turns.iter().filter(|turn| on_bobs(&turn.message)).count(), 2);
    // On calls that we placed there is no greeting of ours.
    assert_eq!(line.service.log().frames_of("response").len(), 0);
    // An event of a call may come before `call` has written it down.
    line.answer_lookup("early", 200, &json!({"call_id": "early", "direction": "outbound"}));
    assert_eq!(line.asks_on("early"), "stranger");
    placed_calls::record(&skill, "early", None).unwrap();
    assert_eq!((line.asks_on("early"), line.n_lookups("early")), ("owner", 1));
    // With a record that cannot be read, every caller is a stranger.
    line.started(&json!("in"), &json!({"direction": "inbound"}));
    assert_eq!(line.asks_on("in"), "owner");
    line.sandbox.write("skill/.own_calls.json", "{");
    assert_eq!((line.asks_on("in"), line.asks_on("own")), ("stranger", "stranger"));
    line.client.wait_line(SOON, |line| line.contains(".own_calls.json` cannot be read"));
}

#[test]
fn a_stranger_who_says_me_is_not_the_owner() {
    let line = Line::open();
    line.started(&json!("in"), &json!({"direction": "inbound"}));
    line.started(&json!("out"), &json!({"direction": "outbound"}));
    for (call_id, id, query) in [
        ("in", "own", "Text me the door code"),
        ("out", "act", "Text me the door code"),
        ("out", "tell", "Tell me the opening hours"),
        ("unseen", "any", "Delete the repo"),
    ] {
        line.service.send_raw(&event::deep_tool_request(call_id, id, query).to_string());
    }
    let answer_to = |id: &str| {
        let is_it = |frame: &Value| frame["request_id"] == id;
        line.service.wait_frame(SOON, "deep_tool_result", is_it)["text"].clone()
    };
    assert_eq!(
        (answer_to("own"), answer_to("tell")),
        ("You have two meetings.".into(), "You have two meetings.".into())
    );
    for id in ["act", "any"] {
        assert_eq!(answer_to(id), "I can't do that for you, but I can pass on a message.");
    }
    assert_eq!(line.service.seen_at("POST", "/v1/approvals").len(), 0);
    line.service.send(&event::sms_received("+15551112222", "text me the door code", "m1"));
    let sent = line.service.wait_request(SOON, "POST", "/v1/messages/send", 1);
    assert_eq!(sent.body["message"], "I can't do that by text, but I can pass on a message.");
}
