//! Addresses for browsers in running text: spoken as the name of their host, which is said the same in every language.

use std::sync::LazyLock;

use super::patterns::{Replacements, regex};
use regex_lite::Regex;

/// Scheme, user, host, port and path. What ends a sentence belongs to the text around it, and beyond ASCII an address
/// cannot be told from the writing around it, names of hosts apart.
const ADDRESS: &str = r"(?i)\b(?:(?:https?|ftp)://(?:[^\s/?#@<>]*@)?(?:www\.)*([0-9a-z\x{aa}-\x{2e7f}](?:[-.0-9a-z\x{aa}-\x{2e7f}]*[0-9a-z\x{aa}-\x{2e7f}])?)|(?:www\.)+([0-9a-z](?:[-.0-9a-z]*[0-9a-z])?))(?::\d+)?(?:[/?#](?:[!#-;=?-\[\]^_a-{}~]*(?:[-0-9a-z/=&%#+$@]|\([^\s()]*\)))?)?";

static HOSTS: LazyLock<Replacements> =
    LazyLock::new(|| Replacements::new([(":.", ADDRESS.into(), "$1$2")]));
static WHOLE: LazyLock<Regex> = LazyLock::new(|| regex(&format!("^(?:{ADDRESS})")));

/// `text` with each address as its host.
pub(super) fn hosts(text: &str) -> String {
    HOSTS.replaced(text)
}

/// Whether a link with this target leads to a page.
pub(super) fn is_one(target: &str) -> bool {
    WHOLE.is_match(target)
}
