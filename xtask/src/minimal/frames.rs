//! WebSocket frames by hand (RFC 6455): whole text frames, pings, pongs and closes, in both directions.

use std::io::{self, Read};

/// What a frame is.
pub(crate) const TEXT: u8 = 1;
/// The end of the connection.
pub(crate) const CLOSE: u8 = 8;
/// Wants a pong.
pub(crate) const PING: u8 = 9;
/// The reply to a ping.
pub(crate) const PONG: u8 = 10;

/// Stands in place of a length that follows in two bytes.
const MEDIUM: u8 = 0x7e;
/// The same for eight bytes.
const LONG: u8 = 0x7f;

/// No program here sends longer frames.
const LONGEST: u64 = 1 << 20;

/// Appends a frame of a server, which is not masked.
pub(crate) fn put(bytes: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    head(bytes, kind, payload.len(), 0);
    bytes.extend_from_slice(payload);
}

/// Appends a frame of a client. The mask is zero, which leaves the payload as it is.
pub(crate) fn put_masked(bytes: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    head(bytes, kind, payload.len(), 0x80);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
}

fn head(bytes: &mut Vec<u8>, kind: u8, length: usize, mask: u8) {
    bytes.push(0x80 | kind);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => bytes.push(mask | short),
        (_, Ok(medium)) => {
            bytes.push(mask | MEDIUM);
            bytes.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            bytes.push(mask | LONG);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Reads frames off a stream, many at a time where many are there.
pub(crate) struct FrameReader<R> {
    stream: R,
    bytes: Vec<u8>,
    /// Up to here `bytes` has been handed out.
    start: usize,
    end: usize,
}

impl<R: Read> FrameReader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, bytes: vec![0; 64 << 10], start: 0, end: 0 }
    }

    /// The stream below, for writing and for its settings.
    pub(crate) fn stream(&self) -> &R {
        &self.stream
    }

    /// Whether the next frame is here already, so that reading it does not wait.
    pub(crate) fn is_here(&self) -> bool {
        parsed(&self.bytes[self.start..self.end]).is_some()
    }

    /// The next frame: its kind and its payload, unmasked. A stream that ends is an error of the kind `UnexpectedEof`.
    pub(crate) fn next(&mut self) -> io::Result<(u8, &[u8])> {
        let frame = loop {
            if let Some(frame) = parsed(&self.bytes[self.start..self.end]) {
                break frame;
            }
            self.fill()?;
        };
        if frame.length > LONGEST {
            return Err(io::Error::other("a frame of more than a mebibyte"));
        }
        let from = self.start + frame.head;
        #[expect(clippy::cast_possible_truncation, reason = "just compared with a mebibyte")]
        let to = from + frame.length as usize;
        self.start = to;
        let payload = &mut self.bytes[from..to];
        if let Some(mask) = frame.mask {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        Ok((frame.kind, payload))
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.bytes.len() {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
        match self.stream.read(&mut self.bytes[self.end..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.end += n;
                Ok(())
            }
        }
    }
}

/// A frame that is whole in a buffer.
struct Parsed {
    kind: u8,
    head: usize,
    length: u64,
    mask: Option<[u8; 4]>,
}

fn parsed(bytes: &[u8]) -> Option<Parsed> {
    let (&first, rest) = bytes.split_first()?;
    let (&second, rest) = rest.split_first()?;
    let (length, rest) = match second & 0x7f {
        MEDIUM => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        LONG => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length), rest)
        }
        short => (u64::from(short), rest),
    };
    let (mask, rest) = if second & 0x80 == 0 {
        (None, rest)
    } else {
        let (mask, rest) = rest.split_first_chunk()?;
        (Some(*mask), rest)
    };
    let whole = length > LONGEST || rest.len() as u64 >= length;
    let head = bytes.len() - rest.len();
    whole.then_some(Parsed { kind: first & 0x0f, head, length, mask })
}

#[cfg(test)]
mod tests {
    use super::{FrameReader, PING, TEXT, put, put_masked};
    use std::io::Read;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = buffer.len().min(1);
            self.0.read(&mut buffer[..n])
        }
    }

    #[test]
    fn frames_survive_the_wire() {
        let long = vec![b'x'; 70_000];
        let mut bytes = Vec::new();
        for payload in [&b""[..], b"abc", &long[..125], &long[..126], &long] {
            put(&mut bytes, TEXT, payload);
            put_masked(&mut bytes, PING, payload);
        }
        let mut frames = FrameReader::new(Drip(&bytes));
        for payload in [&b""[..], b"abc", &long[..125], &long[..126], &long] {
            assert_eq!(frames.next().unwrap(), (TEXT, payload));
            assert_eq!(frames.next().unwrap(), (PING, payload));
        }
        assert!(!frames.is_here() && frames.next().is_err());
    }
}
