//! What every response to a POST proves: each status with each kind of body, by the client that all tools share.

use std::time::Duration;

use harness::{BodyKind, ErrorResponse, KEY, RequestFault, SimulatedService};
use serde_json::json;
use state::api;
use state::secret::Secret;

const CALLS: &str = "/v1/calls";

fn client(service: &SimulatedService) -> api::Client {
    let here = api::Service::new(&service.url(), Secret::new(KEY)).expect("loopback needs no TLS");
    api::Client::new(&here, Duration::from_secs(5)).quiet()
}

fn place(client: &api::Client) -> Result<String, api::Error> {
    let sent = client.post(CALLS, json!({"greeting": "Hi"}))?;
    sent.text("call_id").map(str::to_owned)
}

#[test]
fn what_is_not_certain_is_unconfirmed_and_goes_out_once() {
    let mut n_unknown = 0;
    for status in 100..600 {
        let service = SimulatedService::start();
        let client = client(&service);
        let mut n_sent = 0;
        for shape in BodyKind::ALL {
            for retry_after in [None, Some(3600)] {
                // Without a time to wait, 429 is tried again at once: that is another test's.
                if status == 429 && retry_after.is_none() {
                    continue;
                }
                let response = ErrorResponse { retry_after, ..ErrorResponse::new(status, shape) };
                service.fail("POST", CALLS, RequestFault::Response(response), 1);
                let exit = place(&client).unwrap_err().exit() as i32;
                n_sent += 1;
                assert_eq!(exit, response.exit(), "{response:?}");
                assert_eq!(service.seen_at("POST", CALLS).len(), n_sent, "{response:?}");
                n_unknown += usize::from(exit == 8);
            }
        }
        assert!(place(&client).is_ok(), "the service is well again after {status}");
    }
    assert!(n_unknown > 4_000, "{n_unknown}");
}
