//! Who we say we are: a device of the operator's, with its signature.

use serde_json::{Value, json};
use state::gateway::Device;
use state::secret::Secret;

/// The one protocol that is spoken; OpenClaw of 2026.7 and later has it.
const PROTOCOL: u64 = 4;

/// A name that the gateway knows and that nobody else uses: the gate tells our turns in other sessions by it.
const CLIENT_ID: &str = "openclaw-probe";
const MODE: &str = "probe";
const ROLE: &str = "operator";
/// Enough for turns, forks and the gate; nothing that changes the gateway.
const SCOPES: [&str; 2] = ["operator.write", "operator.read"];
const PLATFORM: &str = "linux";

/// The parameters of `connect`. `nonce` and `ts` are the challenge's.
pub(super) fn params(device: &Device, token: Option<&Secret>, nonce: &str, ts: &Value) -> Value {
    let token = token.map(Secret::expose).unwrap_or_default();
    let signed_at = ts.to_string();
    let signed = [
        "v3",
        device.id(),
        CLIENT_ID,
        MODE,
        ROLE,
        &SCOPES.join(","),
        &signed_at,
        token,
        nonce,
        PLATFORM,
        "",
    ]
    .join("|");
    let mut params = json!({
        "minProtocol": PROTOCOL,
        "maxProtocol": PROTOCOL,
        "client": {
            "id": CLIENT_ID,
            "version": env!("CARGO_PKG_VERSION"),
            "platform": PLATFORM,
            "mode": MODE,
            "displayName": "ClawdTalk",
        },
        "role": ROLE,
        "scopes": SCOPES,
        "caps": [],
        "userAgent": concat!("clawdtalk-tools/", env!("CARGO_PKG_VERSION")),
        "device": {
            "id": device.id(),
            "publicKey": device.public_key(),
            "signature": device.sign(&signed),
            "signedAt": ts,
            "nonce": nonce,
        },
    });
    if !token.is_empty() {
        params["auth"] = json!({"token": token});
    }
    params
}
