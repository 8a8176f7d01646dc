//! A gateway's configuration in every form it is known to take, each as the files an owner would have.

use super::*;
use crate::file;
use crate::secret::Secret;
use std::collections::HashMap;

/// A home directory with these files and these variables.
struct Home {
    dir: PathBuf,
    vars: HashMap<String, String>,
}

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir =
            std::env::temp_dir().join(format!("gateway-config-{}-{number}", std::process::id()));
        file::make_dir(&dir).unwrap();
        let home = Self { dir, vars: HashMap::new() };
        for (name, text) in files {
            file::replace(&home.dir.join(name), text.as_bytes()).unwrap();
        }
        home
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.replace('~', &self.dir.display().to_string()));
        self
    }

    fn with<T>(&self, act: impl FnOnce(&Around) -> T) -> T {
        let vars = self.vars.clone();
        act(&Around::new(&self.dir, move |name| vars.get(name).cloned()))
    }

    /// The paths found, from the home directory.
    fn found(&self) -> Vec<String> {
        let found = self.with(find);
        found
            .iter()
            .map(|found| found.path.strip_prefix(&self.dir).unwrap().display().to_string())
            .collect()
    }

    /// What `ask` gets from the configuration in force.
    #[track_caller]
    fn read<T>(&self, ask: impl FnOnce(&GatewayConfig) -> T) -> T {
        self.with(|around| ask(&GatewayConfig::read(&find(around)[0], around).unwrap()))
    }

    #[track_caller]
    fn refusal(&self) -> String {
        let err = self.with(|around| GatewayConfig::read(&find(around)[0], around).unwrap_err());
        err.to_string().replace(&self.dir.display().to_string(), "~")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.dir).unwrap();
    }
}

const MAIN: &str = ".openclaw/openclaw.json";

fn config(text: &str) -> Home {
    Home::new(&[(MAIN, text)])
}

#[test]
fn the_file_in_force_is_the_one_openclaw_takes() {
    let all =
        [MAIN, ".openclaw/clawdbot.json", ".clawdbot/openclaw.json", ".clawdbot/clawdbot.json"];
    let files = all.map(|name| (name, "{}"));
    assert_eq!(Home::new(&files).found(), all);
    assert_eq!(Home::new(&files[2..]).found(), all[2..]);
    assert_eq!(Home::new(&[]).found(), [""; 0]);
    let elsewhere = || {
        Home::new(&[
            (MAIN, "{}"),
            ("x/openclaw.json", "{}"),
            ("y/.openclaw/openclaw.json", "{}"),
            ("z.json5", "{}"),
        ])
    };
    assert_eq!(elsewhere().var("OPENCLAW_STATE_DIR", "~/x").found(), ["x/openclaw.json", MAIN]);
    assert_eq!(elsewhere().var("OPENCLAW_HOME", "~/y").found(), ["y/.openclaw/openclaw.json"]);
    let explicit =
        elsewhere().var("OPENCLAW_STATE_DIR", "~/x").var("OPENCLAW_CONFIG_PATH", "~/z.json5");
    assert_eq!(explicit.found(), ["z.json5"]);
    assert_eq!(elsewhere().var("OPENCLAW_CONFIG_PATH", "~/gone").found(), [""; 0]);
    assert_eq!(elsewhere().var("CLAWDBOT_CONFIG_PATH", "~/z.json5").found(), [MAIN]);
}

#[test]
fn a_folder_that_was_renamed_and_linked_counts_once() {
    let home = config("{}");
    std::os::unix::fs::symlink(home.dir.join(".openclaw"), home.dir.join(".clawdbot")).unwrap();
    assert_eq!(home.found(), [MAIN]);
}

#[test]
fn products_are_told_apart_by_the_file() {
    let home = Home::new(&[(MAIN, "{}"), (".clawdbot/clawdbot.json", "{}")]);
    let products: Vec<_> = home.with(find).iter().map(|found| found.product).collect();
    assert_eq!(products, [Product::OpenClaw, Product::Clawdbot]);
}

