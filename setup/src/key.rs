//! The API key: where it comes from, and whether the service takes it. It is checked before anything else is asked or
//! written, so that a typo costs a second and not a set-up that does not work.

use crate::args;
use crate::terminal::Terminal;
use anyhow::Context as _;
use serde_json::{Value, json};
use state::api::{Client, Service};
use state::config::Config;
use state::exit::Fault;
use state::secret::Secret;
use state::{api, out, sanitize};
use std::io::Read as _;
use std::time::Duration;

/// Longer than any key.
const LONGEST: u64 = 4096;

/// How long the service may take to say whether it knows the key.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The hint where there is no key.
pub const GIVE: &str =
    "make one at https://clawdtalk.com, under Dashboard, then run `setup --api-key-stdin`";

/// What the service says about a key.
enum KeyVerdict {
    /// It takes it; the account in words.
    Accepted(String),
    /// It does not know it; its words.
    Refused(String),
    /// It could not be asked, for this reason.
    Unknown(String),
}

/// The key as it is to be stored: itself or `${NAME}`; `None` leaves the present one.
///
/// Fails (exit 2) if what was given can be no key, and (exit 3) if the service refuses it or, at a terminal, there is none.
pub fn collect(
    args: &args::Setup,
    config: &Config,
    terminal: Option<&Terminal>,
) -> anyhow::Result<Option<String>> {
    if let Some(key) = &args.api_key {
        // No message may print it.
        let _ = Secret::new(key.as_deref().unwrap_or_default());
        let text = "a key on a command line can be read by other programs, and shells remember it";
        let hint =
            "put it into stdin: setup --api-key-stdin < FILE_WITH_THE_KEY; then make a new one";
        return Err(Fault::usage(text).hint(hint).into());
    }
    if let Some(name) = &args.api_key_env {
        let stored = reference(name)?;
        // A variable that is not set here may be where the client runs.
        if let Ok(key) = with_key(config, &stored).api_key() {
            refuse_unknown(config, key.expose())?;
        }
        return Ok(Some(stored));
    }
    if args.api_key_stdin {
        let mut key = String::new();
        std::io::stdin()
            .take(LONGEST)
            .read_to_string(&mut key)
            .context("reading the key from stdin")?;
        let key = plain(&key)?;
        refuse_unknown(config, &key)?;
        return Ok(Some(key));
    }
    terminal.map_or(Ok(None), |terminal| ask(terminal, config))
}

/// Asks until there is a key that the service does not refuse.
fn ask(terminal: &Terminal, config: &Config) -> anyhow::Result<Option<String>> {
    let present = config.api_key().ok();
    match &present {
        Some(key) => match verdict(config, key.expose()) {
            KeyVerdict::Refused(why) => {
                terminal.print(&format!("The present API key was refused: {why}"));
            }
            KeyVerdict::Accepted(_) | KeyVerdict::Unknown(_) => {}
        },
        None => terminal.print("The API key is made at https://clawdtalk.com, under Dashboard."),
    }
    let enter = if present.is_some() { "keeps the present one" } else { "ends this" };
    loop {
        let Some(key) = terminal.hidden(&format!("API key (not shown; Enter {enter})"))? else {
            if present.is_some() {
                return Ok(None);
            }
            let hint = "make one at https://clawdtalk.com, under Dashboard, then run `setup`";
            let text = "no API key was given; nothing was changed";
            return Err(Fault::not_configured(text).hint(hint).into());
        };
        let key = match plain(&key) {
            Ok(key) => key,
            Err(fault) => {
                terminal.print(&format!("{fault}."));
                continue;
            }
        };
        match verdict(config, &key) {
            KeyVerdict::Accepted(account) => {
                terminal.print(&format!("The key is accepted: {account}."));
                return Ok(Some(key));
            }
            KeyVerdict::Refused(why) => {
                terminal.print(&format!("The service refuses this key: {why}. Once more, please."));
            }
            KeyVerdict::Unknown(why) => {
                terminal.print(&format!("The key could not be checked: {why}"));
                if terminal.confirm("Use it all the same?", true)? {
                    return Ok(Some(key));
                }
            }
        }
    }
}

/// Fails (exit 3) if the service refuses the key. That it cannot be asked is a warning.
fn refuse_unknown(config: &Config, key: &str) -> anyhow::Result<()> {
    match verdict(config, key) {
        KeyVerdict::Accepted(_) => {}
        KeyVerdict::Unknown(why) => out::warning(&format!("the key could not be checked: {why}")),
        KeyVerdict::Refused(why) => {
            let text = format!("the service refused the key, and nothing was changed: {why}");
            let hint = "copy it again from https://clawdtalk.com, then run `setup --api-key-stdin`";
            return Err(Fault::not_configured(text).hint(hint).into());
        }
    }
    Ok(())
}

