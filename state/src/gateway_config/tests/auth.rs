//! The forms that a gateway's token may take.

use super::super::{Auth, GatewayConfig};
use super::{Home, MAIN, config};
use crate::text::secret::Secret;

#[track_caller]
fn bearer(home: &Home, expected: &str) {
    assert_eq!(home.read(GatewayConfig::auth), Auth::Bearer(Secret::new(expected)));
}

#[track_caller]
fn out_of_reach(home: &Home, expected: &str) {
    let Auth::OutOfReach { why, .. } = home.read(GatewayConfig::auth) else {
        panic!("it was in reach")
    };
    assert_eq!(why.replace(&home.dir.display().to_string(), "~"), expected);
}

#[test]
fn a_token_may_be_written_out_or_named() {
    bearer(&config(r#"{gateway: {auth: {token: "a\"b\\c"}}}"#), r#"a"b\c"#);
    bearer(&config("{gateway: {auth: {token: 'x'}}}").var("OPENCLAW_GATEWAY_TOKEN", "y"), "x");
    bearer(&config("{gateway: {auth: {token: '${GW_TOKEN}'}}}").var("GW_TOKEN", "t"), "t");
    bearer(&config("{gateway: {auth: {token: '$GW_TOKEN'}}}").var("GW_TOKEN", "t"), "t");
    bearer(&config("{gateway: {auth: {token: '$${GW_TOKEN}'}}}"), "${GW_TOKEN}");
    let dotenv = Home::new(&[
        (MAIN, "{gateway: {auth: {token: '${GW}'}}}"),
        (".openclaw/.env", "export GW='t t'"),
    ]);
    bearer(&dotenv, "t t");
    let named = "{gateway: {auth: {token: '${GW}'}}}";
    let elsewhere = Home::new(&[
        ("x/openclaw.json", named),
        ("x/.env", "GW=x"),
        (".openclaw/.env", "GW=usual"),
    ]);
    bearer(&elsewhere.var("OPENCLAW_STATE_DIR", "~/x"), "x");
    let apart = Home::new(&[
        ("x/openclaw.json", named),
        ("x/.env", "GW=x"),
        (".openclaw/.env", "GW=usual"),
    ]);
    bearer(&apart.var("OPENCLAW_CONFIG_PATH", "~/x/openclaw.json"), "usual");
    out_of_reach(
        &config("{gateway: {auth: {token: '${GW}'}}}"),
        "`gateway.auth.token` refers to ${GW}, which is not set here",
    );
}

#[test]
fn a_token_may_be_a_reference() {
    let env = config("{gateway: {auth: {token: {source: 'env', provider: 'default', id: 'GW'}}}}");
    out_of_reach(&env, "`gateway.auth.token` refers to ${GW}, which is not set here");
    bearer(&env.var("GW", "t"), "t");
    let file = |mode: &str, id: &str| {
        let text = format!(
            "{{gateway: {{auth: {{token: {{source: 'file', provider: 'f', id: '{id}'}}}}}},
              secrets: {{providers: {{f: {{source: 'file', path: '~/s', mode: '{mode}'}}}}}}}}"
        );
        Home::new(&[(MAIN, &text), ("s", "{\"a/b\": {\"t\": \"secret\"}}\n")])
    };
    bearer(&file("json", "/a~1b/t"), "secret");
    bearer(&file("singleValue", "value"), "{\"a/b\": {\"t\": \"secret\"}}");
    out_of_reach(
        &file("json", "/a"),
        "`gateway.auth.token` refers to a file: `~/s` has no text at `/a`",
    );
    let exec = config("{gateway: {auth: {token: {source: 'exec', provider: 'v', id: 'x'}}}}");
    out_of_reach(&exec, "`gateway.auth.token` is a secret reference of the kind `exec`");
    bearer(&exec.var("OPENCLAW_GATEWAY_TOKEN", "t"), "t");
    // One that can be followed wins.
    let env = config("{gateway: {auth: {token: {source: 'env', provider: 'default', id: 'GW'}}}}");
    bearer(&env.var("GW", "t").var("OPENCLAW_GATEWAY_TOKEN", "stale"), "t");
    bearer(&file("json", "/a~1b/t").var("OPENCLAW_GATEWAY_TOKEN", "stale"), "secret");
}

#[test]
fn a_gateway_may_want_a_password_or_nothing() {
    bearer(&config("{gateway: {auth: {mode: 'password', password: 'p', token: 't'}}}"), "p");
    bearer(&config("{gateway: {auth: {password: 'p'}}}"), "p");
    let auth = |text: &str| config(text).read(GatewayConfig::auth);
    assert_eq!(auth("{gateway: {auth: {mode: 'none', token: 't'}}}"), Auth::Open);
    assert_eq!(auth("{}"), Auth::Absent);
    assert_eq!(auth("{gateway: {auth: {token: ''}}}"), Auth::Absent);
    bearer(&config("{}").var("OPENCLAW_GATEWAY_TOKEN", "t"), "t");
    bearer(&config("{gateway: {auth: {password: 'p', token: 't'}}}"), "p");
    bearer(&config("{gateway: {auth: {mode: 'trusted-proxy', password: 'p'}}}"), "p");
    let behind_proxy = config("{gateway: {auth: {mode: 'trusted-proxy', token: 't'}}}");
    out_of_reach(
        &behind_proxy,
        "its `gateway.auth.mode` is `trusted-proxy` and it has no password",
    );
    bearer(&behind_proxy.var("OPENCLAW_GATEWAY_PASSWORD", "p"), "p");
    out_of_reach(
        &config("{gateway: {auth: {mode: 'oidc', token: 't'}}}"),
        "its `gateway.auth.mode` is `oidc`, which has no token",
    );
}
