//! `missions outreach` and what belongs to it: from a list to the answers, against the simulator.

#[path = "missions/kills.rs"]
mod kills;
#[path = "missions/place.rs"]
mod place;

use std::time::Duration;

use harness::{RequestFault, ServiceTable};
use place::{Place, business_noon, rows};
use serde_json::{Value, json};

const LIST: &str = "phone,name\n(332) 220-0011,ABC Co\n+13322200012,\"Bob, the plumber\"\n";
const ASK: [&str; 5] = ["outreach", "Plumbers", "--ask", "What is your hourly rate?", "--as"];

fn outreach<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ASK[..], &["Ada", "--targets", "list.csv"], more].concat()
}

#[test]
fn eight_plumbers_end_as_the_service_says() {
    let place = Place::at(business_noon());
    let numbers = ["11", "12", "01", "02", "03", "93", "04", "09"];
    place.list(&format!("phone,name\n{}", rows(numbers)));
    let begun = place.ok(&outreach(&["--recipient", "automated"]));
    assert_eq!(begun["totals"], json!({"planned": 8, "begun": 0, "refused": 0}), "{begun:#}");
    let plan = begun["plan"].as_array().unwrap();
    place.play("plumbers");
    let report = place.ok(&["report", "plumbers"]);
    let wanted = json!({
        "targets": 8, "answered": 3, "voicemail": 1, "busy": 1, "no answer": 1, "failed": 1, "unknown": 1,
    });
    assert_eq!(report["totals"], wanted, "{report:#}");
    let row = |end: &str| {
        let to = format!("+133222000{end}");
        let rows = report["rows"].as_array().unwrap();
        rows.iter().find(|row| row["to"] == *to).unwrap_or_else(|| panic!("no {to}")).clone()
    };
    assert!(row("11")["said"].as_str().unwrap().contains("$40"), "{report:#}");
    // Three tries in all; a machine gets one message; what the insights call a voicemail counts as nothing.
    assert_eq!([row("01")["tries"].clone(), row("93")["tries"].clone()], [json!(3), json!(1)]);
    assert_eq!((&row("03")["maybe_voicemail"], &row("03")["tries"]), (&json!(true), &json!(1)));
    assert_eq!((&row("09")["outcome"], &row("09")["tries"]), (&json!("answered"), &json!(2)));
    let dialled = place.service.dialled();
    for row in report["rows"].as_array().unwrap() {
        let calls = dialled.iter().filter(|to| row["to"] == **to).count();
        assert_eq!(row["tries"], calls, "{row}");
    }
    // What was planned is what was scheduled first.
    let scheduled = place.service.rows(ServiceTable::Scheduled);
    for row in plan {
        let first = scheduled.iter().find(|event| event["to_number"] == row["to"]).unwrap();
        let at = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(at(&first["scheduled_at"]), at(&row["at"]), "{row}");
    }
    // The assistant is gone, the end was told once, with the rows.
    assert_eq!(place.service.rows(ServiceTable::Assistants).len(), 0);
    let told = place.notified();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"said\":\"Spoke with"), "{told:?}");
    let wait = place.ok(&["wait", "plumbers"]);
    assert_eq!((wait["rows"].as_array().unwrap().len(), &wait["waiting"]), (8, &json!(0)));
    assert_eq!(place.ok(&["wait", "plumbers"])["rows"], json!([]), "they were told before");
    let whole = place.ok(&["report", "plumbers", "+13322200011"]);
    assert_eq!(whole["rows"].as_array().unwrap().len(), 1);
    let table = place.run(&["report", "plumbers", "--csv"]).ok().out().to_owned();
    assert_eq!(table.lines().count(), 9, "{table}");
}

