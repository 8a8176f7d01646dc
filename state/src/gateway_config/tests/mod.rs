//! A gateway's configuration in every form that it can have, each as files on disk.

mod auth;
mod include;

use super::*;
use crate::storage::file;
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
        file::create_dir(&dir).unwrap();
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

    fn with<T>(&self, act: impl FnOnce(&GatewayEnv) -> T) -> T {
        let vars = self.vars.clone();
        act(&GatewayEnv::new(&self.dir, move |name| vars.get(name).cloned()))
    }

    /// The paths found, from the home directory.
    fn found(&self) -> Vec<String> {
        let files = self.with(|env| find(env, None));
        files
            .iter()
            .map(|file| file.path.strip_prefix(&self.dir).unwrap().display().to_string())
            .collect()
    }

    /// What `ask` gets from the configuration that the gateway uses.
    #[track_caller]
    fn read<T>(&self, ask: impl FnOnce(&GatewayConfig) -> T) -> T {
        self.with(|env| ask(&GatewayConfig::read(&find(env, None)[0], env).unwrap()))
    }

    #[track_caller]
    fn refusal(&self) -> String {
        let err = self.with(|env| GatewayConfig::read(&find(env, None)[0], env).unwrap_err());
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
fn the_first_file_is_the_one_that_openclaw_uses() {
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
fn the_product_is_known_by_the_file_name() {
    let home = Home::new(&[(MAIN, "{}"), (".clawdbot/clawdbot.json", "{}")]);
    let products: Vec<_> =
        home.with(|env| find(env, None)).iter().map(|file| file.product).collect();
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

#[test]
fn the_default_agent_is_marked_or_the_only_one() {
    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(
            config(text).read(GatewayConfig::default_agent),
            DefaultAgent::Agent(expected.to_owned())
        );
    }
    case("{}", "main");
    case("{agents: {defaults: {}}}", "main");
    case("{agents: {entries: {Jarvis: {}}}}", "jarvis");
    case("{agents: {entries: {a: {}, b: {}}, defaults: {systemAgent: {agentId: 'B'}}}}", "b");
    case("{agents: {list: [{id: 'a'}, {id: 'b', default: true}]}}", "b");
    let two = "{agents: {ownership: 'explicit', entries: {a: {}, b: {}}}}";
    let choose = DefaultAgent::Ambiguous(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(config(two).read(GatewayConfig::default_agent), choose);
    let two_defaults = "{agents: {list: [{id: 'a', default: true}, {id: 'b', default: true}]}}";
    assert_eq!(config(two_defaults).read(GatewayConfig::default_agent), choose);
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
fn a_permission_needs_the_whole_name_of_the_tool() {
    let asks = |text: &str| {
        config(text).read(|config| {
            (config.allows_sessions_send(), config.confines_agent(), config.chat_enabled())
        })
    };
    assert_eq!(asks("{}"), (false, false, false));
    assert_eq!(asks("{gateway: {tools: {allow: ['no_sessions_sender']}}}"), (false, false, false));
    assert_eq!(asks("{gateway: {tools: {allow: ['x', 'sessions_send']}}}"), (true, false, false));
    assert_eq!(asks("{tools: {allow: ['sessions_send']}}"), (false, true, false));
    let chat = "{gateway: {http: {endpoints: {chatCompletions: {enabled: true}}}}}";
    assert_eq!(asks(chat), (false, false, true));
}

#[test]
fn a_gateway_version_either_knows_the_tools_key_or_not() {
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
fn a_file_that_cannot_be_read_is_an_error_and_not_skipped() {
    let home = Home::new(&[(".clawdbot/clawdbot.json", "{}")]);
    file::create_dir(&home.dir.join(".openclaw")).unwrap();
    std::os::unix::fs::symlink("openclaw.json", home.dir.join(MAIN)).unwrap();
    let error = home.refusal();
    assert!(error.starts_with("reading `~/.openclaw/openclaw.json`: "), "{error}");
}

#[test]
fn nothing_printed_holds_a_secret() {
    let home = config("{gateway: {auth: {token: 'hush-hush'}}}");
    let printed = home.read(|config| format!("{config:?} {:?}", config.auth()));
    assert!(!printed.contains("hush"), "{printed}");
}

#[test]
fn an_agent_has_the_name_of_its_entry() {
    let text = "{agents: {entries: {a: {identity: {name: ' Zoë '}}, b: {}}}}";
    let names = config(text).read(|config| [config.agent_name("a"), config.agent_name("b")]);
    assert_eq!(names, [Some("Zoë".to_owned()), None]);
}

#[test]
fn a_skill_that_refers_to_the_config_gets_its_present_values() {
    let home = config("{gateway: {port: 1, auth: {token: 'old'}}}");
    let path = home.dir.join(MAIN);
    let token =
        || from_skill_config::token(&path).unwrap().map(|secret| secret.expose().to_owned());
    assert_eq!(from_skill_config::url(&path).unwrap(), "http://127.0.0.1:1");
    assert_eq!(token().as_deref(), Some("old"));
    file::replace(&path, b"{gateway: {port: 1, auth: {token: 'new'}}}").unwrap();
    assert_eq!(token().as_deref(), Some("new"));
    file::replace(&path, b"{gateway: {mode: 'remote', auth: {token: {source: 'exec'}}}}").unwrap();
    assert_eq!(from_skill_config::url(&path).unwrap_err().exit(), crate::exit::Exit::NotConfigured);
    assert_eq!(
        from_skill_config::token(&path).unwrap_err().exit(),
        crate::exit::Exit::NotConfigured
    );
}

#[test]
fn only_an_unchanged_voice_agent_of_the_setup_script_is_found() {
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
