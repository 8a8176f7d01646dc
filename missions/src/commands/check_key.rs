//! `check-key`: asks the service whether the key works.

use serde_json::{Value, json};
use state::exit::Exit;
use state::{out, url};

use crate::context::CommandContext;

/// A shorter key is not shown at all: its ends would be most of it.
const SHORTEST_SHOWN: usize = 20;

pub(crate) fn run(context: &CommandContext) -> anyhow::Result<Exit> {
    let service = state::api::Service::from_config(&context.config)?;
    let key = masked(service.key().expose());
    let account = match context.api()?.me() {
        Ok(account) => Some(account.into_value()),
        // Older services may not have the endpoint; the key may be fine.
        Err(err) if err.status() == Some(404) => {
            out::warning("the key could not be verified: this service has no `/v1/me`");
            None
        }
        Err(err) => return Err(err.into()),
    };
    let document = json!({
        "key": key,
        "server": url::redact(service.base()),
        "verified": account.is_some(),
        "account": account.unwrap_or(Value::Null),
    });
    context.printer.print(&document, || format!("API key configured: {key}"))?;
    Ok(Exit::Done)
}

/// The first eight characters and the last four.
fn masked(key: &str) -> String {
    // A key is ASCII: the configuration refuses any other.
    if key.len() < SHORTEST_SHOWN {
        return "***".to_owned();
    }
    format!("{}...{}", &key[..8], &key[key.len() - 4..])
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn most_of_a_key_is_hidden() {
        assert_eq!(masked("cc_live_0123456789abcdef"), "cc_live_...cdef");
        assert_eq!(masked("cc_live_012345678"), "***");
    }
}
