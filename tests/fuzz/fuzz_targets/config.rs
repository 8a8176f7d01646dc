//! `skill-config.json` and the gateway's own JSON5: read as their readers read them, or refused without showing a secret.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use state::failure;
use state::args::Common;
use state::config::Config;
use state::exit::{self, Exit};
use state::gateway_config::{Auth, ConfigFile, GatewayConfig, GatewayEnv, json5};
use state::url::{is_loopback, redact};

/// A folder of this process alone, with a file that the gateway's configuration may include.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("fuzz-config-{}", std::process::id()));
    state::file::create_dir(&folder).expect("a folder of our own");
    fs::write(folder.join("more.json5"), "{gateway: {port: 7, tools: {allow: []}}}").expect("room");
    state::file::replace_unsynced(&folder.join("skill-config.json"), b"{}").expect("room");
    let strange = std::env::vars().find(|(name, _)| {
        ["CLAWDTALK_", "OPENCLAW_", "CLAWDBOT_"].iter().any(|start| name.starts_with(start))
    });
    assert!(strange.is_none(), "the environment says something: {strange:?}");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    skill(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let read = json5::parse(text);
        if let Ok(value) = &read {
            comments_say_nothing(text, value);
        }
        is_superset_of_json(text, &read);
        addresses(text);
    }
    gateway(bytes);
});

fn skill(bytes: &[u8]) {
    fs::write(FOLDER.join("skill-config.json"), bytes).expect("room");
    let common = Common { skill_dir: Some(FOLDER.clone()), quiet: true, ..Common::default() };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let wanted = serde_json::from_slice::<Map<String, Value>>(text);
    let config = match (Config::load(&common), wanted) {
        (Ok(config), Ok(wanted)) => {
            assert_eq!(
                Value::from(config.values().clone()).to_string(),
                Value::from(wanted).to_string()
            );
            config
        }
        (Err(err), Err(_)) => return refused(&err, &[]),
        (read, wanted) => panic!("{read:?}, but {wanted:?}"),
    };
    let is_address = |secret: &str| {
        let mut places = ["server", "gateway_url"].iter();
        let text = |name| config.values().get(name).and_then(Value::as_str);
        places.any(|name| text(*name).is_some_and(|address| address.contains(secret)))
    };
    let secrets: Vec<&str> = ["api_key", "gateway_token"]
        .iter()
        .filter_map(|name| config.values().get(*name)?.as_str())
        .filter(|secret| secret.len() >= 12 && !secret.contains("${"))
        // What stands in the place of an address as well, and looks like one, is told as one.
        .filter(|secret| !(secret.contains(['.', ':', '/']) && is_address(secret)))
        .collect();
    match config.server() {
        Ok(server) => {
            let host = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://"));
            let host = host.and_then(|rest| rest.split('/').next());
            assert!(host.is_some_and(|host| !host.is_empty()), "{server:?} has no host");
            assert!(!server.ends_with('/'), "{server:?}");
        }
        Err(err) => refused(&err, &secrets),
    }
    match config.api_key() {
        Ok(key) => {
            assert!(!key.expose().is_empty() && key.expose().bytes().all(|b| b.is_ascii_graphic()));
            assert_eq!(format!("{key:?}{key}"), "******");
        }
        Err(err) => refused(&err, &secrets),
    }
    let told = [
        config.gateway_url().err(),
        config.gateway_token().err(),
        config.agent_id().err(),
        config.owner_name().err(),
        config.number("max_turns").err(),
        config.section("guard").err(),
    ];
    told.iter().flatten().for_each(|err| refused(err, &secrets));
}

fn refused(err: &anyhow::Error, secrets: &[&str]) {
    assert_eq!(failure::exit_of(err), Exit::NotConfigured, "{err:#}");
    let told = exit::one_line(err);
    assert!(!told.is_empty() && !told.contains('\n'), "{told:?}");
    assert!(!secrets.iter().any(|secret| told.contains(secret)), "a secret was told: {told:?}");
}

/// With a comment before and behind it is the same document.
fn comments_say_nothing(text: &str, value: &Value) {
    let with = format!("/*]*/{text}\n//[");
    if with.len() <= json5::MAX_BYTES {
        assert_eq!(json5::parse(&with).as_ref(), Ok(value), "{text:?} with comments");
    }
}

/// What is JSON is JSON5 of the same value.
fn is_superset_of_json(text: &str, read: &Result<Value, json5::Json5Error>) {
    let Ok(wanted) = serde_json::from_str::<Value>(text) else { return };
    match read {
        Ok(read) => assert!(is_same(read, &wanted), "{read} is not {wanted}"),
        Err(err) => assert_eq!(*err, json5::Json5Error::TooDeep, "{text:?}"),
    }
}

/// Equal, but for digits that a JavaScript number has no room for.
fn is_same(read: &Value, wanted: &Value) -> bool {
    match (read, wanted) {
        (Value::Number(read), Value::Number(wanted)) => {
            read.as_f64().zip(wanted.as_f64()).is_some_and(|(read, wanted)| {
                read.to_bits() == wanted.to_bits() || (read - wanted).abs() <= wanted.abs() * 1e-15
            })
        }
        // Beyond the largest number is Infinity, which JSON writes as null.
        (Value::Null, Value::Number(wanted)) => !wanted.as_f64().is_some_and(f64::is_finite),
        (Value::Array(read), Value::Array(wanted)) => {
            read.len() == wanted.len() && read.iter().zip(wanted).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(read), Value::Object(wanted)) => {
            read.keys().eq(wanted.keys())
                && read.values().zip(wanted.values()).all(|(a, b)| is_same(a, b))
        }
        (read, wanted) => read == wanted,
    }
}

/// The gateway's configuration says something sensible or nothing, and never leads out of its folder.
fn gateway(bytes: &[u8]) {
    let path = FOLDER.join("openclaw.json");
    fs::write(&path, bytes).expect("room");
    let around = GatewayEnv::new(Path::new("/nowhere"), |_| None);
    let config = match GatewayConfig::read(&ConfigFile::at(&path), &around) {
        Ok(config) => config,
        Err(err) => return assert!(!err.to_string().is_empty()),
    };
    assert_ne!(config.port(), 0);
    if let Ok(url) = config.url() {
        assert!(is_loopback(&url), "{url}");
    }
    if let Auth::Bearer(secret) = config.auth() {
        assert!(!secret.expose().is_empty() && secret.expose().trim() == secret.expose());
    }
    let _ = (config.knows_tools(), config.chat_enabled(), config.early_voice_agent());
    let _ = (config.workspace("main"), config.agent_name("main"), config.allows_sessions_send());
    for keys in [&["gateway", "tools", "allow"][..], &["agents", "list"], &["gateway"]] {
        let owner = config.location(keys);
        assert!(owner.file.starts_with(&*FOLDER), "{owner:?}");
        assert!(keys.iter().map(ToString::to_string).collect::<Vec<_>>().ends_with(&owner.keys));
    }
}

/// The clock may be moved for a service on this machine: no other address may pass for one.
fn addresses(text: &str) {
    let told = redact(text);
    assert!(!told.contains('?') && !told.contains('#'), "{told:?}");
    let Ok(address) = text.parse::<http::Uri>() else { return };
    if let (Some(_), Some(host)) = (address.scheme(), address.host()) {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        assert_eq!(is_loopback(text), is_here, "{text:?}");
    }
}
