//! Reads the command lines of `schedule-call` and `schedule-sms`: what a word means depends on how many there are, and
//! what is left out comes from the mission.

use std::sync::Arc;

use state::exit::{self, Fault};
use state::phone::AllowedNumbers;
use state::sms_segments::{MAX_SEGMENTS, Segments};
use state::{out, shell};

use super::request::{ScheduleRequest, command_name};
use crate::args::ScheduleOptions;
use crate::context::CommandContext;
use crate::input;
use crate::service::{Channel, NewScheduledEvent};
use crate::store::{Mission, MissionStatus};

/// Reads and checks a command line; the time is left to [`time`](super::time).
pub(crate) fn read(
    context: &CommandContext,
    channel: Channel,
    words: &[&str],
    options: &ScheduleOptions,
) -> anyhow::Result<ScheduleRequest> {
    let with_mission = options.mission.is_some();
    let words = ScheduleWords::read(channel, words, with_mission)?;
    let allowed = context.config.allowed_numbers()?;
    let to = input::phone(words.to, &allowed)?;
    let text = words.text.map(checked_text).transpose()?;
    let missions = match context.store.read() {
        Ok(missions) => missions,
        Err(err) if with_mission => return Err(err),
        Err(err) => {
            out::warning(&format!("not recorded here: {}", exit::one_line(&err)));
            Arc::default()
        }
    };
    let slug = match (&options.mission, words.run) {
        (Some(slug), _) => Some(slug.clone()),
        (None, Some((mission, run))) => missions.slug_of(mission, Some(run)).map(str::to_owned),
        (None, None) => None,
    };
    let mission = slug.as_deref().map(|slug| missions.require(slug)).transpose()?;
    let from = words.from.map(|from| input::phone(from, &allowed)).transpose()?;
    let mut body = NewScheduledEvent {
        assistant_id: words.assistant.unwrap_or_default().to_owned(),
        channel,
        to: to.to_string(),
        from: from.map_or_else(String::new, |from| from.to_string()),
        scheduled_at: String::new(),
        text,
        mission_id: words.run.map(|(mission, _)| mission.to_owned()),
        run_id: words.run.map(|(_, run)| run.to_owned()),
        step_id: step(&words, options)?,
    };
    if let Some(mission) = &mission {
        if mission.status().is_over() {
            return Err(has_ended(mission.slug(), &mission.status()).into());
        }
        if with_mission {
            complete_from(&mut body, mission, &allowed)?;
        }
        let plan = mission.plan();
        for step in [&body.step_id, &options.verify_step].into_iter().flatten() {
            input::step_of(&plan, step)?;
        }
    }
    let recipient = options.recipient.as_deref().map(str::parse).transpose();
    Ok(ScheduleRequest {
        body,
        when: words.when.trim().to_owned(),
        slug,
        with_mission,
        verify_step: options.verify_step.clone(),
        window: None,
        recipient: recipient.map_err(Fault::usage)?,
        retry: None,
    })
}

/// The error for a mission that has ended.
pub(super) fn has_ended(slug: &str, status: &MissionStatus) -> Fault {
    Fault::usage(format!("mission `{slug}` has ended ({status}): nothing is scheduled for it"))
        .hint("`missions init` with its name starts it anew")
}

/// The words of a command line by their meaning.
#[derive(Default)]
struct ScheduleWords<'a> {
    assistant: Option<&'a str>,
    to: &'a str,
    from: Option<&'a str>,
    when: &'a str,
    text: Option<&'a str>,
    run: Option<(&'a str, &'a str)>,
    step: Option<&'a str>,
}

