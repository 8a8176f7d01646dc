//! Checks of the account at the service: the key, what is left of the plan, the clock, and the service's own checks.

use super::finding::Finding;
use super::installation::{Installation, REQUEST_TIMEOUT};
use jiff::SignedDuration;
use serde_json::Value;
use state::api::{Client, Error, JsonResponse};
use state::{sanitize, shell};
use std::time::{Duration, Instant};

/// Approvals and scheduled calls are off by as much as the clocks differ.
const SKEW_MATTERS: SignedDuration = SignedDuration::from_secs(30);
const SKEW_BREAKS: SignedDuration = SignedDuration::from_mins(5);

const PORTAL: &str = "open https://clawdtalk.com and sign in";

/// The checks `key`, `quota` and `clock`, by one request.
pub(super) fn check(installation: &Installation) -> Vec<Finding> {
    let (service, clock) = match installation
        .require(|config| Ok((state::api::Service::from_config(config)?, config.clock())))
    {
        Ok(needed) => needed,
        Err(blocked) => return vec![blocked.clone(), blocked.clone(), blocked],
    };
    let answer = Client::new(&service, REQUEST_TIMEOUT).quiet().get("/v1/me", &[]);
    let now = clock.now();
    match answer {
        Ok(answer) => {
            let skew = answer.date().map(|date| now.duration_since(date));
            vec![key(&answer), quota(answer.json()), clock_of(skew)]
        }
        Err(err) => {
            let key = failure(&err);
            let blocked = key.blocks("not asked: see `key`");
            vec![key, blocked.clone(), blocked]
        }
    }
}

fn failure(err: &Error) -> Finding {
    let fix = match err {
        Error::Unreachable { base, .. } => format!("curl -sSI {}", shell::quote(base)),
        Error::Refused(_) if matches!(err.status(), Some(401 | 403)) => "setup".to_owned(),
        _ => "status".to_owned(),
    };
    Finding::fail(err.to_string(), fix)
}

fn key(answer: &JsonResponse) -> Finding {
    let me = answer.json();
    let text = |field: &str| {
        me.get(field).and_then(Value::as_str).map(|text| sanitize::line_up_to(text, 40))
    };
    let plan = text("effective_tier").or_else(|| text("subscription_tier"));
    let number = text("dedicated_number").or_else(|| text("system_number"));
    let mut detail = format!("accepted: plan {}", plan.as_deref().unwrap_or("unknown"));
    if let Some(number) = number {
        detail = format!("{detail}, number {number}");
    }
    if me.get("phone_verified").and_then(Value::as_bool) == Some(false) {
        return Finding::warn(format!("{detail}; your phone is not verified"), PORTAL);
    }
    Finding::pass(detail)
}

fn quota(me: &Value) -> Finding {
    let number = |part: &str, field: &str| me.get(part)?.get(field)?.as_f64();
    let left = |limit: &str, part: &str, used: &str| {
        Some((number("quota", limit)? - number(part, used).unwrap_or(0.0)).max(0.0))
    };
    let calls = left("daily_calls_limit", "usage_today", "calls");
    let today = left("daily_call_seconds_limit", "usage_today", "call_seconds");
    let month = left("monthly_call_seconds_limit", "usage_this_month", "call_seconds");
    let events = left("monthly_mission_events_limit", "usage_this_month", "mission_events");
    let remaining: Vec<String> = [
        (calls, 1.0, "calls today"),
        (today, 60.0, "minutes today"),
        (month, 60.0, "minutes this month"),
        (events, 1.0, "mission events this month"),
    ]
    .into_iter()
    .filter_map(|(left, unit, what)| Some(format!("{:.0} {what}", (left? / unit).floor())))
    .collect();
    if remaining.is_empty() {
        return Finding::pass("the service does not say what is left");
    }
    let detail = format!("left: {}", remaining.join(", "));
    if [calls, today, month].iter().flatten().any(|left| *left <= 0.0) {
        return Finding::fail(detail, PORTAL);
    }
    Finding::pass(detail)
}

fn clock_of(skew: Option<SignedDuration>) -> Finding {
    let Some(skew) = skew else { return Finding::pass("the service does not send its time") };
    let amount = skew.abs();
    let direction = if skew.is_negative() { "behind" } else { "ahead of" };
    let detail = format!("{} s {direction} the service's clock", amount.as_secs());
    let fix = "sudo timedatectl set-ntp true";
    if amount >= SKEW_BREAKS {
        Finding::fail(detail, fix)
    } else if amount >= SKEW_MATTERS {
        Finding::warn(detail, fix)
    } else {
        Finding::pass("agrees with the service's")
    }
}

/// The check `service`, of the service's own checks: one that fails in the groups critical and infra is a failure, any
/// other a warning.
pub(super) fn check_doctor(installation: &Installation) -> Vec<Finding> {
    let service = match installation.require(state::api::Service::from_config) {
        Ok(service) => service,
        Err(blocked) => return vec![blocked],
    };
    let client = Client::new(&service, REQUEST_TIMEOUT).quiet();
    let until = Instant::now() + REQUEST_TIMEOUT;
    let (mut failed, mut warnings, mut n_passed) = (Vec::new(), Vec::new(), 0);
    for (group, counts) in [
        ("/v1/doctor/critical", true),
        ("/v1/doctor/infra", true),
        ("/v1/doctor/warnings", false),
        ("/v1/doctor/recommended", false),
    ] {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let answer = client.clone().with_deadline(left).get(group, &[]);
        let checks = match answer {
            Ok(answer) => answer.into_json(),
            // Not every server has every group.
            Err(err) if err.status() == Some(404) => continue,
            Err(err) => return vec![failure(&err).blocks(format!("not asked: {err}"))],
        };
        for check in checks.get("checks").and_then(Value::as_array).into_iter().flatten() {
            let text = |field: &str| {
                sanitize::line_up_to(check.get(field).and_then(Value::as_str).unwrap_or("?"), 120)
            };
            let line = format!("{}: {}", text("id"), text("detail"));
            match text("status").as_str() {
                "pass" => n_passed += 1,
                "fail" if counts => failed.push(line),
                _ => warnings.push(line),
            }
        }
    }
    let worst = if failed.is_empty() { &warnings } else { &failed };
    let detail = if worst.is_empty() {
        format!("{n_passed} checks of its own passed")
    } else {
        worst.join("; ")
    };
    let fix = if detail.contains("bot_connected") { "connect start" } else { PORTAL };
    vec![match (failed.is_empty(), warnings.is_empty()) {
        (false, _) => Finding::fail(detail, fix),
        (true, false) => Finding::warn(detail, fix),
        (true, true) => Finding::pass(detail),
    }]
}
