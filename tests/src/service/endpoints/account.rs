//! `/v1/me`, `/v1/voices` and `/v1/doctor/*`: the account, and what the service finds when it checks itself.

use crate::clock::{SimulatedClock, millis};
use crate::service::refusal::{not_found, refusal};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::settings::ServiceSettings;
use crate::service::store::{World, merge};
use crate::service::{NUMBER, OWNER};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

/// What `/v1/me` gives for a fresh account on a paid plan.
pub(crate) fn profile(settings: &ServiceSettings, clock: &SimulatedClock) -> Value {
    let user = crate::rng::Rng::new(settings.seed ^ 0x5e12).uuid();
    json!({
        "user_id": user, "email": "owner@example.com", "clawdbot_instance_id": null, "phone": OWNER,
        "phone_verified": true, "pin_required": true, "has_pin": true, "callback_url": null,
        "subscription_tier": "pro", "effective_tier": "pro", "effective_source": "subscription",
        "effective_days_remaining": null, "subscription_status": "active", "paranoid_mode": false,
        "voice_preference": null, "agent_name": null, "display_name": null, "bot_role": null,
        "custom_instructions": null, "greeting": null, "system_number": "+15559990099",
        "dedicated_number": NUMBER, "totp_enabled": false, "created_at": millis(clock.now()),
        "last_ws_connected_at": null, "pending_email": null, "email_change_sms_verified": false,
        "quota": {
            "daily_call_seconds_limit": 7200, "daily_calls_limit": 100,
            "monthly_call_seconds_limit": 72000, "monthly_messages_limit": 1000,
            "monthly_missions_limit": 100, "monthly_mission_events_limit": 200,
            "max_call_duration_seconds": 1800,
        },
        "usage_today": {"call_seconds": 0, "calls": 0},
        "usage_this_month": {"call_seconds": 0, "mission_events": 0},
    })
}

pub(crate) fn me(world: &mut World, _: &RoutedRequest) -> RouteResult {
    Ok(ServerResponse::json(200, &world.profile))
}

pub(crate) fn change(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let changeable =
        ["agent_name", "bot_role", "custom_instructions", "greeting", "voice_preference"];
    let fields = request.body.as_object().into_iter().flatten();
    if let Some((field, _)) =
        fields.clone().find(|(field, _)| !changeable.contains(&field.as_str()))
    {
        return Err(refusal(400, "invalid_field", &format!("{field} cannot be changed")));
    }
    merge(&mut world.profile, &request.body);
    Ok(ServerResponse::json(200, &world.profile))
}

pub(crate) fn voices(_: &mut World, request: &RoutedRequest) -> RouteResult {
    let voice = |provider: &str, id: &str, name: &str| json!({"id": id, "name": name, "provider": provider, "language": "en-US", "gender": "female"});
    let mut voices = vec![
        voice("rime", "rime.arcana.luna", "Luna"),
        voice("telnyx", "telnyx.natural.abbie", "Abbie"),
    ];
    if let Some(provider) = request.raw.query("provider") {
        voices.retain(|voice| voice["provider"] == provider.as_str());
    }
    let body = json!({
        "default_voice": "rime.arcana.luna", "total": voices.len(), "voices": voices,
        "providers": ["rime", "telnyx"],
    });
    Ok(ServerResponse::json(200, &body))
}

pub(crate) fn doctor(_: &mut World, request: &RoutedRequest) -> RouteResult {
    let checks = match request.id() {
        "critical" => json!([
            {"id": "phone_verified", "status": "pass", "detail": "phone verified"},
            {"id": "bot_connected", "status": "pass", "detail": "connected"},
        ]),
        "warnings" => json!([{"id": "pin", "status": "pass", "detail": "a PIN is set"}]),
        "recommended" => {
            json!([{"id": "totp", "status": "warn", "detail": "two-factor login is off"}])
        }
        "infra" => json!([{"id": "telephony", "status": "pass", "detail": "operational"}]),
        _ => return Err(not_found("check")),
    };
    Ok(ServerResponse::json(200, &json!({"checks": checks})))
}
