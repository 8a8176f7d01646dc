//! What a scheduling command line asks for, read by the number of its words and checked.

use std::sync::Arc;

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::exit::{self, Fault};
use state::out;
use state::parts::{MAX_PARTS, Parts};
use state::phone::Phone;
use state::words::for_shell;

use crate::args::ScheduleOptions;
use crate::context::Context;
use crate::input;
use crate::lifecycle::Recipient;
use crate::service::{Channel, NewScheduledEvent};
use crate::stages;
use crate::state_file::{Mission, Status};
use crate::window::Window;

/// One call or text that is to be scheduled. It is stored with its intent, so that a later program can
/// finish what this one began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What goes to the service.
    pub(crate) new: NewScheduledEvent,
    /// The time as it was written: `in 15m` twice is the same line.
    pub(crate) when: String,
    /// The mission of the state file that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slug: Option<String>,
    /// Whether it is remembered and logged too (`--mission`).
    #[serde(default)]
    pub(crate) by_mission: bool,
    /// The plan step that ends with the mission's last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify_step: Option<String>,
    /// When the recipient may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Window>,
    /// The kind of recipient: without one nobody is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Recipient>,
    /// Whom it tries again, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<Again>,
}

/// That an order tries somebody again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Again {
    /// The first event of the chain.
    pub(crate) of: String,
    /// Which attempt it is, from 1.
    pub(crate) attempt: usize,
}

impl Again {
    /// Names this attempt among the intents, whatever its time.
    pub(crate) fn line(&self) -> String {
        json!(["retry", self.of, self.attempt]).to_string()
    }
}

/// The words of a command line by their meaning.
#[derive(Default)]
struct Words<'a> {
    assistant: Option<&'a str>,
    to: &'a str,
    from: Option<&'a str>,
    when: &'a str,
    text: Option<&'a str>,
    run: Option<(&'a str, &'a str)>,
    step: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// A call has no text: its words are counted without one.
    fn read(channel: Channel, given: &[&'a str], by_mission: bool) -> Result<Self, Fault> {
        let mut words = given.to_vec();
        // No assistant is named like a number: so many words are the short form with a text of several.
        if by_mission && words.len() > 3 && words[0].starts_with('+') {
            return Err(wrong_count(channel, given, by_mission));
        }
        let mut text = None;
        if channel == Channel::Sms {
            // TEXT stands after WHEN: third of the short form, fifth of the long one.
            let place = if by_mission && words.len() < 5 { 2 } else { 4 };
            if words.len() > place {
                text = Some(words.remove(place));
            }
        }
        let read = match (&words[..], by_mission) {
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
            _ => return Err(wrong_count(channel, given, by_mission)),
        };
        if channel == Channel::Sms && text.is_none() {
            return Err(wrong_count(channel, given, by_mission));
        }
        Ok(Self { text, ..read })
    }
}

fn command(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "schedule-call",
        Channel::Sms => "schedule-sms",
    }
}

/// Says which words are missing, or which are probably not quoted.
fn wrong_count(channel: Channel, words: &[&str], by_mission: bool) -> Fault {
    let (name, is_sms, n) = (command(channel), channel == Channel::Sms, words.len());
    let text = if is_sms { " TEXT" } else { "" };
    let mut places =
        if by_mission { vec!["TO", "WHEN"] } else { vec!["ASSISTANT_ID", "TO", "FROM", "WHEN"] };
    let when = places.len() - 1;
    if is_sms {
        places.push("TEXT");
    }
    let (what, n_places) = (if is_sms { "text" } else { "time" }, places.len());
    let wrong = match places.get(n..).unwrap_or_default() {
        [one] => format!("{one} is missing"),
        [first @ .., last] => format!("{} and {last} are missing", first.join(", ")),
        [] if words[when] == "in" => "quote the time, as in \"in 15m\"".to_owned(),
        [] if n == n_places + 1 && !by_mission => {
            format!("RUN_ID is missing, or the {what} is not quoted")
        }
        [] => format!("quote the {what}: {} words found", n - n_places + 1),
    };
    let usage = if by_mission {
        format!("missions {name} --mission SLUG TO WHEN{text}")
    } else {
        format!("missions {name} ASSISTANT_ID TO FROM WHEN{text} [MISSION_ID RUN_ID [STEP_ID]]")
    };
    Fault::usage(format!("{name}: {wrong}")).hint(format!("usage: {usage}"))
}

impl Order {
    /// Reads and checks a command line; only its time is left to [`super::timing`].
    pub(super) fn read(
        context: &Context,
        channel: Channel,
        words: &[&str],
        more: &ScheduleOptions,
    ) -> anyhow::Result<Self> {
        let words = Words::read(channel, words, more.mission.is_some())?;
        let to = input::phone(words.to)?;
        let text = words.text.map(message).transpose()?;
        let missions = match context.file.read() {
            Ok(missions) => missions,
            Err(err) if more.mission.is_some() => return Err(err),
            Err(err) => {
                out::warning(&format!("not remembered here: {}", exit::told(&err)));
                Arc::default()
            }
        };
        let slug = match (&more.mission, words.run) {
            (Some(slug), _) => Some(slug.clone()),
            (None, Some((mission, run))) => missions.slug_of(mission, Some(run)).map(str::to_owned),
            (None, None) => None,
        };
        let mission = slug.as_deref().map(|slug| missions.known(slug)).transpose()?;
        let mut new = NewScheduledEvent {
            assistant_id: words.assistant.unwrap_or_default().to_owned(),
            channel,
            to: to.to_string(),
            from: words
                .from
                .map(input::phone)
                .transpose()?
                .map_or_else(String::new, |from| from.to_string()),
            scheduled_at: String::new(),
            text,
            mission_id: words.run.map(|(mission, _)| mission.to_owned()),
            run_id: words.run.map(|(_, run)| run.to_owned()),
            step_id: step(&words, more)?,
        };
        if let Some(mission) = &mission {
            fill(&mut new, mission, more.mission.is_some())?;
            let plan = stages::plan_of(mission);
            for step in [&new.step_id, &more.verify_step].into_iter().flatten() {
                input::step_of(&plan, step)?;
            }
        }
        let (when, verify_step) = (words.when.trim().to_owned(), more.verify_step.clone());
        let by_mission = more.mission.is_some();
        let recipient = more.recipient.as_deref().map(str::parse).transpose();
        let recipient = recipient.map_err(Fault::usage)?;
        Ok(Self { new, when, slug, by_mission, verify_step, window: None, recipient, again: None })
    }

