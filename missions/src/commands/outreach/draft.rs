//! What a command line of `outreach` asks for, and the plan that comes of it and a list.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use state::do_not_call;
use state::exit::Fault;
use state::numbering::Country;
use state::phone::Phone;
use state::texted_numbers;

use crate::args::OutreachArgs;
use crate::context::CommandContext;
use crate::create_once::InitRequest;
use crate::engine::Engine;
use crate::input;
use crate::lifecycle::{Pace, Recipient};
use crate::outreach::manners::{self, Manners};
use crate::outreach::plan::{self, Checks, RefusedRow, Timing};
use crate::outreach::targets::ListedTarget;
use crate::outreach::when::When;
use crate::scheduling;
use crate::service::{self, Channel, NewAssistant, Pages};
use crate::store::outreach::{Outreach, OutreachClass, OutreachTarget, STEP};
use crate::store::{event, outreach};
use crate::window::{Days, Hours, WindowOptions};

/// A number that another mission called so recently is left alone.
const RECENTLY: SignedDuration = SignedDuration::from_hours(24);

/// How long an outreach may take, and how long an answer to a text is waited for.
const LASTS: SignedDuration = SignedDuration::from_hours(10 * 24);
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// What a command line asks for, checked.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) channel: Channel,
    /// The question, or the text before its columns are filled in.
    pub(super) question: String,
    pub(super) manners: Manners,
    greeting: Option<String>,
    country: Option<Country>,
    when: When,
    options: WindowOptions,
    pacing: Pace,
    lasts: Option<SignedDuration>,
    recipient: Option<Recipient>,
    max_attempts: Option<usize>,
    max_minutes: Option<u32>,
    takes_line: bool,
    keeps_assistant: bool,
    now: Timestamp,
}

impl Draft {
    /// Reads a command line. Fails (exit 2) for what cannot be.
    pub(super) fn read(context: &CommandContext, args: &OutreachArgs) -> anyhow::Result<Self> {
        let now = context.now();
        let (channel, question) = match (&args.ask, &args.message) {
            (Some(question), _) => (Channel::Call, input::not_blank("the question", question)?),
            (None, Some(text)) => (Channel::Sms, input::not_blank("the text", text)?),
            (None, None) => return Err(Fault::usage("give --ask or --message").into()),
        };
        let speaking = &args.speaking;
        let every = u32::try_from(args.every.as_secs()).unwrap_or(u32::MAX);
        if every < 10 {
            return Err(Fault::usage("--every is less than ten seconds").into());
        }
        let signed = |duration: std::time::Duration| SignedDuration::try_from(duration);
        Ok(Self {
            name: input::not_blank("the name", &args.name)?.trim().to_owned(),
            channel,
            question: question.trim().to_owned(),
            manners: Manners::read(
                &context.config,
                speaking.who.as_deref(),
                speaking.language.as_deref(),
            )?,
            greeting: speaking.greeting.clone(),
            country: args.country.as_deref().map(str::parse).transpose().map_err(Fault::usage)?,
            when: When::read(args.when.as_deref(), now)?,
            options: window(channel, args)?,
            pacing: Pace { batch: usize::try_from(args.batch)?, every },
            lasts: args.lasts.map(signed).transpose()?,
            recipient: args
                .recipient
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(Fault::usage)?,
            max_attempts: args.max_calls,
            max_minutes: args.max_minutes,
            takes_line: args.take_line,
            keeps_assistant: args.keep,
            now,
        })
    }

