//! What counts as the owner's yes, and what only looks like one.

use super::{
    ApprovalStatus, ExpectedApproval, OwnersDecision, created, created_id, decided, polled,
};
use crate::api::{JsonResponse, RequestLine};
use crate::exit::Exit;
use crate::http::Method;
use jiff::Timestamp;
use regex_syntax::hir::{Class, HirKind};
use serde_json::{Value, json};

const NOW: &str = "2026-11-22T06:00:28Z";

fn expected() -> ExpectedApproval {
    ExpectedApproval { id: "apr_1".into(), action: Some("delete x".into()), biometric: false }
}

fn response(status: u16, body: &str) -> JsonResponse {
    let request = RequestLine { method: Method::Get, path: "/v1/approvals/apr_1".into() };
    JsonResponse::read(request, status, body.as_bytes().to_vec()).unwrap()
}

fn poll_of(body: &str) -> ApprovalStatus {
    polled(&response(200, body), &expected(), NOW.parse().unwrap())
}

/// An approval with these fields in place of, or beside, its own.
fn approval_with(fields: &Value) -> Value {
    let mut response = json!({"request_id": "apr_1", "action": "delete x", "status": "approved"});
    for (key, value) in fields.as_object().unwrap() {
        response[key] = value.clone();
    }
    response
}

#[track_caller]
fn case(fields: &Value, wanted: ApprovalStatus) {
    let response = approval_with(fields);
    assert_eq!(poll_of(&response.to_string()), wanted, "{response}");
    assert_eq!(wanted.exit() == Exit::Done, wanted == ApprovalStatus::Approved);
}

/// Every character that is blank or invisible by the tables of Unicode, and the letters that look like nothing.
fn unseen() -> Vec<char> {
    let pattern = r"[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{C}\p{Z}--\p{Co}]";
    let HirKind::Class(Class::Unicode(class)) = regex_syntax::parse(pattern).unwrap().into_kind()
    else {
        panic!("{pattern}")
    };
    let assigned = class.ranges().iter().filter(|range| range.len() < 10_000);
    let all = assigned.flat_map(|range| range.start()..=range.end());
    all.chain(['\u{2800}', '\u{3164}', '\u{ffa0}', '\u{fffc}', '\u{fffd}']).collect()
}

#[test]
fn the_documented_responses_are_understood() {
    case(&json!({}), ApprovalStatus::Approved);
    let row = json!({
        "details": null, "require_biometric": false, "created_at": "2026-11-22T06:00:00.000Z",
        "expires_at": "2026-11-22T06:05:00.000Z", "responded_at": "2026-11-22T06:00:20.000Z",
        "response": "approved", "biometric_verified": null,
    });
    case(&row, ApprovalStatus::Approved);
    for (word, wanted) in [
        ("denied", ApprovalStatus::Denied),
        ("pending", ApprovalStatus::Pending),
        ("expired", ApprovalStatus::Expired),
        ("timeout", ApprovalStatus::TimedOut),
        ("no_devices", ApprovalStatus::NoDevices),
        ("no_devices_reached", ApprovalStatus::NoDevicesReached),
    ] {
        case(&json!({ "status": word }), wanted);
    }
}

