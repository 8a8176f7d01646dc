//! A process that is measured or tormented, between a bare service and a bare gateway.

use std::net::TcpListener;
use std::path::Path;

use anyhow::Result;
use harness::{Child, KEY, Sandbox, TOKEN};
use serde_json::json;

use super::connection::{self, BareConnection};
use super::gateway::BareGateway;
use crate::workspace;

/// `connect` or the floor, with the folder that it runs in.
pub(crate) struct MeasuredProcess {
    child: Child,
    listener: TcpListener,
    _sandbox: Sandbox,
}

impl MeasuredProcess {
    /// `connect run`, as `connect start` runs it: with a log and settings of the allocator, but without a terminal.
    pub(crate) fn connect(
        programs: &Path,
        gateway: &BareGateway,
        max_turns: usize,
    ) -> Result<Self> {
        let listener = connection::listen()?;
        let mut sandbox = Sandbox::new();
        let (variable, settings) = state::systemd_unit::ALLOCATOR;
        sandbox.env(variable, settings);
        sandbox.config(&json!({
            "api_key": KEY, "server": format!("http://{}", connection::address(&listener)), "gateway_url": gateway.url(),
            "gateway_token": TOKEN, "owner_name": "Ciaran", "agent_name": "PAL-01",
            "max_turns": max_turns,
        }));
        let program = programs.join("connect").display().to_string();
        let child = sandbox.spawn(&program, ["run", "--detached"]);
        Ok(Self { child, listener, _sandbox: sandbox })
    }

    /// The floor, run by this very program.
    pub(crate) fn floor(gateway: &BareGateway, in_flight: usize) -> Result<Self> {
        let listener = connection::listen()?;
        let sandbox = Sandbox::new();
        let program = workspace::this_program()?.display().to_string();
        let in_flight = in_flight.to_string();
        let gateway = gateway.url().replace("http://", "");
        let child = sandbox
            .spawn(&program, ["floor", &connection::address(&listener), &gateway, &in_flight]);
        Ok(Self { child, listener, _sandbox: sandbox })
    }

    /// Waits for its next connection.
    pub(crate) fn connection(&self) -> Result<BareConnection> {
        BareConnection::accept(&self.listener)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }
}
