//! The options that every tool has.

use std::path::PathBuf;
use std::time::Duration;

use crate::text::parse_time;

/// The longest that one request may take, unless `--deadline` says otherwise.
const REQUEST_DEADLINE: Duration = Duration::from_secs(60);

/// Options of every tool.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Common {
    /// Skill folder that holds skill-config.json [default: $CLAWDTALK_SKILL_DIR, else where this program is installed]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Common options")]
    pub skill_dir: Option<PathBuf>,

    /// Address of the service [default: from the environment or the config, else <https://clawdtalk.com>]
    #[arg(long, global = true, value_name = "URL", help_heading = "Common options")]
    pub server: Option<String>,

    /// Longest time one request may take, such as 30 or 2m [default: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = deadline, allow_negative_numbers = true, help_heading = "Common options")]
    pub deadline: Option<Duration>,

    /// Print the words of the scripts that these tools replace, instead of JSON
    #[arg(long = "text", global = true, help_heading = "Common options")]
    pub text_mode: bool,

    /// Say nothing about progress
    #[arg(long, short, global = true, help_heading = "Common options")]
    pub quiet: bool,
}

impl Common {
    /// The deadline of one request: `--deadline`, else 60 s.
    pub fn request_deadline(&self) -> Duration {
        self.deadline.unwrap_or(REQUEST_DEADLINE)
    }
}

/// Refuses a deadline of no time at all: every request would fail, and the error would say that the service is out of
/// reach.
fn deadline(text: &str) -> Result<Duration, String> {
    match parse_time::duration(text)? {
        Duration::ZERO => {
            Err(format!("`{text}` leaves no time; write seconds, or a time as in 2m"))
        }
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::deadline;

    #[test]
    fn a_deadline_leaves_some_time() {
        assert!(deadline("0").is_err_and(|error| error.contains("leaves no time")));
        assert!(deadline("0.5").is_ok());
    }
}
