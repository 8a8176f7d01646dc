//! Placing a call: checked first, remembered before it leaves, never repeated by itself.

use std::time::Duration;

use serde_json::json;
use state::api::{Client, Error};
use state::config::Config;
use state::do_not_call::{self, Reach};
use state::exit::{self, Exit, Fault};
use state::intents::{Begun, Intent, Intents, Unless};
use state::out::{self, Printer};
use state::own_calls;
use state::phone::Phone;

use crate::api::{self, NewCall};
use crate::args::Args;
use crate::greeting::{self, Spoken};
use crate::wait;

/// How long an unsettled call keeps the same line from dialling again (spec 2).
const WINDOW: Duration = Duration::from_secs(600);
/// How long `--wait` follows a call; the service's own limit is 30 minutes (facts/server.md 4.2).
const FOLLOW: Duration = Duration::from_secs(3600);

/// Places the call that the command line describes.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::new(&args.common);
    let call = checked(args, printer)?;
    let config = Config::load(&args.common)?;
    if let Some(to) = &call.to {
        do_not_call::check(config.skill_dir(), to, Reach::Call)?;
    }
    let client = Client::new(&config.service()?, args.common.request_deadline());
    let whom = call.to.as_ref().map_or("your phone".to_owned(), Phone::to_string);
    let intents = Intents::of(config.skill_dir(), config.clock());
    let body = call.body();
    // A line that was carried out may be meant again: only an open one is in doubt.
    let unless = if args.again { Unless::Never } else { Unless::OpenWithin(WINDOW) };
    let Intent { id: intent, request: body, .. } =
        match intents.begin("call", &body.to_string(), body, unless)? {
            Begun::New(intent) => intent,
            Begun::Open(open) | Begun::Settled(open) => {
                print_unsettled(printer, &open.at.to_string(), &whom);
                let text = format!(
                    "the same call to {whom} was begun at {} and may have been placed",
                    open.at
                );
                return Err(Fault::new(Exit::Unknown, text)
                    .hint("look whether the phone rang; `--again` dials all the same")
                    .into());
            }
        };
    if let Err(err) = printer.words(&format!("Initiating outbound call to {whom}...")) {
        intents.let_go(&intent);
        return Err(err);
    }
    let (id, placed) = match api::place(&client, body, &intent) {
        Ok(placed) => placed,
        Err(err) => return Err(not_placed(err, &intents, &intent, printer, &whom)),
    };
    if let Err(err) = own_calls::remember(config.skill_dir(), &id, call.to.as_ref()) {
        out::warning(&format!(
            "`connect` cannot know whom this call dialled, and takes who answers for a stranger: {}",
            exit::told(&err)
        ));
    }
    intents.conclude(&intent, &json!({ "call_id": id }), || {
        printer.document(&placed, || format!("Call initiated: {id}\n{}", out::pretty(&placed)))
    })?;
    if args.wait {
        return wait::follow(printer, client, config.clock(), &id, FOLLOW);
    }
    Ok(Exit::Done)
}

fn checked(args: &Args, printer: Printer) -> anyhow::Result<NewCall> {
    let spoken = greeting::read(&args.greeting)?;
    if let Some(purpose) = &args.purpose {
        state::args::free_text("the purpose", purpose)?;
    }
    let (greeting, guessed) = match spoken {
        Spoken::Nothing => (None, None),
        Spoken::Greeting(greeting) => (Some(greeting), None),
        Spoken::Number(number) => (None, Some(number)),
    };
    if let (Some(number), Some(to)) = (&guessed, &args.to) {
        return Err(Fault::usage(format!(
            "two numbers to call: `{to}` and `{number}`; nothing was dialled"
        ))
        .into());
    }
    if guessed.is_some() {
        printer.words("Detected phone number in greeting, treating as --to target")?;
        out::warning("the greeting is a phone number; calling it (write --to to say so)");
    }
    let to = args.to.as_ref().or(guessed.as_ref()).map(|text| text.parse::<Phone>()).transpose()?;
    if let Some(to) = &to {
        to.callable()?;
    }
    let purpose = args.purpose.clone().filter(|purpose| !purpose.trim().is_empty());
    Ok(NewCall { to, greeting, purpose })
}

/// A call that surely was not placed is forgotten; one that may have been stays in doubt, and is shown.
fn not_placed(
    err: Error,
    intents: &Intents,
    intent: &str,
    printer: Printer,
    whom: &str,
) -> anyhow::Error {
    let (is_in_doubt, is_for_now) = (err.exit() == Exit::Unknown, err.is_for_now());
    let err = anyhow::Error::new(err).context("placing the call");
    if !is_in_doubt {
        intents.not_done(intent, is_for_now);
        return err;
    }
    print_unsettled(printer, "now", whom);
    Fault::new(Exit::Unknown, exit::told(&err))
        .hint("look whether the phone rang; the same line does not dial again for 10 minutes")
        .into()
}

fn print_unsettled(printer: Printer, at: &str, whom: &str) {
    printer.beside(&json!({ "unsettled": [{ "to": whom, "begun": at }] }), String::new);
}