    /// Checks a list and plans those who are new on it beside those who are planned already. Sends nothing that changes
    /// anything.
    pub(super) fn plan(
        &self,
        context: &CommandContext,
        listed: &[ListedTarget],
        stored: Option<&Outreach>,
        slug: Option<&str>,
    ) -> anyhow::Result<(Outreach, Vec<RefusedRow>)> {
        let engine = Engine::new(context)?;
        engine.read_opt_outs()?;
        let country = self.country(&engine, listed)?;
        let mut outreach = stored.cloned().unwrap_or_else(|| self.new_outreach());
        let known: HashSet<&str> = outreach.targets.iter().map(|target| &*target.to).collect();
        let is_known = |row: &ListedTarget| {
            let to = Phone::parse_in(&row.number, country.as_ref());
            to.is_ok_and(|to| known.contains(to.as_str()))
        };
        let new: Vec<ListedTarget> = listed.iter().filter(|row| !is_known(row)).cloned().collect();
        let is_first_text = self.first_texts(context, &engine)?;
        let checks = Checks {
            channel: self.channel,
            country,
            allowed: context.config.allowed_numbers()?,
            do_not_call: do_not_call::load(context.config.skill_dir())?,
            busy: busy(context, slug, self.channel)?,
            template: (self.channel == Channel::Sms).then_some(&*self.question),
            manners: &self.manners,
            is_first_text: &is_first_text,
        };
        let (checked, mut refused) = plan::check(&checks, &new)?;
        let taken: Vec<Timestamp> = outreach.targets.iter().map(|target| target.at).collect();
        let planned =
            plan::schedule(&self.timing(&outreach), checked, taken.into_iter(), &mut refused);
        refused.sort_by_key(|row| row.line);
        outreach.targets.extend(planned);
        Ok((outreach, refused))
    }

    /// Plans anew, from now on, those for whom nothing was scheduled: the owner may have thought about it for an hour.
    pub(super) fn replan(
        &self,
        context: &CommandContext,
        outreach: &mut Outreach,
        begun: &HashSet<String>,
    ) {
        let mut timing = self.timing(outreach);
        timing.now = context.now();
        let waits =
            |target: &OutreachTarget| target.dropped.is_none() && !begun.contains(&target.to);
        let taken: Vec<Timestamp> =
            outreach.targets.iter().filter(|one| !waits(one)).map(|one| one.at).collect();
        let wanted: Vec<_> = outreach
            .targets
            .iter()
            .filter(|target| waits(target))
            .map(|target| {
                let from = self.when.earliest(&target.window, timing.now).unwrap_or(timing.now);
                (target.window.clone(), from)
            })
            .collect();
        let times = crate::lifecycle::planned::times(
            timing.pacing,
            taken.into_iter(),
            wanted.iter().map(|(window, from)| (window, *from)),
            timing.now,
            timing.until,
        );
        let waiting = outreach.targets.iter_mut().filter(|target| waits(target));
        for (target, at) in waiting.zip(times) {
            // One for whom no hour is left any more is dropped by the tick, which says so.
            target.at = at.unwrap_or(target.at);
        }
    }

    /// What the mission is begun with.
    pub(super) fn init_request(&self) -> InitRequest {
        let what = if self.channel == Channel::Call { "Ask each" } else { "Text each" };
        let description = format!("{what}: {}", state::sanitize::line_up_to(&self.question, 200));
        InitRequest {
            instructions: description.clone(),
            request: self.question.clone(),
            channel: Some(if self.channel == Channel::Call { "voice" } else { "sms" }.to_owned()),
            metadata: None,
            steps: vec![json!({ "step_id": STEP, "description": description, "sequence": 1 })],
            planned: false,
        }
    }

    /// The assistant that calls or texts.
    pub(super) fn assistant(&self) -> NewAssistant {
        let greeting = self.manners.greeting(self.greeting.as_deref());
        let instructions = self.manners.instructions(&self.question);
        NewAssistant::new(&format!("Outreach: {}", self.name), &instructions, &greeting)
    }

    fn timing(&self, outreach: &Outreach) -> Timing {
        Timing {
            when: self.when,
            options: self.options.clone(),
            pacing: outreach.pacing,
            now: self.now,
            until: outreach.until,
            machine: scheduling::time::machine_zone(),
        }
    }

    fn new_outreach(&self) -> Outreach {
        let begins = if let When::At(at) = self.when { at } else { self.now };
        let is_text = self.channel == Channel::Sms;
        let lasts = self.lasts.filter(|_| !is_text).unwrap_or(LASTS);
        let waits = is_text && manners::asks(&self.question);
        let answers_within = self.lasts.unwrap_or(ANSWERS_WITHIN).as_secs();
        Outreach {
            class: OutreachClass::Sweep,
            channel: self.channel,
            question: self.question.clone(),
            who: self.manners.who.clone(),
            pacing: self.pacing,
            began_at: self.now,
            until: begins.checked_add(lasts).unwrap_or(Timestamp::MAX),
            answers_within: waits.then_some(answers_within),
            recipient: self.recipient,
            max_attempts: self.max_attempts,
            max_minutes: self.max_minutes,
            takes_line: self.takes_line,
            keeps_assistant: self.keeps_assistant,
            paused: false,
            approval: None,
            denied: false,
            answers_polled_at: None,
            targets: Vec::new(),
        }
    }

