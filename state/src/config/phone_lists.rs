//! The lists of numbers in the configuration.

use serde_json::Value;

use super::Config;
use crate::exit::Fault;
use crate::storage::paths;
use crate::text::phone::{AllowedNumbers, Phone};

impl Config {
    /// The numbers of `numbers.allow`: the owner says of them that they may be called and texted, whatever our tables say.
    ///
    /// Fails (exit 3) if it is no list of numbers.
    pub fn allowed_numbers(&self) -> anyhow::Result<AllowedNumbers> {
        Ok(AllowedNumbers::new(phones(self, "numbers")?.unwrap_or_default()))
    }
}

/// Reads the list `allow` of a section; `None` if there is none.
///
/// Fails (exit 3) if it is anything else: a rule that cannot be read must not count as no rule.
pub(super) fn phones(config: &Config, section: &str) -> anyhow::Result<Option<Vec<Phone>>> {
    let wrong = || {
        let path = paths::config(config.skill_dir());
        Fault::not_configured(format!(
            "`{section}.allow` in `{}` is no list of numbers such as +15551234567",
            path.display()
        ))
        .hint("mend the file")
    };
    match config.section(section)?.get("allow") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(entries)) => {
            let phone = |entry: &Value| entry.as_str()?.parse::<Phone>().ok();
            Ok(Some(entries.iter().map(phone).collect::<Option<_>>().ok_or_else(wrong)?))
        }
        Some(_) => Err(wrong().into()),
    }
}
