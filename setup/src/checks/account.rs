//! Checks of the account at the service: the key, what is left of the plan, the clock, and the service's own checks.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::gateway_config::gateway_config;
use super::installation::{Installation, REQUEST_TIMEOUT};
use crate::key::account;
use jiff::SignedDuration;
use serde_json::Value;
use state::api::{Client, Error, JsonResponse};
use state::config::Config;
use state::sanitize;
use std::time::{Duration, Instant};

/// Approvals and scheduled calls are off by as much as the clocks differ.
const SKEW_MATTERS: SignedDuration = SignedDuration::from_secs(30);
const SKEW_BREAKS: SignedDuration = SignedDuration::from_mins(5);

/// The checks `key`, `quota` and `clock`, by one request.
pub(super) fn check(installation: &Installation) -> Vec<Found> {
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
            let key = other_key(installation).unwrap_or_else(|| key(&answer));
            vec![key.into(), quota(answer.json()).into(), clock_of(skew).into()]
        }
        Err(err) => {
            let key = failure(&err);
            let blocked = key.blocks("key", "not asked: see `key`");
            vec![key.into(), blocked.clone(), blocked]
        }
    }
}

fn failure(err: &Error) -> Finding {
    let fix = match err {
        Error::Unreachable { base, .. } => Fix::reach_service(base),
        Error::Refused(_) if matches!(err.status(), Some(401 | 403)) => Fix::Setup,
        _ => Fix::CheckAgain,
    };
    Finding::fail(err.to_string(), fix)
}

fn key(answer: &JsonResponse) -> Finding {
    let me = answer.json();
    let detail = format!("accepted: {}", account(me));
    if me.get("phone_verified").and_then(Value::as_bool) == Some(false) {
        return Finding::warn(format!("{detail}; your phone is not verified"), Fix::OpenPortal);
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
        return Finding::fail(detail, Fix::OpenPortal);
    }
    Finding::pass(detail)
}

fn clock_of(skew: Option<SignedDuration>) -> Finding {
    let Some(skew) = skew else { return Finding::pass("the service does not send its time") };
    let amount = skew.abs();
    let direction = if skew.is_negative() { "behind" } else { "ahead of" };
    let detail = format!("{} s {direction} the service's clock", amount.as_secs());
    if amount >= SKEW_BREAKS {
        Finding::fail(detail, Fix::set_clock())
    } else if amount >= SKEW_MATTERS {
        Finding::warn(detail, Fix::set_clock())
    } else {
        Finding::pass("agrees with the service's")
    }
}

/// The check `service`, of the service's own checks: one that fails in the groups critical and infra is a failure, any
/// other a warning.
pub(super) fn check_doctor(installation: &Installation) -> Vec<Found> {
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
            Err(err) => return vec![failure(&err).blocks("key", format!("not asked: {err}"))],
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
    let is_bot = worst.iter().all(|line| line.starts_with("bot_connected"));
    let fix = if is_bot { Fix::StartClient } else { Fix::OpenPortal };
    let finding = match (failed.is_empty(), warnings.is_empty()) {
        (false, _) => Finding::fail(detail, fix),
        (true, false) => Finding::warn(detail, fix),
        (true, true) => return vec![Finding::pass(detail).into()],
    };
    // That no client is connected, the service says in its own words too.
    vec![if is_bot { finding.because("client") } else { finding.into() }]
}

/// A warning if the gateway gives the agent's own runs another key than the one that the owner's commands use.
fn other_key(installation: &Installation) -> Option<Finding> {
    let config = installation.config.as_ref().ok()?;
    let of_skill = config.skill_variable("CLAWDTALK_API_KEY")?;
    let own = Config::api_key(config).ok()?;
    let file = gateway_config(config)
        .map_or_else(|| Fix::Setup, |own| Fix::EditFile(own.path().to_owned()));
    (own.expose() != of_skill.expose()).then(|| {
        let detail = "accepted; but the gateway gives the agent another one, by `skills.entries` of its configuration: \
             they would use two accounts";
        Finding::warn(detail, file)
    })
}