    /// The country of national numbers: the one that was given, else that of the account's number, if it is needed.
    fn country(&self, engine: &Engine, listed: &[ListedTarget]) -> anyhow::Result<Option<Country>> {
        let is_national = |row: &ListedTarget| {
            let number = row.number.trim_start_matches("tel:").trim_start();
            !number.is_empty() && !number.starts_with('+')
        };
        if self.country.is_some() || !listed.iter().any(is_national) {
            return Ok(self.country.clone());
        }
        let phones = service::phone_numbers::list(engine.api(), Pages::One(None, None))?.rows();
        let number = phones.iter().find_map(|row| row.text("phone_number"));
        Ok(number.and_then(|number| Country::of(number.trim_start_matches('+'))))
    }

    /// Says of a number whether we never wrote to it, nor it to us.
    fn first_texts(
        &self,
        context: &CommandContext,
        engine: &Engine,
    ) -> anyhow::Result<impl Fn(&Phone) -> bool + use<>> {
        let (mut texted, mut wrote) = (texted_numbers::TextedNumbers::default(), HashSet::new());
        if self.channel == Channel::Sms {
            texted = texted_numbers::load(context.config.skill_dir())?;
            let texts = service::messages::incoming_since(engine.api(), Timestamp::UNIX_EPOCH)?;
            wrote.extend(texts.into_iter().map(|text| text.from));
        }
        Ok(move |phone: &Phone| texted.get(phone).is_none() && !wrote.contains(phone))
    }
}

/// The hours in which people are called or texted.
fn window(channel: Channel, args: &OutreachArgs) -> anyhow::Result<WindowOptions> {
    let day = |text: &String| {
        text.parse().map_err(|_| Fault::usage(format!("`{text}` is no date; write 2027-12-24")))
    };
    let skip = args.skip.iter().map(day).collect::<Result<Vec<_>, _>>()?;
    let always = Days::every();
    let options = match channel {
        _ if args.any_time => WindowOptions {
            hours: Some(Hours::ALL),
            days: Some(always),
            ..WindowOptions::default()
        },
        Channel::Call => WindowOptions::default(),
        Channel::Sms => WindowOptions {
            hours: Some(Hours::TEXTS),
            days: Some(always),
            ..WindowOptions::default()
        },
    };
    Ok(WindowOptions { skip, ..options })
}

/// The numbers that another mission reaches now, or called within a day: which one.
fn busy(
    context: &CommandContext,
    own: Option<&str>,
    channel: Channel,
) -> anyhow::Result<HashMap<String, String>> {
    let missions = context.store.read()?;
    let now = context.now();
    let mut busy = HashMap::new();
    for mission in missions.iter().filter(|mission| Some(mission.slug()) != own) {
        let slug = mission.slug();
        let is_live = !mission.status().is_over();
        let list = if is_live { outreach::get(&mission)? } else { None };
        for target in list.into_iter().flat_map(|list| list.targets) {
            if target.dropped.is_none() {
                busy.insert(target.to, format!("under way in mission `{slug}`"));
            }
        }
        for (_, event) in event::all(&mission)? {
            let was_called = event.channel == Channel::Call && channel == Channel::Call;
            let age = now.duration_since(event.scheduled_at);
            if event.end.is_none() && is_live && !event.is_deleted() && !event.withdrawn {
                busy.insert(event.to, format!("under way in mission `{slug}`"));
            } else if was_called
                && event.was_dialled()
                && age >= SignedDuration::ZERO
                && age < RECENTLY
            {
                busy.entry(event.to)
                    .or_insert_with(|| format!("called within 24 hours by mission `{slug}`"));
            }
        }
    }
    Ok(busy)
}