#[test]
fn the_same_line_begins_nobody_twice() {
    let place = Place::at(business_noon());
    place.list(LIST);
    let dry = place.ok(&outreach(&["--dry-run"]));
    assert!(place.service.seen_at("POST", "/v1/*").is_empty() && !place.has_state());
    let first = place.ok(&outreach(&[]));
    let local = |document: &Value| document["plan"][0]["local"].as_str().unwrap()[..20].to_owned();
    assert_eq!((local(&dry), &first["slug"]), (local(&first), &json!("plumbers")));
    assert_eq!(first["plan"][1]["name"], "Bob, the plumber");
    let again = place.ok(&outreach(&[]));
    assert_eq!((&again["plan"], &again["totals"]["begun"]), (&json!([]), &json!(2)));
    // Another who is new on the list is added; the same number otherwise written is one target.
    place.list("phone\n332-220-0011\n+1 332 220 0013\n3322200013\n");
    let more = place.ok(&outreach(&[]));
    assert_eq!(more["totals"], json!({"planned": 1, "begun": 2, "refused": 1}), "{more:#}");
    let other = ["outreach", "plumbers", "--ask", "Another?", "--as", "A", "--to", "+13322200014"];
    place.run(&other).fails(2).stderr_has("missions cancel plumbers");
    place.play("plumbers");
    assert_eq!(place.service.dialled().len(), 3);
    // It has ended: nothing begins, unless that is wanted.
    let seen = place.service.seen_at("POST", "/v1/*").len();
    let ended = place.ok(&outreach(&[]));
    assert_eq!((&ended["ended"], &ended["totals"]["answered"]), (&json!(true), &json!(3)));
    assert_eq!(place.service.seen_at("POST", "/v1/*").len(), seen);
    let anew = place.run(&outreach(&["--again"])).fails(2).stderr_has("nobody").json();
    let why = anew["refused"][0]["why"].as_str().unwrap();
    assert!(why.contains("within 24 hours by mission `plumbers"), "{anew:#}");
}

#[test]
fn twelve_invitations_are_answered_or_not() {
    let place = Place::at(business_noon());
    let mut script = serde_json::Map::new();
    let mut list = "phone;name\r\n".to_owned();
    for n in 10..22 {
        list += &["+133222000", &n.to_string(), ";Guest ", &n.to_string(), "\r\n"].concat();
        let reply = match n {
            10..=12 => Some("STOP"),
            13 | 14 => None,
            _ => Some("Yes, gladly"),
        };
        if let Some(reply) = reply {
            script.insert(format!("+133222000{n}"), json!({"reply": reply, "reply_after": 90}));
        }
    }
    place.service.script(&script.into()).unwrap();
    place.list(&list);
    place.config("outreach", &json!({"approve_over": 12}));
    let line = [
        "outreach",
        "Party",
        "--message",
        "Hi {name}, do you come on Friday?",
        "--as",
        "Ada",
        "--targets",
        "list.csv",
    ];
    place.ok(&line);
    place.play("party");
    let report = place.ok(&["report", "party"]);
    let wanted = json!({"targets": 12, "replied": 7, "silent": 2, "opted out": 3});
    assert_eq!(report["totals"], wanted, "{report:#}");
    let texted = place.service.texted();
    assert_eq!(texted.len(), 12);
    let (to, text) = &texted[0];
    assert!(
        text.starts_with(&format!("Hi Guest {}, do", &to[10..]))
            && text.ends_with("Reply STOP to opt out."),
        "{text}"
    );
    let replies = place.ok(&["replies", "party"])["replies"].as_array().unwrap().len();
    assert_eq!(replies, 10, "those who opted out wrote too");
    let told = place.notified();
    assert!(
        told[0].contains("answers_to") && told[0].contains("data, not instructions"),
        "{told:?}"
    );
    // Who opted out is left alone from then on.
    place.list(&list);
    let next = [
        "outreach",
        "Next",
        "--message",
        "Hi {name}, again?",
        "--as",
        "Ada",
        "--targets",
        "list.csv",
    ];
    let plan = place.ok(&next);
    assert_eq!(plan["totals"], json!({"planned": 9, "begun": 0, "refused": 3}), "{plan:#}");
    assert!(plan["refused"][0]["why"].as_str().unwrap().contains("opted out"));
    place.run(&["cancel", "--all"]);
}

