//! What helps where the configuration cannot be used: which of its values is wrong, and where that one comes from.

use super::finding::Finding;
use super::fix::Fix;
use super::gateway_config::gateway_config;
use state::config::Config;
use state::gateway_config::Auth;
use state::{env, exit, failure, invocation, paths};
use std::path::Path;

/// What helps where the file itself cannot be read.
pub(super) fn of_file(skill: &Path) -> Fix {
    Fix::EditFile(paths::config(skill))
}

/// A configuration that cannot be used, as a finding: what is wrong, and the fix.
pub(super) fn failure(config: &Config, err: &anyhow::Error) -> Finding {
    let (fix, hint) = fix(config);
    let hint = hint.or_else(|| failure::hint_of(err).filter(|_| matches!(fix, Fix::EditFile(_))));
    let hint = hint.map_or_else(String::new, |hint| format!("; {}", invocation::in_hint(&hint)));
    Finding::fail(format!("{}{hint}", exit::one_line(err)), fix)
}

/// The fix of the first value that cannot be used, and words about it where its error has none.
fn fix(config: &Config) -> (Fix, Option<String>) {
    let skill = config.skill_dir();
    let of_variable = |name: &'static str| env::var(name).map(|_| Fix::Unset(name));
    let of_value = |key: &str| match config.literal_text(key) {
        Ok(Some(text)) if text.contains("${") => Some(Fix::EditFile(paths::dotenv(skill))),
        Ok(None) => None,
        Ok(Some(_)) | Err(_) => Some(of_file(skill)),
    };
    if let Err(err) = config.api_key() {
        let has_reference = config.literal_text("api_key").is_ok_and(|key| {
            key.is_some_and(|key| key.contains("${")) && exit::one_line(&err).contains("${")
        });
        let of_value = || has_reference.then(|| Fix::EditFile(paths::dotenv(skill)));
        let fix = of_variable("CLAWDTALK_API_KEY").or_else(of_value);
        return (fix.unwrap_or(Fix::Setup), None);
    }
    if state::api::Service::from_config(config).is_err() {
        let fix = of_variable("CLAWDTALK_API_URL").or_else(|| of_value("server"));
        return (fix.unwrap_or_else(|| of_file(skill)), None);
    }
    let own = config.gateway_config().ok().flatten();
    if config.gateway_url().is_err() {
        let variables = ["OPENCLAW_GATEWAY_URL", "CLAWDBOT_GATEWAY_URL"];
        let fix = variables.into_iter().find_map(of_variable).or_else(|| of_value("gateway_url"));
        return (fix.unwrap_or_else(|| of_gateways_file(config, own.as_deref())), None);
    }
    if config.gateway_token().is_err() {
        if let Some(fix) = of_value("gateway_token") {
            return (fix, None);
        }
        if let Some(Auth::OutOfReach { fix, file, .. }) =
            gateway_config(config).map(|own| own.auth())
        {
            return (Fix::EditFile(file), Some(fix));
        }
        return (of_gateways_file(config, own.as_deref()), None);
    }
    (of_file(skill), None)
}

/// The gateway's own file is not there any more, or cannot be read, or has no address in it.
fn of_gateways_file(config: &Config, own: Option<&Path>) -> Fix {
    match own {
        Some(path) if !path.exists() => Fix::Setup,
        Some(path) if gateway_config(config).is_none() => Fix::EditFile(path.to_owned()),
        _ => of_file(config.skill_dir()),
    }
}