#[test]
fn only_the_exact_word_approves() {
    let words =
        ["Approved", "APPROVED", "approve", "approves", "yes", "ok", "true", "", "аpproved"];
    let others = [
        json!(["approved"]),
        json!({"approved": true}),
        json!(true),
        json!(1),
        json!(null),
        json!({"status": "approved"}),
    ];
    for word in words.into_iter().map(Value::from).chain(others) {
        case(&json!({ "status": word }), ApprovalStatus::Unrecognized);
        if let Value::String(word) = word {
            assert_eq!(decided("apr_1", &word, &expected()), ApprovalStatus::Unrecognized);
        }
    }
    for body in
        [r#"[{"request_id":"apr_1","status":"approved"}]"#, r#""approved""#, "{}", "[]", "1"]
    {
        assert_eq!(poll_of(body), ApprovalStatus::Unrecognized, "{body}");
    }
}

#[test]
fn no_blank_or_invisible_character_is_overlooked() {
    let unseen = unseen();
    assert!(unseen.len() > 4_000, "{}", unseen.len());
    for c in unseen {
        for word in [format!("{c}approved"), format!("app{c}roved"), format!("approved{c}")] {
            let response = json!({"request_id": "apr_1", "status": word}).to_string();
            assert_eq!(poll_of(&response), ApprovalStatus::Unrecognized, "{word:?}");
            assert_eq!(
                decided("apr_1", &word, &expected()),
                ApprovalStatus::Unrecognized,
                "{word:?}"
            );
        }
        for id in [format!("{c}apr_1"), format!("apr{c}_1"), format!("apr_1{c}")] {
            let response = json!({"request_id": id, "status": "approved"}).to_string();
            assert_eq!(poll_of(&response), ApprovalStatus::Unrecognized, "{id:?}");
            assert_eq!(
                decided(&id, "approved", &expected()),
                ApprovalStatus::Unrecognized,
                "{id:?}"
            );
        }
    }
}

#[test]
fn an_approval_of_another_request_is_none() {
    for id in [json!("apr_2"), json!("APR_1"), json!(""), json!(null), json!(1), json!(["apr_1"])] {
        case(&json!({ "request_id": id }), ApprovalStatus::Unrecognized);
    }
    assert_eq!(poll_of(r#"{"status":"approved"}"#), ApprovalStatus::Unrecognized);
    for action in [json!("delete y"), json!(""), json!("delete x "), json!(["delete x"])] {
        case(&json!({ "action": action }), ApprovalStatus::Unrecognized);
    }
    assert_eq!(decided("apr_2", "approved", &expected()), ApprovalStatus::Unrecognized);
    assert_eq!(decided("apr_1", "approved", &expected()), ApprovalStatus::Approved);
}

#[test]
fn what_denies_itself_is_no_approval() {
    for fields in [
        json!({"error": {"message": "no"}}),
        json!({"error": false}),
        json!({"error": ""}),
        json!({"errors": [{}]}),
        json!({"success": "no"}),
        json!({"response": "denied"}),
        json!({"response": "Approved"}),
        json!({"response": ["approved"]}),
        json!({"decision": "denied"}),
        json!({"result": false}),
        json!({"responded": false}),
        json!({"approved": false}),
        json!({"approved": 1}),
        json!({"denied": true}),
        json!({"expired": true}),
        json!({"revoked": "2026-11-22T06:00:28Z"}),
        json!({"devices_notified": 0}),
        json!({"devices_notified": 0.0}),
        json!({"expires_at": "soon"}),
        json!({"expires_at": 4_000_000_000_u64}),
    ] {
        case(&fields, ApprovalStatus::Unrecognized);
        // It is denied all the same.
        let mut denied = fields;
        denied["status"] = json!("denied");
        case(&denied, ApprovalStatus::Denied);
    }
    for fields in [
        json!({"error": null, "errors": [], "success": true}),
        json!({"response": null, "responded": true, "denied": false, "devices_notified": 1}),
    ] {
        case(&fields, ApprovalStatus::Approved);
    }
}

#[test]
fn an_approval_that_is_over_is_none() {
    for (expires, wanted) in [
        ("2000-01-01T00:00:00Z", ApprovalStatus::Expired),
        ("2026-11-22T06:00:08Z", ApprovalStatus::Expired),
        ("2026-11-22T07:00:08+01:00", ApprovalStatus::Expired),
        ("2026-11-22T06:00:27.999Z", ApprovalStatus::Approved),
        ("2030-01-01T00:00:00Z", ApprovalStatus::Approved),
    ] {
        case(&json!({ "expires_at": expires }), wanted);
    }
    // By the service's clock, not by ours.
    let body = approval_with(&json!({"expires_at": "2026-11-22T06:05:00Z"})).to_string();
    let at = |date: &str| response(200, &body).with_head(Some(date.parse().unwrap()), false);
    let far: Timestamp = "2040-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(polled(&at(NOW), &expected(), far), ApprovalStatus::Approved);
    let late = at("2026-11-22T06:06:00Z");
    assert_eq!(polled(&late, &expected(), NOW.parse().unwrap()), ApprovalStatus::Expired);
}

#[test]
fn only_a_whole_and_plain_response_approves() {
    let body = approval_with(&json!({})).to_string();
    let now = NOW.parse().unwrap();
    for status in [201, 202, 203, 206, 226, 299] {
        let status_of = polled(&response(status, &body), &expected(), now);
        assert_eq!(status_of, ApprovalStatus::Unrecognized, "{status}");
    }
    let excess = response(200, &body).with_head(None, true);
    assert_eq!(polled(&excess, &expected(), now), ApprovalStatus::Unrecognized);
    for body in [
        r#"{"request_id":"apr_1","status":"pending","status":"approved"}"#,
        r#"{"request_id":"apr_2","request_id":"apr_1","status":"approved"}"#,
        r#"{"request_id":"apr_1","status":"denied","st\u0061tus":"approved"}"#,
        r#"{"request_id":"apr_1","status":"approved","Status":"denied"}"#,
        r#"{"request_id":"apr_1","status":"approved","a":{"b":1,"b":2}}"#,
    ] {
        assert_eq!(poll_of(body), ApprovalStatus::Unrecognized, "{body}");
    }
}

#[test]
fn a_required_biometric_must_not_be_denied() {
    let approved = |biometric, fields: &Value| {
        let response = response(200, &approval_with(fields).to_string());
        polled(&response, &ExpectedApproval { biometric, ..expected() }, NOW.parse().unwrap())
    };
    for field in ["biometric_verified", "require_biometric"] {
        for no in [json!(null), json!(false), json!(0), json!(1), json!("true"), json!([true])] {
            let status = approved(true, &json!({ field: no }));
            assert_eq!(status, ApprovalStatus::BiometricMissing, "{field} {no}");
            assert!(status.is_final() && status.exit() == Exit::Undecided);
        }
        assert_eq!(approved(true, &json!({ field: true })), ApprovalStatus::Approved);
    }
    assert_eq!(approved(true, &json!({})), ApprovalStatus::Approved);
    // If the approval was requested by another program, the response tells what is required.
    for (required, verified, wanted) in [
        (json!(true), json!(true), ApprovalStatus::Approved),
        (json!(true), json!(null), ApprovalStatus::BiometricMissing),
        (json!(true), json!(false), ApprovalStatus::BiometricMissing),
        (json!("yes"), json!(true), ApprovalStatus::BiometricMissing),
        (json!(false), json!(null), ApprovalStatus::Approved),
        (json!(null), json!(false), ApprovalStatus::Approved),
    ] {
        let fields = json!({"require_biometric": required, "biometric_verified": verified});
        assert_eq!(approved(false, &fields), wanted, "{fields}");
    }
}

#[test]
fn an_event_decides_by_its_exact_words() {
    let read = |event: &str| {
        let event = OwnersDecision::read(event)?;
        Some(decided(&event.request_id, &event.decision, &expected()))
    };
    let approved = r#"{"type":"event","event":"approval.responded","request_id":"apr_1","decision":"approved"}"#;
    assert_eq!(read(approved), Some(ApprovalStatus::Approved));
    for (event, wanted) in [
        (r#"{"request_id":"apr_1","decision":"denied"}"#, ApprovalStatus::Denied),
        (
            r#"{"request_id":"apr_1","decision":"approved","error":"x"}"#,
            ApprovalStatus::Unrecognized,
        ),
        (
            r#"{"request_id":"apr_1","decision":"approved","status":"denied"}"#,
            ApprovalStatus::Unrecognized,
        ),
        (
            r#"{"request_id":"apr_1","decision":"approved","response":"denied"}"#,
            ApprovalStatus::Unrecognized,
        ),
        (
            r#"{"request_id":"apr_1","decision":"denied","decision":"approved"}"#,
            ApprovalStatus::Unrecognized,
        ),
        (r#"{"request_id":"apr_1","decision":["approved"]}"#, ApprovalStatus::Unrecognized),
        (r#"{"request_id":"apr_1"}"#, ApprovalStatus::Unrecognized),
        (
            r#"{"request_id":"apr_1","decision":"approved","require_biometric":true,"biometric_verified":false}"#,
            ApprovalStatus::Unrecognized,
        ),
    ] {
        assert_eq!(read(event), Some(wanted), "{event}");
    }
    for event in [
        r#"{"decision":"approved"}"#,
        r#"{"request_id":["apr_1"],"decision":"approved"}"#,
        "[]",
        "x",
    ] {
        assert_eq!(read(event), None, "{event}");
    }
}

#[test]
fn a_creation_approves_nothing_and_tells_who_was_asked() {
    let of = |fields: Value| {
        let mut body = json!({"request_id": "apr_1", "status": "pending"});
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        created(&response(201, &body.to_string()), &expected())
    };
    let devices =
        |notified, failed| of(json!({"devices_notified": notified, "devices_failed": failed}));
    assert_eq!(devices(json!(1), json!(0)), ApprovalStatus::Pending);
    assert_eq!(devices(json!(1), json!(1)), ApprovalStatus::Pending);
    assert_eq!(devices(json!(0), json!(0)), ApprovalStatus::NoDevices);
    assert_eq!(devices(json!(0), json!(2)), ApprovalStatus::NoDevicesReached);
    assert_eq!(devices(json!(null), json!(null)), ApprovalStatus::Pending);
    assert_eq!(
        of(json!({"status": "approved", "devices_notified": 1})),
        ApprovalStatus::Unrecognized
    );
    assert_eq!(of(json!({"status": "approved", "devices_notified": 0})), ApprovalStatus::NoDevices);
    assert_eq!(of(json!({"request_id": "apr_2"})), ApprovalStatus::Unrecognized);
}

#[test]
fn the_id_of_a_new_approval_can_be_read() {
    let id = |id: Value| {
        let response = response(201, &json!({"request_id": id, "status": "pending"}).to_string());
        created_id(&response).ok().map(str::to_owned)
    };
    assert_eq!(id(json!("apr_1")).as_deref(), Some("apr_1"));
    for odd in [
        json!(" apr_1 "),
        json!("a\nb"),
        json!("\u{feff}a"),
        json!("apr\u{200b}_1"),
        json!(""),
        json!(1),
        json!(null),
    ] {
        assert_eq!(id(odd.clone()), None, "{odd}");
    }
}
