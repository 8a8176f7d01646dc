//! A process that is measured or tormented, between a bare service and a bare gateway.

use std::net::TcpListener;
use std::path::Path;

use anyhow::Result;
use harness::{Child, KEY, Sandbox, TOKEN};
use serde_json::json;

use super::agent::Agent;
use super::line::{self, Line};
use crate::workspace;

/// `connect` or the floor, and the folder that it lives in.
pub(crate) struct Subject {
    child: Child,
    listener: TcpListener,
    _sandbox: Sandbox,
}

impl Subject {
    /// `connect run`, as `connect start` runs it: with a log, but without a terminal.
    pub(crate) fn connect(programs: &Path, agent: &Agent, max_turns: usize) -> Result<Self> {
        let listener = line::listen()?;
        let sandbox = Sandbox::new();
        sandbox.config(&json!({
            "api_key": KEY, "server": line::url(&listener), "gateway_url": agent.url(),
            "gateway_token": TOKEN, "owner_name": "Ciaran", "agent_name": "PAL-01",
            "max_turns": max_turns,
        }));
        let program = programs.join("connect").display().to_string();
        let child = sandbox.spawn(&program, ["run", "--detached"]);
        Ok(Self { child, listener, _sandbox: sandbox })
    }

    /// The floor, run by this very program.
    pub(crate) fn floor(agent: &Agent, in_flight: usize) -> Result<Self> {
        let listener = line::listen()?;
        let sandbox = Sandbox::new();
        let program = workspace::this_program()?.display().to_string();
        let in_flight = in_flight.to_string();
        let (line, gateway) = (line::address(&listener), agent.address().to_owned());
        let child = sandbox.spawn(&program, ["floor", &line, &gateway, &in_flight]);
        Ok(Self { child, listener, _sandbox: sandbox })
    }

    /// Waits for its next connection.
    pub(crate) fn line(&self) -> Result<Line> {
        Line::accept(&self.listener)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }
}
