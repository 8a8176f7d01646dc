//! One connection that can be read and written by different threads at once, in clear or under TLS.

use rustls::ServerConnection;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A handle on a connection; clones share it. Each `write` goes out whole, so that frames of two writers never mix.
#[derive(Clone)]
pub(crate) struct Stream {
    tcp: Arc<TcpStream>,
    tls: Option<Arc<Mutex<ServerConnection>>>,
    write: Arc<Mutex<()>>,
}

impl Stream {
    pub(crate) fn new(tcp: TcpStream, tls: Option<ServerConnection>) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self {
            tcp: Arc::new(tcp),
            tls: tls.map(|connection| Arc::new(Mutex::new(connection))),
            write: Arc::default(),
        })
    }

    /// Ends the connection without another word, as a crash or a deploy does.
    pub(crate) fn cut(&self) {
        // It may be gone already, which is what was wanted.
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Limits how long a read waits; `None` for ever.
    pub(crate) fn read_limit(&self, limit: Option<Duration>) -> io::Result<()> {
        self.tcp.set_read_timeout(limit)
    }

    fn flush_tls(&self, connection: &mut MutexGuard<'_, ServerConnection>) -> io::Result<()> {
        while connection.wants_write() {
            connection.write_tls(&mut &*self.tcp)?;
        }
        Ok(())
    }
}

fn lock(tls: &Arc<Mutex<ServerConnection>>) -> MutexGuard<'_, ServerConnection> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return (&*self.tcp).read(buffer) };
        loop {
            match lock(tls).reader().read(buffer) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                // A peer that leaves without TLS's farewell is an end like any other here.
                Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            // The lock is free while this waits, so that another thread can write.
            let mut records = [0; 16 * 1024];
            let n = (&*self.tcp).read(&mut records)?;
            let mut connection = lock(tls);
            let mut rest = &records[..n];
            loop {
                connection.read_tls(&mut rest)?;
                let state = connection.process_new_packets();
                self.flush_tls(&mut connection)?;
                state.map_err(io::Error::other)?;
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tls) = &self.tls {
            let mut connection = lock(tls);
            // TLS takes a bounded part at a time.
            for part in bytes.chunks(16 * 1024) {
                connection.writer().write_all(part)?;
                self.flush_tls(&mut connection)?;
            }
        } else {
            let _whole = self.write.lock().unwrap_or_else(PoisonError::into_inner);
            (&*self.tcp).write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
