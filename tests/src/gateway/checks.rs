//! What a gateway refuses before it looks at the message: liveness routes, tokens, size, proxies, draining.

use super::{Shared, Version, lock};
use crate::wire::http::{Answer, Request};
use serde_json::{Value, json};
use std::time::Duration;

/// The shape of the gateway's outer layer, which has no `ok`.
pub(super) fn outer(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"message": message, "type": kind}}))
}

/// The shape of its tools.
pub(super) fn tool_error(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"ok": false, "error": {"type": kind, "message": message}}))
}

pub(super) fn not_found() -> Answer {
    Answer::text(404, "Not Found")
}

/// What a fault of this status says.
pub(super) fn of_status(status: u16) -> Answer {
    match status {
        401 => outer(401, "unauthorized", "Unauthorized"),
        503 => unavailable(),
        500 => Answer::text(500, "Internal Server Error"),
        _ => tool_error(status, "tool_error", "tool execution failed"),
    }
}

fn unavailable() -> Answer {
    let message = "Gateway is temporarily unavailable while suspending or restarting";
    let body = json!({
        "error": {"message": message, "type": "service_unavailable", "code": "gateway_unavailable"},
    });
    Answer::json(503, &body).with("Retry-After", 1)
}

impl Shared {
    /// `GET` of the health routes; clawdbot has none, and only today's gateway tells its version.
    pub(super) fn health(&self, path: &str) -> Answer {
        let uptime = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let draining = lock(&self.settings).draining;
        match (path, self.version) {
            (_, Version::Clawdbot2026_1) => not_found(),
            ("/health" | "/healthz", _) => live(200, &json!({"ok": true, "status": "live"})),
            ("/ready" | "/readyz", _) if draining => {
                let failing = json!(["gateway-draining"]);
                live(503, &json!({"ready": false, "failing": failing, "uptimeMs": uptime}))
            }
            ("/ready" | "/readyz", _) => {
                live(200, &json!({"ready": true, "failing": [], "uptimeMs": uptime}))
            }
            ("/startupz", Version::V2026_9_6) => {
                let version = "2026.9.6";
                live(
                    200,
                    &json!({"ok": true, "status": "started", "version": version, "uptimeMs": uptime}),
                )
            }
            _ => not_found(),
        }
    }

    /// Refuses who may not ask at all.
    pub(super) fn admit(&self, request: &Request) -> Result<(), Answer> {
        let forwarded = ["x-forwarded-for", "forwarded", "x-real-ip"];
        let current = self.version != Version::Clawdbot2026_1;
        if current && forwarded.iter().any(|name| request.header(name).is_some()) {
            let message = "Proxy client attribution is required.";
            return Err(outer(403, "proxy_attribution_required", message));
        }
        let (token, draining) = {
            let settings = lock(&self.settings);
            (settings.token.clone(), settings.draining)
        };
        let given = request.header("authorization").and_then(|value| value.split_once(' '));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match given {
            Some((_, given)) if given == token => {}
            Some(_) if self.version == Version::V2026_9_6 => {
                self.stop.pause(self.penalty());
                return Err(of_status(401));
            }
            _ => return Err(of_status(401)),
        }
        if draining {
            return Err(unavailable());
        }
        if request.too_large {
            return Err(outer(413, "invalid_request_error", "Payload too large"));
        }
        Ok(())
    }

    /// A wrong token waits longer each time: 0.25, 0.5, 1, 2, 4, then 5 s.
    fn penalty(&self) -> Duration {
        let mut wrong = lock(&self.wrong_tokens);
        *wrong += 1;
        (Duration::from_millis(125) * 2_u32.pow((*wrong).min(6))).min(Duration::from_secs(5))
    }
}

fn live(status: u16, body: &Value) -> Answer {
    Answer::json(status, body).with("Cache-Control", "no-store")
}
