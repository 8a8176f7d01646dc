//! One connection that can be read and written by different threads at once, in clear or under TLS.

use rustls::ServerConnection;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A handle on a connection; clones share it. Each `write` goes out whole, so that frames of two writers never mix.
#[derive(Clone)]
pub(crate) struct ServerStream {
    tcp: Arc<TcpStream>,
    tls: Option<Arc<Mutex<Tls>>>,
    write: Arc<Mutex<()>>,
}

/// The TLS end of a connection, and what was decrypted: rustls takes no more bytes while it holds a record's worth.
struct Tls {
    connection: ServerConnection,
    decrypted: VecDeque<u8>,
    has_ended: bool,
}

impl Tls {
    /// Takes bytes off the wire; none of them mean its end.
    fn take(&mut self, mut bytes: &[u8], tcp: &TcpStream) -> io::Result<()> {
        loop {
            self.connection.read_tls(&mut bytes)?;
            let state = self.connection.process_new_packets();
            self.flush(tcp)?;
            state.map_err(io::Error::other)?;
            self.decrypt()?;
            if bytes.is_empty() {
                return Ok(());
            }
        }
    }

    fn decrypt(&mut self) -> io::Result<()> {
        let mut part = [0; 4 * 1024];
        loop {
            match self.connection.reader().read(&mut part) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // A peer that leaves without TLS's farewell is an end like any other here.
                Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => self.has_ended = true,
                Ok(0) => self.has_ended = true,
                Ok(n) => {
                    self.decrypted.extend(&part[..n]);
                    continue;
                }
                Err(err) => return Err(err),
            }
            return Ok(());
        }
    }

    fn flush(&mut self, mut tcp: &TcpStream) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut tcp)?;
        }
        Ok(())
    }
}

impl ServerStream {
    pub(crate) fn new(tcp: TcpStream, tls: Option<ServerConnection>) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self {
            tcp: Arc::new(tcp),
            tls: tls.map(|connection| {
                let (decrypted, has_ended) = (VecDeque::new(), false);
                Arc::new(Mutex::new(Tls { connection, decrypted, has_ended }))
            }),
            write: Arc::default(),
        })
    }

    /// Ends the connection without TLS's or the socket's own farewell, as a crash or a deployment does.
    pub(crate) fn cut(&self) {
        // It may be gone already, which is what was wanted.
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Limits how long a read waits; `None` for ever.
    pub(crate) fn read_limit(&self, limit: Option<Duration>) -> io::Result<()> {
        self.tcp.set_read_timeout(limit)
    }
}

fn lock(tls: &Arc<Mutex<Tls>>) -> MutexGuard<'_, Tls> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for ServerStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return (&*self.tcp).read(buffer) };
        loop {
            {
                let mut tls = lock(tls);
                if !tls.decrypted.is_empty() || tls.has_ended {
                    return tls.decrypted.read(buffer);
                }
            }
            // The lock is free while this waits, so that another thread can write.
            let mut records = [0; 16 * 1024];
            let n = (&*self.tcp).read(&mut records)?;
            lock(tls).take(&records[..n], &self.tcp)?;
        }
    }
}

impl Write for ServerStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tls) = &self.tls {
            let mut tls = lock(tls);
            // TLS takes a bounded part at a time.
            for part in bytes.chunks(16 * 1024) {
                tls.connection.writer().write_all(part)?;
                tls.flush(&self.tcp)?;
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
