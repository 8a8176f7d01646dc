//! The line of the crontab: what it runs, and how often.

use std::path::PathBuf;

use anyhow::Context as _;
use state::crontab::{CrontabLine, mission_mark};
use state::exit::Fault;
use state::paths;

use crate::context::CommandContext;

/// How often there is a tick, in whole minutes that cron can express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TickInterval(u32);

impl TickInterval {
    /// 1 to 30 minutes, or whole hours up to twelve: what lies between would come at uneven times.
    ///
    /// Fails (exit 2) on any other number.
    pub(crate) fn minutes(minutes: u32) -> Result<Self, Fault> {
        match minutes {
            1..=30 => Ok(Self(minutes)),
            60..=720 if minutes.is_multiple_of(60) => Ok(Self(minutes)),
            _ => Err(Fault::usage(format!(
                "found --every {minutes}, want 1 to 30 minutes or 60, 120, … 720"
            ))
            .hint("leave it out: every minute is cheap, a tick asks only about what is due")),
        }
    }

    /// The five fields of a crontab line.
    fn fields(self) -> String {
        match self.0 {
            1 => "* * * * *".to_owned(),
            60 => "0 * * * *".to_owned(),
            minutes if minutes < 60 => format!("*/{minutes} * * * *"),
            minutes => format!("0 */{} * * *", minutes / 60),
        }
    }

    /// As the gateway's scheduler writes it.
    pub(super) fn duration(self) -> String {
        format!("{}m", self.0)
    }
}

/// The command line of a tick, with every path that cron's environment does not give.
pub(super) fn command(context: &CommandContext, slug: &str) -> anyhow::Result<Vec<String>> {
    let skill = context.config.skill_dir();
    let mut words =
        vec![program(context)?.display().to_string(), "tick".to_owned(), "--quiet".to_owned()];
    words.extend(["--skill-dir".to_owned(), skill.display().to_string()]);
    let file = context.store.path();
    if file != paths::missions_state(skill) {
        words.extend(["--state".to_owned(), file.display().to_string()]);
    }
    words.extend(["--".to_owned(), slug.to_owned()]);
    Ok(words)
}

/// The line that runs ticks for a mission.
///
/// Fails (exit 2) if a name in it cannot stand in a crontab.
pub(super) fn line(
    context: &CommandContext,
    slug: &str,
    every: TickInterval,
) -> anyhow::Result<CrontabLine> {
    let command = command(context, slug)?;
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    Ok(CrontabLine::new(&every.fields(), &words, &mission_mark(slug, context.config.skill_dir()))?)
}

/// The folder's own `missions`, which an update replaces in its place, else this program.
pub(crate) fn program(context: &CommandContext) -> anyhow::Result<PathBuf> {
    let own = context.config.skill_dir().join("bin").join("missions");
    if own.is_file() {
        return Ok(own);
    }
    std::env::current_exe().context("finding this program")
}

#[cfg(test)]
mod tests {
    use super::TickInterval;

    #[track_caller]
    fn case(minutes: u32, fields: Option<&str>) {
        let found = TickInterval::minutes(minutes).ok().map(TickInterval::fields);
        assert_eq!(found.as_deref(), fields, "{minutes}");
    }

    #[test]
    fn what_cron_can_say_evenly_is_taken() {
        case(0, None);
        case(1, Some("* * * * *"));
        case(2, Some("*/2 * * * *"));
        case(30, Some("*/30 * * * *"));
        case(45, None);
        case(60, Some("0 * * * *"));
        case(61, None);
        case(480, Some("0 */8 * * *"));
        case(780, None);
    }
}