impl<'a> ScheduleWords<'a> {
    fn read(channel: Channel, given: &[&'a str], with_mission: bool) -> Result<Self, Fault> {
        let mut words = given.to_vec();
        // No assistant has an id like a number: this is the short form, with a text of several words.
        if with_mission && words.len() > 3 && words[0].starts_with('+') {
            return Err(wrong_count(channel, given, with_mission));
        }
        // Without their text, the words of a text are counted like those of a call.
        let mut text = None;
        if channel == Channel::Sms {
            // TEXT comes after WHEN: third in the short form, fifth in the long one.
            let place = if with_mission && words.len() < 5 { 2 } else { 4 };
            if words.len() > place {
                text = Some(words.remove(place));
            }
        }
        let read = match (&words[..], with_mission) {
            ([to, when], true) => Self { to, when, ..Self::default() },
            ([assistant, to, from, when], _) => {
                Self { assistant: Some(assistant), to, from: Some(from), when, ..Self::default() }
            }
            ([assistant, to, from, when, mission, run, step @ ..], _) if step.len() <= 1 => Self {
                assistant: Some(assistant),
                to,
                from: Some(from),
                when,
                run: Some((mission, run)),
                step: step.first().copied(),
                ..Self::default()
            },
            _ => return Err(wrong_count(channel, given, with_mission)),
        };
        if channel == Channel::Sms && text.is_none() {
            return Err(wrong_count(channel, given, with_mission));
        }
        Ok(Self { text, ..read })
    }
}

/// The error for too few or too many words: which are missing, or which are probably not quoted.
fn wrong_count(channel: Channel, words: &[&str], with_mission: bool) -> Fault {
    let (name, is_sms, n) = (command_name(channel), channel == Channel::Sms, words.len());
    let text = if is_sms { " TEXT" } else { "" };
    let mut places =
        if with_mission { vec!["TO", "WHEN"] } else { vec!["ASSISTANT_ID", "TO", "FROM", "WHEN"] };
    let when = places.len() - 1;
    if is_sms {
        places.push("TEXT");
    }
    let (what, n_places) = (if is_sms { "text" } else { "time" }, places.len());
    let wrong = match places.get(n..).unwrap_or_default() {
        [one] => format!("{one} is missing"),
        [first @ .., last] => format!("{} and {last} are missing", first.join(", ")),
        [] if words[when] == "in" => "quote the time, as in \"in 15m\"".to_owned(),
        [] if n == n_places + 1 && !with_mission => {
            format!("RUN_ID is missing, or the {what} is not quoted")
        }
        [] => format!("quote the {what}: {} words found", n - n_places + 1),
    };
    let usage = if with_mission {
        format!("missions {name} --mission SLUG TO WHEN{text}")
    } else {
        format!("missions {name} ASSISTANT_ID TO FROM WHEN{text} [MISSION_ID RUN_ID [STEP_ID]]")
    };
    Fault::usage(format!("{name}: {wrong}")).hint(format!("usage: {usage}"))
}

/// A text that is not too long for an SMS.
fn checked_text(text: &str) -> Result<String, Fault> {
    let text = input::not_blank("the text", text)?;
    let parts = Segments::of(text);
    if parts.count > MAX_SEGMENTS {
        let (n, encoding) = (parts.count, parts.encoding);
        return Err(Fault::usage(format!(
            "the text has {n} parts in {encoding}; at most {MAX_SEGMENTS} are sent"
        ))
        .hint("shorten it, or send two texts"));
    }
    Ok(text.to_owned())
}

/// The step, which may be given as a word or as an option; `-` is none.
fn step(words: &ScheduleWords, options: &ScheduleOptions) -> Result<Option<String>, Fault> {
    let word = words.step.filter(|step| *step != "-");
    match (word, options.step.as_deref()) {
        (Some(one), Some(other)) if one != other => {
            Err(Fault::usage(format!("two steps are given: `{one}` and `{other}`")))
        }
        (one, other) => Ok(one.or(other).filter(|step| !step.trim().is_empty()).map(str::to_owned)),
    }
}

/// Takes from the mission what the command line leaves out, and refuses what contradicts it.
fn complete_from(
    body: &mut NewScheduledEvent,
    mission: &Mission,
    allowed: &AllowedNumbers,
) -> Result<(), Fault> {
    let slug = mission.slug();
    let lacks = |what: &str| {
        Fault::usage(format!("mission `{slug}` has no {what} yet")).hint(format!(
            "`missions setup-agent {} NAME INSTRUCTIONS GREETING` gives it one",
            shell::quote(slug)
        ))
    };
    if body.assistant_id.is_empty() {
        let assistant = mission.text("assistant_id").ok_or_else(|| lacks("assistant"))?;
        assistant.clone_into(&mut body.assistant_id);
    }
    if body.from.is_empty() {
        let phone = mission.text("agent_phone").ok_or_else(|| lacks("phone number"))?;
        body.from = input::phone(phone, allowed)?.to_string();
    }
    let run = mission.require_run()?;
    for (what, given, stored) in
        [("mission", &mut body.mission_id, run.mission), ("run", &mut body.run_id, run.run)]
    {
        if let Some(given) = given.as_ref().filter(|given| *given != stored) {
            let text = format!("the {what} of `{slug}` is `{stored}`, not `{given}`");
            return Err(Fault::usage(text).hint("leave the ids out: --mission knows them"));
        }
        *given = Some(stored.to_owned());
    }
    Ok(())
}
