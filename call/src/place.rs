//! Placing a call: checked first, stored before it is sent, never dialled twice by a retry.

use std::time::Duration;

use serde_json::json;
use state::api::{Client, Error};
use state::config::Config;
use state::do_not_call::{self, ContactMethod};
use state::exit::{self, Exit, Fault};
use state::intents::{Admission, DuplicatePolicy, Intent, IntentStore};
use state::out::{self, Printer};
use state::phone::Phone;
use state::{line_breaks, placed_calls, sanitize};

use crate::api::{self, NewCall};
use crate::args::Args;
use crate::greeting::{self, Greeting};
use crate::wait;

/// How long an unconfirmed call keeps the same line from dialling again.
const UNCONFIRMED_WINDOW: Duration = Duration::from_secs(600);
/// How long `--wait` follows a call; the service itself ends a call after 30 minutes.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(3600);

/// Places the call that the command line describes.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::new(&args.common);
    let call = checked_call(args, printer)?;
    let config = Config::load(&args.common)?;
    if let Some(to) = &call.to {
        to.ensure_callable(&config.allowed_numbers()?)?;
        do_not_call::ensure_allowed(config.skill_dir(), to, ContactMethod::Call)?;
    }
    let client = Client::from_config(&config, args.common.request_deadline())?;
    let target = call.to.as_ref().map_or("your phone".to_owned(), Phone::to_string);
    let intents = IntentStore::new(config.skill_dir(), config.clock());
    let body = call.body();
    // The same call may be wanted again: only an unconfirmed one stands in the way.
    let unless = if args.again {
        DuplicatePolicy::Allow
    } else {
        DuplicatePolicy::RefuseUnconfirmed(UNCONFIRMED_WINDOW)
    };
    let Intent { id: intent, request: body, .. } =
        match intents.begin("call", &body.to_string(), body, unless)? {
            Admission::New(intent) => intent,
            Admission::Unconfirmed(earlier) | Admission::Completed(earlier) => {
                print_unconfirmed(printer, &earlier.at.to_string(), &target);
                let text = format!(
                    "the same call to {target} was started at {} and may have been placed",
                    earlier.at
                );
                return Err(Fault::new(Exit::Unconfirmed, text)
                    .hint("find out whether the phone rang; `--again` dials all the same")
                    .into());
            }
        };
    if let Err(err) =
        printer.print_in_text_mode(&format!("Initiating outbound call to {target}..."))
    {
        intents.discard(&intent);
        return Err(err);
    }
    let (id, mut placed) = match api::place(&client, body, &intent) {
        Ok(placed) => placed,
        Err(err) => return Err(not_placed(err, &intents, &intent, printer, &target)),
    };
    // Whom it rings, also where the service does not say so.
    if let Some(fields) = placed.as_object_mut().filter(|fields| !fields.contains_key("to")) {
        fields.insert("to".to_owned(), json!(target));
    }
    if let Err(err) = placed_calls::record(config.skill_dir(), &id, call.to.as_ref()) {
        out::warning(&format!(
            "`connect` will not know the number that this call dialled, and treats whoever answers as a stranger: {}",
            exit::one_line(&err)
        ));
    }
    intents.print_then_complete(&intent, &json!({ "call_id": id }), || {
        printer.print(&placed, || {
            format!("Call initiated: {}\n{}", sanitize::line(&id), out::pretty_json(&placed))
        })
    })?;
    if args.wait {
        return wait::follow(printer, client, config.clock(), &id, FOLLOW_TIMEOUT);
    }
    Ok(Exit::Done)
}

fn checked_call(args: &Args, printer: Printer) -> anyhow::Result<NewCall> {
    let greeting = greeting::parse(&args.greeting)?;
    if let Some(purpose) = &args.purpose {
        state::args::reject_misspelled_option("the purpose", purpose)?;
    }
    let (greeting, guessed) = match greeting {
        Greeting::Default => (None, None),
        Greeting::Text(text) => (Some(text), None),
        Greeting::Number(number) => (None, Some(number)),
    };
    if let (Some(number), Some(to)) = (&guessed, &args.to) {
        return Err(Fault::usage(format!(
            "two numbers to call: `{to}` and `{number}`; nothing was dialled"
        ))
        .into());
    }
    if guessed.is_some() {
        printer.print_in_text_mode("Detected phone number in greeting, treating as --to target")?;
        out::warning("the greeting is a phone number; calling it (write --to to say so)");
    }
    let to = args.to.as_ref().or(guessed.as_ref()).map(|text| text.parse::<Phone>()).transpose()?;
    let purpose = args.purpose.clone().filter(|purpose| !purpose.trim().is_empty());
    let typed = |text: String| if args.raw { text } else { line_breaks::typed(&text) };
    Ok(NewCall { to, greeting: greeting.map(typed), purpose: purpose.map(typed) })
}

/// Forgets a call that was not placed for sure; prints one that may have been, which stays unconfirmed. Gives the error
/// to end with.
fn not_placed(
    err: Error,
    intents: &IntentStore,
    intent: &str,
    printer: Printer,
    target: &str,
) -> anyhow::Error {
    let (is_unconfirmed, is_for_now) = (err.exit() == Exit::Unconfirmed, err.is_temporary());
    let err = anyhow::Error::new(err).context("placing the call");
    if !is_unconfirmed {
        intents.defer_or_discard(intent, is_for_now);
        return err;
    }
    print_unconfirmed(printer, "now", target);
    Fault::new(Exit::Unconfirmed, exit::one_line(&err))
        .hint("find out whether the phone rang; the same line does not dial again for 10 minutes")
        .into()
}

fn print_unconfirmed(printer: Printer, at: &str, target: &str) {
    printer
        .print_with_failure(&json!({ "unsettled": [{ "to": target, "begun": at }] }), String::new);
}