#[test]
fn the_address_is_this_machines_port() {
    #[track_caller]
    fn case(home: &Home, expected: Result<&str, &str>) {
        assert_eq!(
            home.read(GatewayConfig::url),
            expected.map(str::to_owned).map_err(str::to_owned)
        );
    }
    case(&config("{}"), Ok("http://127.0.0.1:18789"));
    case(&config("{gateway: {port: 0x4E20, /* c */},}"), Ok("http://127.0.0.1:20000"));
    case(&config("{gateway: {port: 1, tls: {enabled: true}}}"), Ok("https://127.0.0.1:1"));
    case(
        &config("{gateway: {port: 1}}").var("OPENCLAW_GATEWAY_PORT", "2"),
        Ok("http://127.0.0.1:2"),
    );
    case(&config("{gateway: {port: 99999}}"), Ok("http://127.0.0.1:18789"));
    case(
        &config("{gateway: {mode: 'remote'}}"),
        Err("its `gateway.mode` is `remote`: the gateway runs on another machine"),
    );
}

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
    out_of_reach(
        &config("{gateway: {auth: {mode: 'trusted-proxy'}}}"),
        "its `gateway.auth.mode` is `trusted-proxy`, which has no token",
    );
}

#[test]
fn the_answering_agent_is_marked_or_alone() {
    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(
            config(text).read(GatewayConfig::answering),
            Answering::Agent(expected.to_owned())
        );
    }
    case("{}", "main");
    case("{agents: {defaults: {}}}", "main");
    case("{agents: {entries: {Jarvis: {}}}}", "jarvis");
    case("{agents: {entries: {a: {}, b: {}}, defaults: {systemAgent: {agentId: 'B'}}}}", "b");
    case("{agents: {list: [{id: 'a'}, {id: 'b', default: true}]}}", "b");
    let two = "{agents: {ownership: 'explicit', entries: {a: {}, b: {}}}}";
    let choose = Answering::Choose(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(config(two).read(GatewayConfig::answering), choose);
    let two_defaults = "{agents: {list: [{id: 'a', default: true}, {id: 'b', default: true}]}}";
    assert_eq!(config(two_defaults).read(GatewayConfig::answering), choose);
}

#[test]
fn a_workspace_is_its_own_or_the_shared_one() {
    #[track_caller]
    fn case(home: &Home, id: &str, expected: &str) {
        let path = home.read(|config| config.workspace(id));
        assert_eq!(path.strip_prefix(&home.dir).unwrap(), Path::new(expected));
    }
    case(&config("{}"), "main", ".openclaw/workspace");
    case(&config("{agents: {defaults: {workspace: '~/w'}}}"), "main", "w");
    case(
        &config("{agents: {entries: {a: {workspace: '~/v'}}, defaults: {workspace: '~/w'}}}"),
        "a",
        "v",
    );
    let two = "{agents: {entries: {main: {}, b: {}}}}";
    case(&config(two), "b", ".openclaw/workspace-b");
    case(&config(two), "main", ".openclaw/workspace");
    case(&config("{agents: {entries: {a: {}, b: {}}, defaults: {workspace: '~/w'}}}"), "b", "w/b");
    case(&config("{}").var("OPENCLAW_WORKSPACE_DIR", "~/e"), "main", "e");
    case(&Home::new(&[(".clawdbot/clawdbot.json", "{}")]), "main", "clawd");
}

#[test]
fn permissions_are_read_by_word_and_not_by_part() {
    let asks = |text: &str| {
        config(text)
            .read(|config| (config.allows_tool(), config.confines_agent(), config.chat_enabled()))
    };
    assert_eq!(asks("{}"), (false, false, false));
    assert_eq!(asks("{gateway: {tools: {allow: ['no_sessions_sender']}}}"), (false, false, false));
    assert_eq!(asks("{gateway: {tools: {allow: ['x', 'sessions_send']}}}"), (true, false, false));
    assert_eq!(asks("{tools: {allow: ['sessions_send']}}"), (false, true, false));
    let chat = "{gateway: {http: {endpoints: {chatCompletions: {enabled: true}}}}}";
    assert_eq!(asks(chat), (false, false, true));
}

