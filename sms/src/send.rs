//! `sms send`: checked first, remembered before it leaves, never repeated by itself.

use std::io::Read as _;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use state::api::{Client, Error};
use state::args::Common;
use state::carrier;
use state::clock::Clock;
use state::config::Config;
use state::do_not_call::{self, Reach};
use state::exit::{self, Exit, Fault};
use state::intents::{Begun, Intent, Intents, Unless};
use state::out::{self, Printer};
use state::parts::{Encoding, MAX_PARTS, Parts};
use state::phone::Phone;

use crate::api::{self, NewMessage};
use crate::args::Text;
use crate::earlier;

/// How long an unsettled text keeps the same line from being sent again (spec 2).
const WINDOW: Duration = Duration::from_secs(600);
/// More than ten parts of any text; a whole file piped in by mistake is not read to its end.
const LONGEST_STDIN: u64 = 64 * 1024;
/// Bounds of what is sent along: the longest address browsers share, and what one MMS can hold.
const LONGEST_URL: usize = 2_000;
const MOST_MEDIA: usize = 10;

/// Sends the text that the command line describes.
pub(crate) fn run(common: &Common, text: &Text) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let message = checked(text)?;
    let parts = affordable(&message.text)?;
    let config = Config::load(common)?;
    do_not_call::check(config.skill_dir(), &message.to, Reach::Text)?;
    if text.dry_run {
        return dry_run(printer, &message, parts);
    }
    let client = Client::new(&config.service()?, common.request_deadline());
    let clock = config.clock();
    let intents = Intents::of(config.skill_dir(), clock);
    let body = message.body();
    // A text that went out may be meant again: only one in doubt stands in the way.
    let unless = if text.again { Unless::Never } else { Unless::OpenWithin(WINDOW) };
    let intent = match intents.begin("sms", &body.to_string(), body, unless)? {
        Begun::New(intent) => intent,
        Begun::Open(open) | Begun::Settled(open) => {
            return settle(printer, &client, clock, &intents, &open, &message);
        }
    };
    let answer = match api::send(&client, intent.request.clone(), &intent.id) {
        Ok(answer) => answer,
        Err(err) => {
            let is_blocked = carrier::refuses(&err);
            let err = not_sent(err, printer, &intents, &intent, &message);
            if !is_blocked {
                return Err(err);
            }
            let heeded = carrier::heed(config.skill_dir(), &client, &message.to, clock.now());
            return Err(Fault::new(exit::code_of(&err), exit::told(&err)).hint(heeded).into());
        }
    };
    let sent = answer.into_json();
    intents.conclude(&intent.id, &json!({ "id": sent["id"] }), || {
        print(printer, &counted(sent, parts), &message)
    })?;
    Ok(Exit::Done)
}

fn checked(text: &Text) -> anyhow::Result<NewMessage> {
    let to: Phone = text.to.parse()?;
    to.callable()?;
    for url in &text.media {
        let is_address = url.starts_with("https://") || url.starts_with("http://");
        if !is_address || url.contains(char::is_whitespace) || url.len() > LONGEST_URL {
            let shown = state::words::bounded(url, 60);
            return Err(Fault::usage(format!(
                "`{shown}` is no address of a picture; write it as https://example.com/a.png"
            ))
            .into());
        }
    }
    if text.media.len() > MOST_MEDIA {
        return Err(Fault::usage(format!(
            "{} pictures or files; one text takes at most {MOST_MEDIA}",
            text.media.len()
        ))
        .into());
    }
    let words = if text.words == ["-"] { from_stdin()? } else { text.words.join(" ") };
    if words.trim().is_empty() && text.media.is_empty() {
        return Err(Fault::usage("the text is empty; nothing was sent")
            .hint("sms send +15551234567 \"what to say\"")
            .into());
    }
    Ok(NewMessage { to, text: words, media: text.media.clone() })
}