fn verdict(config: &Config, key: &str) -> KeyVerdict {
    let service = config.server().and_then(|server| Ok(Service::new(&server, Secret::new(key))?));
    let service = match service {
        Ok(service) => service,
        Err(err) => return KeyVerdict::Unknown(err.to_string()),
    };
    match Client::new(&service, TIMEOUT).quiet().get("/v1/me", &[]) {
        Ok(answer) => KeyVerdict::Accepted(account(answer.json())),
        Err(err @ api::Error::Refused(_)) if matches!(err.status(), Some(401 | 403)) => {
            KeyVerdict::Refused(err.to_string())
        }
        Err(err) => KeyVerdict::Unknown(err.to_string()),
    }
}

/// An account in words: `plan pro, number +15559990000`.
pub fn account(me: &Value) -> String {
    let text = |field: &str| {
        me.get(field).and_then(Value::as_str).map(|text| sanitize::line_up_to(text, 40))
    };
    let plan = text("effective_tier").or_else(|| text("subscription_tier"));
    let number = text("dedicated_number").or_else(|| text("system_number"));
    let plan = format!("plan {}", plan.as_deref().unwrap_or("unknown"));
    number.map_or_else(|| plan.clone(), |number| format!("{plan}, number {number}"))
}

/// The configuration with this key in it.
fn with_key(config: &Config, key: &str) -> Config {
    let mut values = config.values().clone();
    values.insert("api_key".to_owned(), json!(key));
    config.clone().with_values(values)
}

/// A key that can be sent in a header and is not a `${NAME}` reference. Fails (exit 2) otherwise.
fn plain(key: &str) -> Result<String, Fault> {
    let key = key.trim();
    // Registered as a secret first: no message about it may print it.
    let _ = Secret::new(key);
    let hint = "copy it again from https://clawdtalk.com";
    if key.is_empty() {
        return Err(Fault::usage("there is no key on stdin").hint(hint));
    }
    if !key.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(Fault::usage("the key holds a blank or a letter that no key has").hint(hint));
    }
    if key.contains("${") {
        return Err(Fault::usage("the key holds `${`: that is how a reference begins")
            .hint("name the variable with --api-key-env NAME"));
    }
    Ok(key.to_owned())
}

/// `${NAME}` for a variable's name. Fails (exit 2) if it is no such name.
pub fn reference(name: &str) -> Result<String, Fault> {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_name && !looks_like_a_secret(name) {
        return Ok(format!("${{{name}}}"));
    }
    // It may be the key itself, so it is not repeated.
    let _ = Secret::new(name);
    let found = if is_name { "looks like the value itself" } else { "is no variable's name" };
    Err(Fault::usage(format!("what was given {found}")).hint(
        "give a name such as CLAWDTALK_API_KEY; the value goes to stdin, with --api-key-stdin",
    ))
}

/// Whether what stands for a variable's name looks like a key or a token: by its beginning, or by a long word of letters
/// mixed with digits, which no name has.
fn looks_like_a_secret(name: &str) -> bool {
    let is_mixed = |word: &str| {
        let n_digits = word.bytes().filter(u8::is_ascii_digit).count();
        word.len() >= 12 && n_digits >= 3 && n_digits < word.len()
    };
    let has_prefix = ["cc_", "ct_", "sk_", "pk_"].iter().any(|prefix| name.starts_with(prefix));
    let is_number = name.len() >= 20 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    has_prefix || is_number || name.split('_').any(is_mixed)
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn a_name_is_told_from_what_it_should_name() {
        for name in
            ["CLAWDTALK_API_KEY", "key", "_K1", "MY_KEY_2026", "ClawdTalkApiKey", "AUTH0_TOKEN"]
        {
            assert_eq!(reference(name).unwrap(), format!("${{{name}}}"));
        }
        for value in [
            "cc_live_0123456789abcdef0123456789abcdef01234567",
            "cc_test_x",
            "ct_live_abc",
            "sk_live_abc",
            "abcdefabcdefabcdefabcdef",
            "x_9f86d081884c7d659a2f",
            "AKIA1234567890ABCDEF",
            "cc-live-1",
            "a b",
            "${X}",
            "",
        ] {
            let fault = reference(value).unwrap_err();
            assert!(value.is_empty() || !fault.to_string().contains(value), "{value}");
        }
    }
}
