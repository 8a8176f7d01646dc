//! Serves the connections of a stub gateway: which request goes where, and with which fault.

use super::admission::health;
use super::chat::completions;
use super::core::GatewayInner;
use super::line::socket;
use super::response::{not_found, of_status};
use super::tools::invoke;
use super::version::GatewayVersion;
use crate::overrides;
use crate::recording::RecordedRequest;
use crate::wire::http::{self, Delivery, ServerRequest, ServerResponse};
use crate::wire::stream::ServerStream;
use std::io::{self, BufReader};
use std::sync::Arc;
use std::time::Duration;

/// Bodies beyond this are refused.
const BODY_LIMIT: usize = 2_097_152;

/// Serves one connection to its end.
pub(super) fn serve(inner: &Arc<GatewayInner>, mut stream: ServerStream) -> io::Result<()> {
    stream.read_limit(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.clone());
    while let Some(request) = http::read(&mut reader, BODY_LIMIT)? {
        if socket::is_upgrade(&request) {
            return socket::serve(inner, &request, &reader);
        }
        inner.recorder.add(|log| log.requests.push(RecordedRequest::new(&request)));
        let Some(delivery) = deliver(inner, &request) else { return Ok(()) };
        if !http::send(&mut stream, &request, &delivery)? {
            break;
        }
    }
    Ok(())
}

/// The response, with the fault that a test wants; `None` at the end of the gateway.
fn deliver(inner: &Arc<GatewayInner>, request: &ServerRequest) -> Option<Delivery> {
    let path = request.path();
    let fault = inner.overrides().fault(&request.method, &path);
    let own = || route(inner, request, &path);
    overrides::deliver(&inner.overrides, &inner.stop, request, fault, of_status, own)
}

fn route(inner: &Arc<GatewayInner>, request: &ServerRequest, path: &str) -> Option<Delivery> {
    let chat = inner.settings().chat;
    let whole = |response| Some(Delivery::Whole(response));
    let only_post = || ServerResponse::text(405, "Method Not Allowed").with("Allow", "POST");
    match (request.method.as_str(), path) {
        ("POST", "/tools/invoke") => match invoke(inner, request) {
            Ok(delivery) => delivery,
            // The oldest version has no words for a body that is too large.
            Err(error)
                if error.status == 413 && inner.version == GatewayVersion::Clawdbot2026_1 =>
            {
                Some(Delivery::Cut)
            }
            Err(error) => whole(error),
        },
        ("POST", "/v1/chat/completions") if chat => {
            completions(inner, request).unwrap_or_else(whole)
        }
        (_, "/tools/invoke") => whole(only_post()),
        (_, "/v1/chat/completions") if chat => whole(only_post()),
        ("GET", path) => whole(health(inner, path)),
        _ => whole(not_found()),
    }
}
