//! The simulated service and the sandbox that the tests run the real programs in.
//!
//! ```no_run
//! use harness::{Sandbox, Service, Fault, Table, event};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! const CALL: &str = "/path/of/call"; // in a tool's test: env!("CARGO_BIN_EXE_call")
//! let service = Service::start();
//! service.on("POST", "/v1/calls", 402, json!({"error": {"code": "payment", "message": "no credit"}}));
//! let out = Sandbox::for_service(&service).run(CALL, ["--to", "+15551234567"]);
//! out.fails(1).stderr_has("no credit");
//! assert_eq!(service.seen_at("POST", "/v1/calls").len(), 1);
//!
//! // Faults: this POST is carried out and its answer is lost.
//! service.fail("POST", "/v1/messages/send", Fault::Lost, 1);
//!
//! // The socket: a client under test runs beside the test.
//! const CONNECT: &str = "/path/of/connect";
//! let sandbox = Sandbox::for_service(&service);
//! let client = sandbox.spawn(CONNECT, ["run"]);
//! service.wait_connected(Duration::from_secs(5));
//! service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
//! let result = service.wait_frame(Duration::from_secs(5), "deep_tool_result", |f| f["request_id"] == "r1");
//!
//! // TLS, by an authority that only this test knows.
//! let authority = harness::tls::Authority::new();
//! let secure = Service::start_tls(&authority.issue("localhost"));
//! Sandbox::for_service(&secure).trust(&authority).run(CALL, ["Hello"]).ok();
//!
//! // Time: an hour passes at once, for the service and for every program run from now on.
//! service.advance(Duration::from_secs(3600));
//! assert!(service.rows(Table::Scheduled).is_empty());
//! ```
//!
//! What a call or text to a number leads to is told by [`Outcome`]; how the owner answers approvals by [`Owner`].

#![expect(clippy::missing_panics_doc, reason = "to panic is how a harness fails a test")]

mod clock;
pub mod contract;
mod fate;
mod foreign;
mod gateway;
pub mod hints;
pub mod leaks;
mod log;
pub mod plenty;
mod rules;
mod sandbox;
mod service;
mod skew;
pub mod tls;
pub mod torture;
mod until;
mod wire;

pub use clock::Clock;
pub use fate::Fate;
pub use foreign::{Foreign, Proof, Shape};
pub use gateway::{Api, Gateway, Heard, Reply, TOKEN, Turn, Version};
pub use log::{Connection, Frame, Log, Seen};
pub use rustix::process::Signal;
pub use sandbox::{Child, Keyboard, Output, Run, Sandbox};
pub use service::{Fault, Insights, KEY, NUMBER, OWNER, Outcome, Owner, Service, Settings, Table};
pub use service::{accept_key, event};
pub use skew::Skew;
pub use until::until;
