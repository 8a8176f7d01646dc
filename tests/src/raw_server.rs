//! A server that answers every request with the same bytes, whatever they are: for heads and bodies that no simulator sends.

use crate::wire::http;
use crate::wire::listener::Listener;
use crate::wire::stop::StopSignal;
use std::io::{BufReader, Write as _};
use std::sync::Arc;

/// Answers each connection once and closes it.
pub struct RawServer(Listener);

impl RawServer {
    /// Starts one on a free port of loopback.
    pub fn start(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let serve = move |mut stream: crate::wire::stream::ServerStream| {
            if http::read(&mut BufReader::new(stream.clone()), 1 << 20)?.is_some() {
                stream.write_all(&answer)?;
                stream.flush()?;
            }
            Ok(())
        };
        let stop = Arc::new(StopSignal::default());
        Self(Listener::start(0, None, stop, serve).expect("loopback has a free port"))
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port())
    }
}
