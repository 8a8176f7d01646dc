//! Who is let in: the protocol, the client's name, the token, and the device with its Ed25519 signature, checked for real.

use super::state::LineData;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The names that a gateway accepts, as far as they matter here.
const CLIENT_IDS: [&str; 3] = ["cli", "gateway-client", "openclaw-probe"];

/// A refusal: the error, and the code and words of the close frame.
pub(super) struct LineRefusal {
    pub(super) error: Value,
    pub(super) code: u16,
    pub(super) reason: String,
}

fn refusal(message: &str, details: &Value, code: u16) -> LineRefusal {
    let mut error = json!({"code": "INVALID_REQUEST", "message": message});
    if !details.is_null() {
        error["details"] = details.clone();
    }
    LineRefusal { error, code, reason: message.to_owned() }
}

/// Checks `connect`, and gives the id of the device.
pub(super) fn check(
    data: &mut LineData,
    token: &str,
    nonce: &str,
    params: &Value,
) -> Result<String, LineRefusal> {
    let number = |key: &str| params[key].as_u64().unwrap_or(0);
    if !(number("minProtocol")..=number("maxProtocol")).contains(&data.protocol) {
        let details = json!({
            "code": "PROTOCOL_MISMATCH", "clientMinProtocol": number("minProtocol"),
            "clientMaxProtocol": number("maxProtocol"), "expectedProtocol": data.protocol,
        });
        return Err(refusal("protocol mismatch", &details, 1002));
    }
    if !CLIENT_IDS.contains(&params["client"]["id"].as_str().unwrap_or("")) {
        let message =
            "invalid connect params: at /client/id: must be equal to one of the allowed values";
        return Err(refusal(message, &Value::Null, 1008));
    }
    if params["auth"]["token"].as_str() != Some(token) {
        let details = json!({"code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch"});
        let message = "unauthorized: gateway token mismatch (provide gateway auth token)";
        return Err(refusal(message, &details, 1008));
    }
    let id = signed_device(token, nonce, params).map_err(|why| {
        let details = json!({"code": "DEVICE_AUTH_INVALID", "reason": why});
        refusal("device identity mismatch", &details, 1008)
    })?;
    if data.needs_pairing && !data.devices.contains(&id) {
        let details = json!({"code": "PAIRING_REQUIRED", "requestId": "pair-1"});
        let mut refused = refusal("pairing required", &details, 1008);
        refused.error["code"] = "NOT_PAIRED".into();
        return Err(refused);
    }
    data.devices.insert(id.clone());
    Ok(id)
}

/// The id of the device, if its key has that id and signed exactly this request.
fn signed_device(token: &str, nonce: &str, params: &Value) -> Result<String, &'static str> {
    let device = &params["device"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let decode = |value: &Value| URL_SAFE_NO_PAD.decode(text(value)).map_err(|_| "not base64url");
    let key = decode(&device["publicKey"])?;
    let hash = digest(&SHA256, &key);
    let id = hash.as_ref().iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    });
    if id != text(&device["id"]) {
        return Err("the id is not the key's");
    }
    if text(&device["nonce"]) != nonce {
        return Err("another nonce");
    }
    let scopes: Vec<String> = params["scopes"].as_array().into_iter().flatten().map(text).collect();
    let client = &params["client"];
    let signed = [
        "v3".to_owned(),
        id.clone(),
        text(&client["id"]),
        text(&client["mode"]),
        text(&params["role"]),
        scopes.join(","),
        device["signedAt"].to_string(),
        token.to_owned(),
        nonce.to_owned(),
        text(&client["platform"]),
        text(&client["deviceFamily"]),
    ]
    .join("|");
    let signature = decode(&device["signature"])?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "the signature does not fit")?;
    Ok(id)
}

/// What a client that was let in is told.
pub(super) fn hello(data: &LineData, version: &str, is_newest: bool) -> Value {
    let mut methods =
        vec!["chat.send", "chat.history", "chat.abort", "agent.wait", "sessions.create"];
    if data.gate.is_some() {
        methods.extend(["clawdtalk.gate", "clawdtalk.gate.next", "clawdtalk.gate.decide"]);
    }
    let mut server = json!({"version": version, "connId": format!("conn-{}", data.n_connections)});
    if is_newest {
        server["bootId"] = data.boot.clone().into();
    }
    json!({
        "type": "hello-ok", "protocol": data.protocol, "server": server,
        "features": {"methods": methods, "events": ["chat", "agent", "tick"]},
        "snapshot": {}, "policy": {"maxPayload": 26_214_400, "tickIntervalMs": 30_000},
    })
}
