//! A server that answers every request with bytes of its own, whatever they are: for heads and bodies that no simulator sends.

use crate::recording::RecordedRequest;
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
        Self::replying(move |_| answer.clone())
    }

    /// One that answers each request with the bytes that the closure makes; it may wait for something.
    pub fn replying(reply: impl Fn(&RecordedRequest) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let serve = move |mut stream: crate::wire::stream::ServerStream| {
            if let Some(request) = http::read(&mut BufReader::new(stream.clone()), 1 << 20)? {
                stream.write_all(&reply(&RecordedRequest::new(&request)))?;
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