    /// Who is reached.
    pub(crate) fn to(&self) -> Result<Phone, Fault> {
        self.new.to.parse()
    }

    /// Sets the instant: as it was written where that is in UTC, else in UTC.
    pub(super) fn set_time(&mut self, at: Timestamp) {
        let is_plain = self.when.ends_with('Z') && at.subsec_nanosecond() == 0;
        self.new.scheduled_at = if is_plain {
            self.when.clone()
        } else {
            at.round(Unit::Second).unwrap_or(at).to_string()
        };
    }

    /// The command line in one form: the same line has the same text.
    pub(super) fn line(&self) -> String {
        if let Some(again) = &self.again {
            return again.line();
        }
        let new = &self.new;
        let line: Value = json!([
            command(new.channel),
            new.assistant_id,
            new.to,
            new.from,
            self.when,
            new.text,
            new.mission_id,
            new.run_id,
            new.step_id,
            self.verify_step,
        ]);
        line.to_string()
    }

    /// Refuses an order whose mission ended since it was read. Asked after the intent is stored: a `cancel` that
    /// does not see the intent is seen here.
    pub(super) fn is_wanted(&self, context: &Context) -> anyhow::Result<()> {
        let Some(slug) = &self.slug else { return Ok(()) };
        let Ok(missions) = context.file.read() else { return Ok(()) };
        match missions.get(slug).map(|mission| mission.status()) {
            Some(status) if status.is_over() => Err(has_ended(slug, &status).into()),
            _ => Ok(()),
        }
    }

    /// In words, for people.
    pub(crate) fn told(&self) -> String {
        let what = if self.new.channel == Channel::Call { "call" } else { "text" };
        format!("the {what} to {} at {}", self.new.to, self.new.scheduled_at)
    }
}

/// The words of a text that can be sent.
fn message(text: &str) -> Result<String, Fault> {
    let text = input::words_of("the text", text)?;
    let parts = Parts::of(text);
    if parts.parts > MAX_PARTS {
        let (n, encoding) = (parts.parts, parts.encoding);
        return Err(Fault::usage(format!(
            "the text has {n} parts in {encoding}; at most {MAX_PARTS} are sent"
        ))
        .hint("shorten it, or send two texts"));
    }
    Ok(text.to_owned())
}

fn step(words: &Words, more: &ScheduleOptions) -> Result<Option<String>, Fault> {
    let by_word = words.step.filter(|step| *step != "-");
    match (by_word, more.step.as_deref()) {
        (Some(one), Some(other)) if one != other => {
            Err(Fault::usage(format!("two steps are given: `{one}` and `{other}`")))
        }
        (one, other) => Ok(one.or(other).filter(|step| !step.trim().is_empty()).map(str::to_owned)),
    }
}

fn has_ended(slug: &str, status: &Status) -> Fault {
    Fault::usage(format!("mission `{slug}` has ended ({status}): nothing is scheduled for it"))
        .hint("`missions init` with its name starts it anew")
}

/// Takes from the mission what the command line leaves out, and refuses what contradicts it.
fn fill(new: &mut NewScheduledEvent, mission: &Mission, by_mission: bool) -> Result<(), Fault> {
    let slug = mission.slug();
    if mission.status().is_over() {
        return Err(has_ended(slug, &mission.status()));
    }
    if !by_mission {
        return Ok(());
    }
    let setup = |what: &str| {
        Fault::usage(format!("mission `{slug}` has no {what} yet")).hint(format!(
            "`missions setup-agent {} NAME INSTRUCTIONS GREETING` gives it one",
            for_shell(slug)
        ))
    };
    if new.assistant_id.is_empty() {
        let assistant = mission.text("assistant_id").ok_or_else(|| setup("assistant"))?;
        assistant.clone_into(&mut new.assistant_id);
    }
    if new.from.is_empty() {
        let phone = mission.text("agent_phone").ok_or_else(|| setup("phone number"))?;
        new.from = input::phone(phone)?.to_string();
    }
    for (what, given, kept) in [
        ("mission", &mut new.mission_id, mission.mission_id()),
        ("run", &mut new.run_id, mission.run_id()),
    ] {
        match (&given, kept) {
            (_, None) => {
                return Err(Fault::usage(format!(
                    "mission `{slug}` has no {what} at the service yet"
                ))
                .hint("run its `missions init` again: it goes on where it stopped"));
            }
            (Some(given), Some(kept)) if *given != kept => {
                return Err(Fault::usage(format!(
                    "the {what} of `{slug}` is `{kept}`, not `{given}`"
                ))
                .hint("leave the ids out: --mission knows them"));
            }
            (_, Some(kept)) => *given = Some(kept.to_owned()),
        }
    }
    Ok(())
}
