//! Values and texts: pure functions and types that read no file, ask no network and keep no time.

pub(crate) mod dotenv;
pub mod invisible;
pub mod json;
pub mod line_breaks;
pub mod numbering;
pub mod parse_time;
pub mod phone;
pub mod sanitize;
pub mod secret;
pub mod shell;
pub mod sms_keyword;
pub mod sms_segments;
pub mod url;
