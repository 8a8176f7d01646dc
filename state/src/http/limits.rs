//! The limits of every connection and response.

use std::time::Duration;

use ureq::unversioned::transport::time::{Duration as UreqDuration, Instant as UreqInstant};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};

/// The longest wait for the look-up of a name, and then for TCP, a proxy and TLS together.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The largest response body that is read, in bytes: more than any list of the service has, and little enough to be held.
pub(super) const MAX_BODY: u64 = 8 << 20;

/// The longest head of a response, in bytes.
pub(super) const MAX_HEAD: usize = 64 << 10;

/// Buffers of a connection, in bytes: what is read at once ([`super::growing_input`] collects it), and enough for each line
/// of a head that is sent. ureq's default of 128 KiB took 80 MiB with 256 turns at once; it allocates the output buffer three
/// times.
pub(super) const INPUT_BUFFER: usize = 4 << 10;
pub(super) const OUTPUT_BUFFER: usize = 2 << 10;

/// What is left of the time for connecting, of which earlier steps have used some.
pub(super) fn time_left(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (UreqDuration::Exact(limit), UreqInstant::Exact(start), UreqInstant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        let left = limit.saturating_sub(now.saturating_duration_since(start));
        timeout.after = UreqDuration::Exact(left);
    }
    timeout
}
