//! Accepts connections on a free loopback port and serves each on a thread of its own.

use super::stop::StopSignal;
use super::stream::ServerStream;
use rustls::{ServerConfig, ServerConnection};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The accepting thread of one server; dropping it ends the server and every connection.
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Arc<StopSignal>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on 127.0.0.1:`port` (0 = any free one) and calls `serve` on a new thread for each connection.
    pub(crate) fn start(
        port: u16,
        tls: Option<Arc<ServerConfig>>,
        stop: Arc<StopSignal>,
        serve: impl Fn(ServerStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let (serve, ended) = (Arc::new(serve), Arc::clone(&stop));
        let thread = thread::Builder::new().name("listener".into()).spawn(move || {
            while !ended.stopped() {
                // One connection that could not be taken is not the end of the service.
                let Ok((tcp, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(10));
                    continue;
                };
                if ended.stopped() {
                    break;
                }
                let (serve, ended, tls) = (Arc::clone(&serve), Arc::clone(&ended), tls.clone());
                // A connection that breaks off is no error here: the tests check what was recorded.
                thread::spawn(move || {
                    let tls =
                        tls.map(ServerConnection::new).transpose().map_err(io::Error::other)?;
                    let stream = ServerStream::new(tcp, tls)?;
                    let Some(number) = ended.register(&stream) else { return Ok(()) };
                    let served = serve(stream.clone());
                    ended.unregister(number);
                    stream.cut();
                    served
                });
            }
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.stop();
        // Wakes the accepting thread, which then sees the end.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