#[test]
fn only_a_gateway_that_knows_the_key_is_given_it() {
    let openclaw = |text: &str| config(text).read(GatewayConfig::knows_tools).is_ok();
    let clawdbot = |text: &str| {
        Home::new(&[(".clawdbot/clawdbot.json", text)]).read(GatewayConfig::knows_tools).is_ok()
    };
    assert!(openclaw("{}"));
    assert!(!openclaw("{meta: {lastTouchedVersion: '2026.2.12'}}"));
    assert!(openclaw("{meta: {lastTouchedVersion: '2026.2.13'}}"));
    assert!(openclaw("{meta: {lastTouchedVersion: '2026.10.1-beta.2'}}"));
    assert!(!clawdbot("{}"));
    assert!(!clawdbot("{meta: {lastTouchedVersion: '2026.1.24-3'}}"));
    assert!(clawdbot("{meta: {lastTouchedVersion: '2026.9.6'}}"));
    assert!(clawdbot("{gateway: {tools: {}}}"));
}

#[test]
fn includes_are_followed_and_the_owner_of_a_value_is_known() {
    #[track_caller]
    fn case(files: &[(&str, &str)], allows: bool, file: &str, keys: &str) {
        let home = Home::new(files);
        let (allowed, place) =
            home.read(|config| (config.allows_tool(), config.owner(&TOOLS_ALLOW)));
        assert_eq!(allowed, allows);
        assert_eq!(place.file.strip_prefix(&home.dir).unwrap(), Path::new(file));
        assert_eq!(place.keys.join("."), keys);
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
    let seen = Home::new(&files)
        .read(|config| (config.port(), config.allows_tool(), config.denies_tool()));
    assert_eq!(seen, (2, true, true));
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

#[test]
fn a_file_that_is_there_but_cannot_be_read_is_an_error_and_not_skipped() {
    let home = Home::new(&[(".clawdbot/clawdbot.json", "{}")]);
    file::make_dir(&home.dir.join(".openclaw")).unwrap();
    std::os::unix::fs::symlink("openclaw.json", home.dir.join(MAIN)).unwrap();
    let told = home.refusal();
    assert!(told.starts_with("reading `~/.openclaw/openclaw.json`: "), "{told}");
}

#[test]
fn nothing_printed_holds_a_secret() {
    let home = config("{gateway: {auth: {token: 'hush-hush'}}}");
    let printed = home.read(|config| format!("{config:?} {:?}", config.auth()));
    assert!(!printed.contains("hush"), "{printed}");
}

#[test]
fn an_agents_own_entry_names_it() {
    let text = "{agents: {entries: {a: {identity: {name: ' Zoë '}}, b: {}}}}";
    let names = config(text).read(|config| [config.agent_name("a"), config.agent_name("b")]);
    assert_eq!(names, [Some("Zoë".to_owned()), None]);
}

#[test]
fn a_skill_that_refers_to_the_config_gets_what_stands_there_now() {
    let home = config("{gateway: {port: 1, auth: {token: 'old'}}}");
    let path = home.dir.join(MAIN);
    let token = || referred::token(&path).unwrap().map(|secret| secret.expose().to_owned());
    assert_eq!(referred::url(&path).unwrap(), "http://127.0.0.1:1");
    assert_eq!(token().as_deref(), Some("old"));
    file::replace(&path, b"{gateway: {port: 1, auth: {token: 'new'}}}").unwrap();
    assert_eq!(token().as_deref(), Some("new"));
    file::replace(&path, b"{gateway: {mode: 'remote', auth: {token: {source: 'exec'}}}}").unwrap();
    assert_eq!(referred::url(&path).unwrap_err().exit(), crate::exit::Exit::NotConfigured);
    assert_eq!(referred::token(&path).unwrap_err().exit(), crate::exit::Exit::NotConfigured);
}

#[test]
fn only_the_voice_agent_that_the_reference_made_is_taken_for_it() {
    let found = |text: &str| {
        config(text).read(|config| config.early_voice_agent().map(|item| item.is_some()))
    };
    let made = "id: 'voice', name: 'Jarvis Voice', model: 'anthropic/x', workspace: '/w'";
    assert_eq!(found(&format!("{{agents: {{list: [{{id: 'main'}}, {{{made}}}]}}}}")), Some(true));
    assert_eq!(
        found("{agents: {entries: {main: {}, voice: {name: 'J Voice', model: 'x'}}}}"),
        Some(false)
    );
    assert_eq!(
        found("{agents: {list: [{id: 'voice', name: 'Voice', model: 'x', tools: {}}]}}"),
        None
    );
    assert_eq!(found("{agents: {list: [{id: 'voice', name: 'My speaker', model: 'x'}]}}"), None);
    assert_eq!(found("{}"), None);
}