/// The text on stdin without its last line end.
fn from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_STDIN + 1)
        .read_to_end(&mut bytes)
        .context("reading the text from stdin")?;
    if bytes.len() as u64 > LONGEST_STDIN {
        return Err(Fault::usage("stdin holds over 64 KiB, which is no text message").into());
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage("stdin is no UTF-8 text; nothing was sent"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Counts the parts, and refuses more than ten.
fn affordable(text: &str) -> Result<Parts, Fault> {
    let parts = Parts::of(text);
    if parts.parts <= MAX_PARTS {
        return Ok(parts);
    }
    let fault = Fault::usage(format!(
        "the text has {} characters in {}, which are {} parts; at most {MAX_PARTS} are sent",
        parts.characters, parts.encoding, parts.parts
    ));
    let dear =
        text.chars().find(|c| Parts::of(c.encode_utf8(&mut [0; 4])).encoding == Encoding::Ucs2);
    Err(match dear {
        Some(dear) => fault.hint(format!(
            "shorten it, or send it in several; `{dear}` is not in GSM-7, where a part holds 153 \
             characters instead of 67"
        )),
        None => fault.hint("shorten it, or send it in several"),
    })
}

fn dry_run(printer: Printer, message: &NewMessage, parts: Parts) -> anyhow::Result<Exit> {
    let mut shown = Map::from_iter([("dry_run".to_owned(), json!(true))]);
    if let Value::Object(body) = message.body() {
        shown.extend(body);
    }
    let shown = counted(Value::Object(shown), parts);
    printer.document(&shown, || {
        let Parts { encoding, characters, parts } = parts;
        let to = &message.to;
        format!("Not sent (dry run)\n  To: {to}\n  {characters} characters in {encoding}, parts: {parts}")
    })?;
    Ok(Exit::Done)
}

/// The service's own object, with what the text counts as.
fn counted(mut document: Value, parts: Parts) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.insert("encoding".into(), json!(parts.encoding.to_string()));
        fields.insert("characters".into(), json!(parts.characters));
        fields.insert("parts".into(), json!(parts.parts));
    }
    document
}

fn print(printer: Printer, sent: &Value, message: &NewMessage) -> anyhow::Result<()> {
    printer.document(sent, || {
        let field = |name: &str| {
            sent[name].as_str().map_or_else(|| "unknown".to_owned(), state::words::line)
        };
        let (id, from, to) = (field("id"), field("from"), &message.to);
        format!("✓ Message sent\n  ID: {id}\n  From: {from}\n  To: {to}")
    })
}

/// The same line is in doubt. If its text is listed, it was sent, and that is the answer to this line
/// too; else nobody knows, and it is not repeated.
fn settle(
    printer: Printer,
    client: &Client,
    clock: Clock,
    intents: &Intents,
    open: &Intent,
    message: &NewMessage,
) -> anyhow::Result<Exit> {
    match earlier::find(client, clock, intents, open, message) {
        Ok(Some(sent)) => {
            out::warning(&format!(
                "this text was sent already, at {}; `--again` sends it once more",
                open.at
            ));
            let parts = Parts::of(&message.text);
            intents.conclude(&open.id, &json!({ "id": sent["id"] }), || {
                print(printer, &counted(sent, parts), message)
            })?;
            return Ok(Exit::Done);
        }
        Ok(None) => {}
        Err(err) => out::warning(&format!("looking in the message list: {}", exit::told(&err))),
    }
    let to = &message.to;
    print_unsettled(printer, &open.at.to_string(), to);
    let told = format!("the same text to {to} was begun at {} and may have been sent", open.at);
    Err(Fault::new(Exit::Unknown, told)
        .hint(format!(
            "`sms list --contact {to}` shows what went out; `--again` sends it all the same"
        ))
        .into())
}

/// A text that surely was not sent is forgotten; one that may have been stays in doubt, and is shown.
fn not_sent(
    err: Error,
    printer: Printer,
    intents: &Intents,
    intent: &Intent,
    message: &NewMessage,
) -> anyhow::Error {
    let (is_in_doubt, is_for_now) = (err.exit() == Exit::Unknown, err.is_for_now());
    let err = anyhow::Error::new(err).context("sending the text");
    if !is_in_doubt {
        intents.not_done(&intent.id, is_for_now);
        return err;
    }
    print_unsettled(printer, &intent.at.to_string(), &message.to);
    Fault::new(Exit::Unknown, exit::told(&err))
        .hint("the same line looks in the message list and does not send it again")
        .into()
}

fn print_unsettled(printer: Printer, begun: &str, to: &Phone) {
    printer.beside(&json!({ "unsettled": [{ "to": to.as_str(), "begun": begun }] }), String::new);
}
