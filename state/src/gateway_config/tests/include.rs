//! A configuration in several files.

use super::super::{GatewayConfig, TOOLS_ALLOW};
use super::{Home, MAIN};
use std::path::Path;

#[test]
fn includes_are_followed_and_the_file_of_a_value_is_known() {
    #[track_caller]
    fn case(files: &[(&str, &str)], allows: bool, file: &str, keys: &str) {
        let home = Home::new(files);
        let (allowed, location) =
            home.read(|config| (config.allows_sessions_send(), config.location(&TOOLS_ALLOW)));
        assert_eq!(allowed, allows);
        assert_eq!(location.file.strip_prefix(&home.dir).unwrap(), Path::new(file));
        assert_eq!(location.keys.join("."), keys);
    }
    let gw = ".openclaw/sub/gw.json5";
    case(&[(MAIN, "{gateway: {port: 1}}")], false, MAIN, "gateway.tools.allow");
    case(
        &[(MAIN, "{gateway: {$include: './sub/gw.json5'}}"), (gw, "{port: 1}")],
        false,
        gw,
        "tools.allow",
    );
    case(
        &[
            (MAIN, "{gateway: {$include: 'sub/gw.json5', tools: {}}}"),
            (gw, "{tools: {allow: ['sessions_send']}}"),
        ],
        true,
        MAIN,
        "gateway.tools.allow",
    );
    case(
        &[
            (MAIN, "{$include: ['sub/gw.json5', 'b.json5']}"),
            (gw, "{gateway: {port: 1}}"),
            (".openclaw/b.json5", "{}"),
        ],
        false,
        gw,
        "gateway.tools.allow",
    );
    case(
        &[
            (MAIN, "{gateway: {tools: {$include: 'sub/gw.json5'}}}"),
            (gw, "{allow: {$include: '../list.json5'}}"),
            (".openclaw/list.json5", "['sessions_send']"),
        ],
        true,
        ".openclaw/list.json5",
        "",
    );
}

#[test]
fn included_lists_come_one_after_the_other() {
    let files = [
        (MAIN, "{gateway: {$include: './gw.json5', tools: {allow: ['sessions_send']}, port: 2}}"),
        (".openclaw/gw.json5", "{port: 1, tools: {allow: ['other'], deny: ['sessions_send']}}"),
    ];
    let found = Home::new(&files).read(|config| {
        (config.port(), config.allows_sessions_send(), config.denies_sessions_send())
    });
    assert_eq!(found, (2, true, true));
}

#[test]
fn includes_the_gateway_refuses_are_refused() {
    #[track_caller]
    fn case(files: &[(&str, &str)], expected: &str) {
        assert_eq!(Home::new(files).refusal(), expected);
    }
    let include = |what: &str| format!("{{gateway: {{$include: {what}}}}}");
    case(
        &[(MAIN, &include("'../secret.json'")), ("secret.json", "{}")],
        "`~/.openclaw/openclaw.json`: `$include` of `../secret.json` leads out of the config's folder",
    );
    case(
        &[(MAIN, &include("'a'")), (".openclaw/a", "{$include: './openclaw.json'}")],
        "`~/.openclaw/a`: `$include` of `./openclaw.json` goes round in a circle",
    );
    case(
        &[(MAIN, &include("7"))],
        "`~/.openclaw/openclaw.json`: `$include` is neither a file name nor a list of them",
    );
    case(
        &[(MAIN, "{gateway: {$include: 'a', port: 1}}"), (".openclaw/a", "[]")],
        "`~/.openclaw/openclaw.json`: an `$include` with keys beside it brings no object",
    );
    case(
        &[(MAIN, &include("'a'"))],
        "reading `~/.openclaw/a`: No such file or directory (os error 2)",
    );
    case(
        &[(MAIN, "{token: 'secret' port: 1}")],
        "`~/.openclaw/openclaw.json` is not the JSON5 that a gateway reads: line 1: expected comma",
    );
}

#[test]
fn eleven_includes_inside_each_other_are_too_many() {
    let chain = |n: usize| {
        let mut files = vec![(MAIN.to_owned(), "{$include: './f1'}".to_owned())];
        files.extend(
            (1..n).map(|i| (format!(".openclaw/f{i}"), format!("{{$include: './f{}'}}", i + 1))),
        );
        files.push((format!(".openclaw/f{n}"), "{gateway: {port: 7}}".to_owned()));
        let files: Vec<_> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Home::new(&files)
    };
    assert_eq!(chain(10).read(GatewayConfig::port), 7);
    assert_eq!(
        chain(11).refusal(),
        "`~/.openclaw/f10`: more than 10 `$include`s inside each other"
    );
}
