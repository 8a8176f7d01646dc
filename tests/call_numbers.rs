//! Whom `call` rings, and whom the owner allows it to.

use harness::{Sandbox, SimulatedService};
use serde_json::json;

const CALL: &str = env!("CARGO_BIN_EXE_call");
const CALLS: &str = "/v1/calls";

#[test]
fn the_answer_names_whom_it_rings_where_the_service_does_not() {
    let bare = json!({"call_id": "call_1", "status": "initiating"});
    for (line, to) in
        [(&["hello there"][..], "your phone"), (&["--to", "+1 (555) 123-4567"], "+15551234567")]
    {
        let service = SimulatedService::start();
        service.once("POST", CALLS, 201, bare.clone());
        let call = Sandbox::for_service(&service).run(CALL, line).ok().json();
        assert_eq!(call, json!({"call_id": "call_1", "status": "initiating", "to": to}));
    }
}

#[test]
fn the_owner_may_allow_a_number_that_the_tables_refuse() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let premium = "+12129761234";
    sandbox.run(CALL, ["--to", premium]).fails(2).silent().stderr_has("premium");
    sandbox.adjust(&json!({"numbers": {"allow": [premium, "+19115551234"]}}));
    sandbox.run(CALL, ["--to", "+1 (212) 976-1234"]).ok().quiet();
    assert_eq!(service.seen_at("POST", CALLS)[0].body, json!({"to": premium}));
    sandbox.run(CALL, ["--to", "+12129761235"]).fails(2).stderr_has("premium");
    sandbox.run(CALL, ["--to", "+19115551234"]).fails(2).stderr_has("emergency");
    for wrong in [json!("+12129761234"), json!([premium, 5]), json!(["+1911"]), json!(["0909"])] {
        sandbox.adjust(&json!({"numbers": {"allow": wrong}}));
        let out = sandbox.run(CALL, ["--to", premium]);
        out.fails(3).silent().stderr_has("`numbers.allow` in");
    }
    assert_eq!(service.seen().len(), 1);
}
