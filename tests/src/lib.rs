//! The simulated service and the sandbox that the tests run the real programs in.
//!
//! ```no_run
//! use harness::{RequestFault, Sandbox, ServiceTable, SimulatedService, event};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! const CALL: &str = "/path/of/call"; // in a tool's test: env!("CARGO_BIN_EXE_call")
//! let service = SimulatedService::start();
//! service.on("POST", "/v1/calls", 402, json!({"error": {"code": "payment", "message": "no credit"}}));
//! let out = Sandbox::for_service(&service).run(CALL, ["--to", "+15551234567"]);
//! out.fails(1).stderr_has("no credit");
//! assert_eq!(service.seen_at("POST", "/v1/calls").len(), 1);
//!
//! // Faults: this POST is carried out and its response is lost.
//! service.fail("POST", "/v1/messages/send", RequestFault::Lost, 1);
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
//! let secure = SimulatedService::start_tls(&authority.issue("localhost"));
//! Sandbox::for_service(&secure).trust(&authority).run(CALL, ["Hello"]).ok();
//!
//! // Time: an hour passes at once, for the service and for every program run from now on.
//! service.advance(Duration::from_secs(3600));
//! assert!(service.rows(ServiceTable::Scheduled).is_empty());
//! ```
//!
//! What a call or text to a number leads to is decided by [`SimulatedOutcome`]; how the owner decides approvals by
//! [`SimulatedOwner`].
//!
//! What is here, from the top: [`contract`], [`leaks`], [`hints`] and [`large_mission`] are whole checks that
//! several tests share. They use the [`Sandbox`], in which programs run with an environment, a home and a clock of their
//! own, and the two servers, [`SimulatedService`] and [`SimulatedGateway`], which run on threads of the test. A server is
//! built from `wire` (HTTP/1.1 over loopback, with or without [`tls`]), `recording` (everything that came in, to wait on),
//! [`SimulatedSleep`], `overrides` and `faults` (what a test puts in the place of a response), the [`SimulatedClock`] and [`Rng`]. Nothing below
//! uses anything above it.

#![expect(clippy::missing_panics_doc, reason = "to panic is how a harness fails a test")]

mod clock;
pub mod contract;
mod error_response;
mod faults;
mod gateway;
pub mod hints;
pub mod large_mission;
pub mod leaks;
mod overrides;
mod raw_server;
mod recording;
mod rng;
mod sandbox;
mod service;
mod sleep;
pub mod tls;
mod wait_until;
mod wire;

pub use clock::SimulatedClock;
pub use error_response::{BodyKind, ErrorResponse, Proof};
pub use gateway::{AgentReply, AgentWork, GatewayLog, GatewayVersion, RecordedDeed, RecordedTurn};
pub use gateway::{SimulatedGateway, TOKEN, TurnApi};
pub use raw_server::RawServer;
pub use recording::{RecordedConnection, RecordedFrame, RecordedRequest, ServiceLog};
pub use rng::Rng;
pub use rustix::process::Signal;
pub use sandbox::{Child, Keyboard, Output, PreparedCommand, Sandbox};
pub use service::event;
pub use service::{InsightsShape, KEY, NUMBER, OWNER, RequestFault, ServiceSettings};
pub use service::{ServiceTable, SimulatedOutcome, SimulatedOwner, SimulatedService};
pub use sleep::SimulatedSleep;
pub use wait_until::{comes_true, wait_until};
