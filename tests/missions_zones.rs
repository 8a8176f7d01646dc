//! Where a number rings, with and without a time zone database on the machine.

use std::process::Command;

use harness::{Output, Sandbox, SimulatedService};
use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

/// A time on a Wednesday in December, in more than a week.
fn wednesday(time: &str) -> String {
    let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + 8.days();
    while day.month() != 12 || day.weekday() != Weekday::Wednesday {
        day = day.tomorrow().expect("there are days enough");
    }
    format!("{day}T{time}:00Z")
}

fn sandbox(service: &SimulatedService) -> Sandbox {
    let sandbox = Sandbox::for_service(service);
    sandbox.run(MISSIONS, ["init", "M", "I", "R"]).ok();
    sandbox.run(MISSIONS, ["setup-agent", "m", "A", "I", "Hi"]).ok();
    sandbox
}

fn call(sandbox: &Sandbox, to: &str, time: &str, more: &[&str]) -> Output {
    let line = ["schedule-call", "--mission", "m", to, &wednesday(time)];
    sandbox.run(MISSIONS, [&line[..], more].concat())
}

#[test]
fn an_area_code_that_nobody_knows_rings_anywhere_on_the_continent() {
    let service = SimulatedService::start();
    let mut sandbox = sandbox(&service);
    // Wherever the machine is.
    for machine in ["UTC", "Asia/Tokyo"] {
        sandbox.env("TZ", machine);
        for number in ["+12992340123", "+16212340123", "+17292340123", "+18332340123"] {
            for (time, says) in [("15:00", "America/Los_Angeles"), ("22:30", "America/New_York")] {
                call(&sandbox, number, time, &[]).fails(2).silent().stderr_has(says);
            }
            call(&sandbox, number, "15:00", &[])
                .fails(2)
                .stderr_has("T17:00:00Z")
                .stderr_has("--zone");
        }
    }
    assert!(service.seen_at("POST", "/v1/assistants/:id/events").is_empty());
    call(&sandbox, "+12992340123", "17:00", &[]).ok().quiet();
    call(&sandbox, "+12992340124", "15:00", &["--zone", "America/New_York"]).ok().quiet();
}

#[test]
fn zones_without_a_common_hour_want_a_zone() {
    let service = SimulatedService::start();
    let sandbox = sandbox(&service);
    // A mobile phone of Russia.
    call(&sandbox, "+79161234567", "09:00", &[])
        .fails(2)
        .silent()
        .stderr_has("Asia/Anadyr")
        .stderr_has("--zone");
    call(&sandbox, "+79161234567", "09:00", &["--zone", "Europe/Moscow"]).ok().quiet();
}

#[test]
fn a_number_of_no_country_rings_where_this_machine_is() {
    let service = SimulatedService::start();
    let mut sandbox = sandbox(&service);
    sandbox.env("TZ", "America/Denver");
    let freephone = "+80012345678";
    call(&sandbox, freephone, "15:00", &[]).fails(2).stderr_has("America/Denver");
    call(&sandbox, freephone, "16:00", &[]).ok().stderr_has("America/Denver").stderr_has("--zone");
}

/// Numbers ring where they do, zones have names and the machine is where it is.
fn rings_in_the_right_zone(call: &dyn Fn(&str, &str, &[&str]) -> Output) {
    call("+13105550142", "16:59", &[]).fails(2).stderr_has("America/Los_Angeles");
    call("+13105550142", "17:00", &[]).ok().quiet();
    call("+353 1 543 1000", "17:00", &[]).fails(2).stderr_has("Europe/Dublin");
    call("+353 1 543 1000", "16:59", &[]).ok().quiet();
    call("+353 1 543 1001", "15:00", &["--zone", "Asia/Kolkata"]).fails(2).stderr_has("+05:30");
    call("+353 1 543 1001", "05:00", &["--zone", "Asia/Kolkata"]).ok().quiet();
    call("+80012345678", "15:00", &[]).fails(2).stderr_has("America/Denver");
}

#[test]
fn a_machine_without_a_time_zone_database_knows_all_zones() {
    let service = SimulatedService::start();
    let mut sandbox = sandbox(&service);
    sandbox.write("empty/readme", "no zones\n");
    sandbox.env("TZDIR", &sandbox.path("empty").display().to_string());
    sandbox.env("TZ", "America/Denver");
    rings_in_the_right_zone(&|to, time, more| call(&sandbox, to, time, more));
}

#[test]
fn a_system_without_zoneinfo_knows_all_zones() {
    let hide = ["-m", "mount", "-t", "tmpfs", "none", "/usr/share/zoneinfo"];
    let hidden = Command::new("unshare").args(hide).status();
    if !hidden.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this user may not hide /usr/share/zoneinfo (unshare -m)");
        return;
    }
    let service = SimulatedService::start();
    let mut sandbox = sandbox(&service);
    sandbox.env("TZ", "America/Denver");
    rings_in_the_right_zone(&|to, time, more| {
        let script = "mount -t tmpfs none /usr/share/zoneinfo && exec \"$@\"";
        let when = wednesday(time);
        let line = [
            "-m",
            "sh",
            "-c",
            script,
            "sh",
            MISSIONS,
            "schedule-call",
            "--mission",
            "m",
            to,
            &when,
        ];
        sandbox.run("unshare", [&line[..], more].concat())
    });
}
