//! The key, the account, the service and its clock.

use serde_json::json;

use crate::owner::{How, Owner, Situation, nothing};

pub(crate) const ALL: &[Situation] = &[
    Situation::new("setup", "config", |owner| owner.adjust(&json!({"api_key": null})), nothing)
        .how(How::Terminal),
    Situation::new(
        "setup",
        "config",
        |owner| owner.adjust(&json!({"gateway_config": "/gone/openclaw.json"})),
        nothing,
    ),
    Situation::new(
        "reach_service",
        "key",
        |owner| owner.adjust(&json!({"server": "http://127.0.0.1:1"})),
        |owner| owner.adjust(&json!({"server": owner.service.url()})),
    ),
    Situation::new(
        "check_again",
        "key",
        |owner| _ = owner.service.on("GET", "/v1/me", 500, json!({"error": {"message": "down"}})),
        |owner| _ = owner.service.on("GET", "/v1/me", 200, json!({"effective_tier": "pro"})),
    ),
    Situation::new(
        "open_portal",
        "key",
        |owner| {
            let me = json!({"effective_tier": "pro", "phone_verified": false});
            owner.service.on("GET", "/v1/me", 200, me);
        },
        |owner| {
            let me = json!({"effective_tier": "pro", "phone_verified": true});
            owner.service.on("GET", "/v1/me", 200, me);
        },
    ),
    Situation::new("set_clock", "clock", wrong_clock, |owner| {
        assert_eq!(owner.sandbox.read("work/clock").trim_end(), "set-ntp true");
        right_clock(owner);
    }),
    Situation::new(
        "set_clock_by_hand",
        "clock",
        |owner| {
            wrong_clock(owner);
            owner.without(&["timedatectl"]);
        },
        right_clock,
    ),
];

fn wrong_clock(owner: &mut Owner) {
    "CLAWDTALK_CLOCK_OFFSET=+1h".clone_into(&mut owner.before);
    let notes = owner.sandbox.path("work/clock").display().to_string();
    owner.program("timedatectl", &format!("echo \"$*\" > '{notes}'"));
}

fn right_clock(owner: &mut Owner) {
    owner.before.clear();
}