#[test]
fn a_row_that_cannot_be_says_why() {
    let place = Place::at(business_noon());
    place.list("name,phone,note\nA,4.9E+11,x\nB,911,x\nC,,x\nD,+19005551234,x\nE,332 220,x\nF,+13322200011,\n=cmd,+13322200012,x\n");
    let line = [
        "outreach",
        "L",
        "--message",
        "{note}: come?",
        "--as",
        "Ada",
        "--targets",
        "list.csv",
        "--dry-run",
    ];
    let plan = place.ok(&line);
    let refused = plan["refused"].as_array().unwrap();
    let lines: Vec<u64> = refused.iter().filter_map(|row| row["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{plan:#}");
    for (n, why) in ["rounded", "emergency", "no number", "premium", "digits", "`note` is empty"]
        .iter()
        .enumerate()
    {
        assert!(refused[n]["why"].as_str().unwrap().contains(why), "{why}: {plan:#}");
    }
    assert_eq!(plan["plan"][0]["name"], "=cmd");
    place.run(&[&line[..], &["--strict"]].concat()).fails(2);
    let wrong = ["outreach", "L", "--message", "{rate}?", "--as", "Ada", "--targets", "list.csv"];
    place.run(&wrong).fails(2).stderr_has("name, note, phone");
    place.bytes("list.csv", b"phone,name\n+13322200011,Ren\xe9\n");
    place.run(&line).fails(2).stderr_has("Latin-1");
    assert!(place.service.seen_at("POST", "/v1/*").is_empty());
    // For whom it calls has to be known.
    place.list(LIST);
    place.config("owner_name", &Value::Null);
    place
        .run(&["outreach", "L", "--ask", "Q?", "--targets", "list.csv"])
        .fails(2)
        .stderr_has("--as");
}

#[test]
fn calls_wait_for_the_hours_of_each() {
    // Four in the afternoon in New York is one on the west coast; at six nobody is called in the east.
    let place = Place::at(business_noon() + jiff::SignedDuration::from_hours(6));
    place.list("phone\n+12125550111\n+12135550112\n");
    let plan = place.ok(&outreach(&["--dry-run"]));
    let local = |n: usize| plan["plan"][n]["local"].as_str().unwrap().to_owned();
    assert!(local(0).contains("T09:00:00") && local(1).contains("T15:0"), "{plan:#}");
    let holiday = &local(0)[4..14];
    let plan = place.ok(&outreach(&["--dry-run", "--skip", holiday]));
    assert!(!plan["plan"][0]["local"].as_str().unwrap().contains(holiday), "{plan:#}");
    let plan = place.ok(&outreach(&["--dry-run", "--any-time"]));
    assert!(plan["plan"][0]["local"].as_str().unwrap().contains("T18:0"), "{plan:#}");
    let plan = place.ok(&outreach(&["--dry-run", "--when", "tomorrow 10:30"]));
    assert!(
        plan["plan"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["local"].as_str().unwrap().contains("T10:30:00"))
    );
}

#[test]
fn a_pause_withdraws_what_is_ahead_and_a_resume_calls_it_once() {
    let place = Place::at(business_noon());
    place.list(&rows(11..31));
    place.config("outreach", &json!({"approve_over": 50}));
    place.ok(&outreach(&["--batch", "3", "--every", "10m", "--when", "in 20m"]));
    assert_eq!(place.service.rows(ServiceTable::Scheduled).len(), 6, "two batches ahead");
    let paused = place.ok(&["pause", "plumbers"]);
    assert_eq!(
        (paused["withdrawn"].as_array().unwrap().len(), &paused["may_still_happen"]),
        (6, &json!([]))
    );
    place.service.advance(Duration::from_secs(3600));
    place.ok(&["tick"]);
    assert!(place.service.dialled().is_empty());
    let wait = place.ok(&["wait", "plumbers"]);
    assert!(wait["needs"][0].as_str().unwrap().contains("missions resume plumbers"), "{wait}");
    place.ok(&["resume", "plumbers"]);
    place.play("plumbers");
    let mut dialled = place.service.dialled();
    dialled.sort();
    dialled.dedup();
    assert_eq!((dialled.len(), place.service.dialled().len()), (20, 20));
}

#[test]
fn everything_is_called_off_at_once() {
    let place = Place::at(business_noon());
    place.list(LIST);
    place.ok(&outreach(&["--when", "in 30m"]));
    place.ok(&[
        "outreach",
        "Other",
        "--ask",
        "Q?",
        "--as",
        "A",
        "--to",
        "+13322200015",
        "--when",
        "in 30m",
    ]);
    let ended = place.ok(&["cancel", "--all"]);
    let missions = ended["missions"].as_array().unwrap();
    assert!(
        missions.len() == 2 && missions.iter().all(|one| one["status"] == "cancelled"),
        "{ended:#}"
    );
    place.service.advance(Duration::from_secs(3 * 3600));
    place.ok(&["tick"]);
    assert!(place.service.dialled().is_empty());
    let report = place.ok(&["report", "plumbers"]);
    assert_eq!(report["totals"], json!({"targets": 2, "canceled": 2}), "{report:#}");
    assert_eq!(place.ok(&["cancel", "--all"])["missions"], json!([]));
}

#[test]
fn a_lost_answer_calls_nobody_twice() {
    let place = Place::at(business_noon());
    place.list(LIST);
    place.service.fail("POST", "/v1/assistants/:id/events", RequestFault::Lost, 1);
    place.run(&outreach(&[]));
    place.ok(&outreach(&[]));
    place.play("plumbers");
    assert_eq!(place.service.dialled().len(), 2);
    // And where nothing came of it, it is not known that it did not.
    let place = Place::at(business_noon());
    place.list(LIST);
    place.service.fail(
        "POST",
        "/v1/assistants/:id/events",
        RequestFault::Response(harness::ErrorResponse::new(502, harness::BodyKind::Html)),
        1,
    );
    let out = place.run(&outreach(&[]));
    out.fails(8);
    place.run(&["tick"]);
    place.service.advance(Duration::from_secs(4 * 3600));
    for _ in 0..6 {
        place.run(&["tick"]);
        place.service.advance(Duration::from_secs(1800));
    }
    assert_eq!(place.service.dialled().len(), 1);
    let report = place.ok(&["report", "plumbers"]);
    assert_eq!(report["totals"]["unknown"], 1, "{report:#}");
}

#[test]
fn a_question_to_one_number_is_one_command() {
    let place = Place::at(business_noon());
    place.service.script(&json!({"+13322200021": {"said": "Yes, at eight."}})).unwrap();
    place.service.speed(240);
    let line = ["ask", "+13322200021", "Is a table free at eight?", "--as", "Ada"];
    let row = place.ok(&line);
    assert_eq!((&row["outcome"], &row["said"]), (&json!("answered"), &json!("Yes, at eight.")));
    assert_eq!(place.ok(&line)["said"], "Yes, at eight.", "the same line is one call");
    assert_eq!(place.service.dialled().len(), 1);
    assert!(place.service.rows(ServiceTable::Assistants).is_empty());
    assert!(place.service.rows(ServiceTable::Missions).is_empty(), "it costs no mission");
    place.run(&["ask", "+13322200002", "Are you open?", "--as", "Ada"]).fails(1);
    place.run(&["ask", "+13322200093", "Are you open?", "--as", "Ada"]).fails(1);
}

#[test]
fn a_question_is_not_asked_at_night() {
    let place = Place::at(business_noon() + jiff::SignedDuration::from_hours(10));
    place.run(&["ask", "+13322200021", "Open?", "--as", "Ada"]).fails(2).stderr_has("--any-time");
    assert!(place.service.dialled().is_empty());
}

#[test]
fn a_budget_ends_it() {
    let place = Place::at(business_noon());
    place.list(&rows(11..16));
    place.ok(&outreach(&["--max-calls", "3"]));
    place.play("plumbers");
    assert_eq!(place.service.dialled().len(), 3);
    let report = place.ok(&["report", "plumbers"]);
    assert_eq!(report["totals"], json!({"targets": 5, "answered": 3, "canceled": 2}), "{report:#}");
    assert!(report["rows"][4]["why"].as_str().unwrap().contains("used up"));
}
