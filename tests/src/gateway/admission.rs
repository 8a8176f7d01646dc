//! What a gateway checks before it reads a message: proxies, tokens, draining, size, JSON; and its health routes.

use super::core::GatewayInner;
use super::response::{http_error, not_found, of_status, unavailable};
use super::version::GatewayVersion;
use crate::wire::http::{ServerRequest, ServerResponse};
use serde_json::{Value, json};
use std::time::Duration;

/// `GET` of the health routes; clawdbot has none, and only 2026.9.6 reports its version.
pub(super) fn health(inner: &GatewayInner, path: &str) -> ServerResponse {
    let uptime = u64::try_from(inner.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let draining = inner.settings().draining;
    match (path, inner.version) {
        (_, GatewayVersion::Clawdbot2026_1) => not_found(),
        ("/health" | "/healthz", _) => uncached(200, &json!({"ok": true, "status": "live"})),
        ("/ready" | "/readyz", _) if draining => {
            let failing = json!(["gateway-draining"]);
            uncached(503, &json!({"ready": false, "failing": failing, "uptimeMs": uptime}))
        }
        ("/ready" | "/readyz", _) => {
            uncached(200, &json!({"ready": true, "failing": [], "uptimeMs": uptime}))
        }
        ("/startupz", GatewayVersion::V2026_9_6) => {
            let version = "2026.9.6";
            uncached(
                200,
                &json!({"ok": true, "status": "started", "version": version, "uptimeMs": uptime}),
            )
        }
        _ => not_found(),
    }
}

fn uncached(status: u16, body: &Value) -> ServerResponse {
    ServerResponse::json(status, body).with("Cache-Control", "no-store")
}

/// Refuses a request that is not let in.
pub(super) fn admit(inner: &GatewayInner, request: &ServerRequest) -> Result<(), ServerResponse> {
    let forwarded = ["x-forwarded-for", "forwarded", "x-real-ip"];
    let is_newer = inner.version != GatewayVersion::Clawdbot2026_1;
    if is_newer && forwarded.iter().any(|name| request.header(name).is_some()) {
        let message = "Proxy client attribution is required.";
        return Err(http_error(403, "proxy_attribution_required", message));
    }
    let (token, draining) = {
        let settings = inner.settings();
        (settings.token.clone(), settings.draining)
    };
    let given = request.header("authorization").and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match given {
        Some((_, given)) if given == token => {}
        Some(_) if inner.version == GatewayVersion::V2026_9_6 => {
            inner.stop.pause(penalty(inner));
            return Err(of_status(401));
        }
        _ => return Err(of_status(401)),
    }
    if draining {
        return Err(unavailable());
    }
    if request.too_large {
        return Err(http_error(413, "invalid_request_error", "Payload too large"));
    }
    Ok(())
}

/// A wrong token waits longer each time: 0.25, 0.5, 1, 2, 4, then 5 s.
fn penalty(inner: &GatewayInner) -> Duration {
    let mut wrong = inner.wrong_tokens();
    *wrong += 1;
    (Duration::from_millis(125) * 2_u32.pow((*wrong).min(6))).min(Duration::from_secs(5))
}

/// The JSON of the body, null where there is none.
pub(super) fn parse_body(
    inner: &GatewayInner,
    request: &ServerRequest,
) -> Result<Value, ServerResponse> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    request.json().map_err(|err| {
        let is_old = inner.version == GatewayVersion::Clawdbot2026_1;
        let prefix = if is_old { "SyntaxError: " } else { "" };
        http_error(400, "invalid_request_error", &format!("{prefix}{err} in JSON"))
    })
}
