//! How a client authenticates with the gateway, in every form that its configuration can have.

use super::json5::MAX_BYTES;
use super::substitute::{is_name, substitute};
use super::values::Values;
use crate::text::secret::Secret;
use crate::text::shell;
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

/// What the gateway wants as `Authorization: Bearer …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A token or, in password mode, the password.
    Bearer(Secret),
    /// Nothing: mode `none`.
    Open,
    /// A token that the gateway makes up at each start, and that nobody else can know.
    Absent,
    /// A secret that cannot be had from here.
    OutOfReach {
        /// Why, without the secret.
        why: String,
        /// What the owner can do.
        fix: String,
        /// The file in which that is done.
        file: PathBuf,
    },
}

/// How a client authenticates.
pub(super) fn read(values: &Values) -> Auth {
    let mode = values.text(&["gateway", "auth", "mode"]);
    let has =
        |key: &str| values.get(&["gateway", "auth", key]).is_some_and(|value| !value.is_null());
    let (key, variable) = match mode {
        Some("none") => return Auth::Open,
        // For programs on its own machine a gateway behind a proxy takes the password too.
        Some("password" | "trusted-proxy") => ("password", "OPENCLAW_GATEWAY_PASSWORD"),
        Some("token") => ("token", "OPENCLAW_GATEWAY_TOKEN"),
        Some(other) => {
            return out_of_reach(
                in_config(values),
                &format!("its `gateway.auth.mode` is `{}`, which has no token", printable(other)),
                "set it to `token`",
            );
        }
        // Without a mode the gateway prefers the password.
        None if has("password") => ("password", "OPENCLAW_GATEWAY_PASSWORD"),
        None => ("token", "OPENCLAW_GATEWAY_TOKEN"),
    };
    let fallback = || values.variable(variable).map(|value| Auth::Bearer(Secret::new(value)));
    let absent = || match mode {
        Some("trusted-proxy") => out_of_reach(
            in_config(values),
            "its `gateway.auth.mode` is `trusted-proxy` and it has no password",
            "set `gateway.auth.password`, which programs on the gateway's machine may use, or the mode to `token`",
        ),
        _ => Auth::Absent,
    };
    match values.get(&["gateway", "auth", key]) {
        None | Some(Value::Null) => fallback().unwrap_or_else(absent),
        Some(Value::String(text)) if text.trim().is_empty() => fallback().unwrap_or_else(absent),
        Some(Value::String(text)) => from_text(values, key, text),
        // A reference that can be followed beats the variable, as for the gateway.
        Some(reference) => match from_reference(values, key, reference) {
            out_of_reach @ Auth::OutOfReach { .. } => fallback().unwrap_or(out_of_reach),
            followed => followed,
        },
    }
}

/// A secret elsewhere in the file, in the same forms; `None` if it cannot be had from here.
pub(super) fn secret(values: &Values, value: &Value) -> Option<Secret> {
    let auth = match value {
        Value::String(text) => from_text(values, "secret", text),
        reference => from_reference(values, "secret", reference),
    };
    match auth {
        Auth::Bearer(secret) => Some(secret).filter(|secret| !secret.expose().is_empty()),
        Auth::Open | Auth::Absent | Auth::OutOfReach { .. } => None,
    }
}

/// A secret that is a text of the file, `$NAME` or with `${NAME}` in it.
fn from_text(values: &Values, key: &str, text: &str) -> Auth {
    let name = text.strip_prefix('$').filter(|name| is_name(name));
    let value = match name {
        Some(name) => values.variable(name).ok_or_else(|| name.to_owned()),
        None => substitute(text, |name| values.variable(name)),
    };
    match value {
        Ok(value) => Auth::Bearer(Secret::new(value.trim())),
        Err(name) => unset(values, key, &name),
    }
}

/// A secret that is a reference.
fn from_reference(values: &Values, key: &str, reference: &Value) -> Auth {
    let part = |part: &str| reference.get(part).and_then(Value::as_str).unwrap_or_default();
    match part("source") {
        "env" => match values.variable(part("id")) {
            Some(value) => Auth::Bearer(Secret::new(value.trim())),
            None => unset(values, key, part("id")),
        },
        "file" => match secret_in_file(values, part("provider"), part("id")) {
            Ok(value) => Auth::Bearer(Secret::new(value.trim())),
            Err(why) => out_of_reach(
                in_config(values),
                &format!("`gateway.auth.{key}` refers to a file: {why}"),
                "mend the reference, or set OPENCLAW_GATEWAY_TOKEN",
            ),
        },
        source => out_of_reach(
            in_dotenv(values),
            &format!(
                "`gateway.auth.{key}` is a secret reference of the kind `{}`",
                printable(source)
            ),
            "set OPENCLAW_GATEWAY_TOKEN there, or name a variable with `setup --gateway-token-env NAME`",
        ),
    }
}

/// A secret from the file of a provider under `secrets.providers`: the whole of it, or a JSON pointer into it.
fn secret_in_file(values: &Values, provider: &str, id: &str) -> Result<String, String> {
    let provider_name = if provider.is_empty() {
        values.text(&["secrets", "defaults", "file"]).unwrap_or("default")
    } else {
        provider
    };
    let provider = values.get(&["secrets", "providers", provider_name]);
    let setting =
        |key: &str| provider.and_then(|provider| provider.get(key)).and_then(Value::as_str);
    let path = setting("path")
        .ok_or_else(|| format!("no file is named for `{}`", printable(provider_name)))?;
    let path = values.expand(path);
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64;
    File::open(&path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|err| format!("reading `{}`: {err}", path.display()))?;
    let text =
        String::from_utf8(bytes).map_err(|_| format!("`{}` is not UTF-8", path.display()))?;
    if setting("mode") == Some("singleValue") {
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    // Not the parser's own message: it may quote the file, which holds nothing but secrets.
    let json: Value =
        serde_json::from_str(&text).map_err(|_| format!("`{}` is not JSON", path.display()))?;
    json.pointer(id)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("`{}` has no text at `{}`", path.display(), printable(id)))
}

fn unset(values: &Values, key: &str, name: &str) -> Auth {
    let (name, quoted) = (printable(name), shell::quote(&printable(name)));
    out_of_reach(
        in_dotenv(values),
        &format!("`gateway.auth.{key}` refers to ${{{name}}}, which is not set here"),
        &format!("set {quoted} in the environment or in the gateway's .env file"),
    )
}

fn out_of_reach(file: PathBuf, why: &str, fix: &str) -> Auth {
    Auth::OutOfReach { why: why.to_owned(), fix: fix.to_owned(), file }
}

/// The file with the settings about secrets.
fn in_config(values: &Values) -> PathBuf {
    values.location(&["gateway", "auth"]).file
}

/// The gateway's `.env` file.
fn in_dotenv(values: &Values) -> PathBuf {
    values.state_dir.join(".env")
}

/// A name from the file as it may be printed: on one line, at most 64 characters.
fn printable(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(64).collect()
}
