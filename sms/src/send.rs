//! `sms send`: a text is checked first, stored before it is sent, never sent twice by a retry.

use std::io::Read as _;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use state::api::{Client, Error};
use state::args::Common;
use state::clock::Clock;
use state::config::Config;
use state::do_not_call::{self, ContactMethod};
use state::exit::{self, Exit, Fault};
use state::intents::{Admission, DuplicatePolicy, Intent, IntentStore};
use state::out::{self, Printer};
use state::phone::Phone;
use state::sms_segments::{Encoding, MAX_SEGMENTS, Segments};
use state::{carrier_opt_out, failure, line_breaks, texted_numbers};

use crate::api::{self, NewMessage};
use crate::args::SendArgs;
use crate::confirm;

/// How long an unconfirmed text keeps the same line from being sent again.
const UNCONFIRMED_WINDOW: Duration = Duration::from_secs(600);
/// More than ten parts of any text; a whole file piped in by mistake is not read to its end.
const MAX_STDIN: u64 = 64 * 1024;
/// The longest address that browsers have in common.
const MAX_URL: usize = 2_000;
/// What one MMS can hold.
const MAX_MEDIA: usize = 10;

/// Sends the text that the command line describes.
pub(crate) fn run(common: &Common, args: &SendArgs) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let message = checked_message(args)?;
    let parts = checked_parts(&message.text)?;
    let config = Config::load(common)?;
    message.to.ensure_callable(&config.allowed_numbers()?)?;
    do_not_call::ensure_allowed(config.skill_dir(), &message.to, ContactMethod::Text)?;
    if args.dry_run {
        return dry_run(printer, &message, parts);
    }
    let client = Client::from_config(&config, common.request_deadline())?;
    let clock = config.clock();
    let intents = IntentStore::new(config.skill_dir(), clock);
    let body = message.body();
    // The same text may be wanted again: only an unconfirmed one stands in the way.
    let unless = if args.again {
        DuplicatePolicy::Allow
    } else {
        DuplicatePolicy::RefuseUnconfirmed(UNCONFIRMED_WINDOW)
    };
    let intent = match intents.begin("sms", &body.to_string(), body, unless)? {
        Admission::New(intent) => intent,
        Admission::Unconfirmed(earlier) | Admission::Completed(earlier) => {
            return confirm_earlier(printer, &client, clock, &intents, &earlier, &message);
        }
    };
    // Before it leaves: an answer may come before this program has ended.
    texted_numbers::record_or_warn(config.skill_dir(), &message.to, &message.text, clock.now());
    let reply = match api::send(&client, intent.request.clone(), &intent.id) {
        Ok(reply) => reply,
        Err(err) => {
            let is_blocked = carrier_opt_out::is_refusal(&err);
            let err = not_sent(err, printer, &intents, &intent, &message);
            if !is_blocked {
                return Err(err);
            }
            let hint =
                carrier_opt_out::record(config.skill_dir(), &client, &message.to, clock.now());
            return Err(Fault::new(failure::exit_of(&err), exit::one_line(&err)).hint(hint).into());
        }
    };
    let sent = reply.into_json();
    intents.print_then_complete(&intent.id, &json!({ "id": sent["id"] }), || {
        print(printer, &with_parts(sent, parts), &message)
    })?;
    Ok(Exit::Done)
}

fn checked_message(args: &SendArgs) -> anyhow::Result<NewMessage> {
    let to: Phone = args.to.parse()?;
    for url in &args.media {
        let is_address = url.starts_with("https://") || url.starts_with("http://");
        if !is_address || url.contains(char::is_whitespace) || url.len() > MAX_URL {
            let shown = state::sanitize::line_up_to(url, 60);
            return Err(Fault::usage(format!(
                "`{shown}` is not the address of a picture; write it as https://example.com/a.png"
            ))
            .into());
        }
    }
    if args.media.len() > MAX_MEDIA {
        return Err(Fault::usage(format!(
            "{} pictures or files; one text takes at most {MAX_MEDIA}",
            args.media.len()
        ))
        .into());
    }
    let text = match args.words.join(" ") {
        dash if dash == "-" => from_stdin()?,
        text if args.raw => text,
        text => line_breaks::typed(&text),
    };
    if text.trim().is_empty() && args.media.is_empty() {
        return Err(Fault::usage("the text is empty; nothing was sent")
            .hint("sms send +15551234567 \"what to say\"")
            .into());
    }
    Ok(NewMessage { to, text, media: args.media.clone() })
}

/// The text on stdin without its last line end.
fn from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_STDIN + 1)
        .read_to_end(&mut bytes)
        .context("reading the text from stdin")?;
    if bytes.len() as u64 > MAX_STDIN {
        return Err(Fault::usage("stdin holds over 64 KiB, too much for a text message").into());
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage("stdin is not UTF-8; nothing was sent"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Counts the parts that carriers send a text in; refuses (exit 2) more than ten.
fn checked_parts(text: &str) -> Result<Segments, Fault> {
    let parts = Segments::of(text);
    if parts.count <= MAX_SEGMENTS {
        return Ok(parts);
    }
    let fault = Fault::usage(format!(
        "the text has {} characters in {}, which are {} parts; at most {MAX_SEGMENTS} are sent",
        parts.length, parts.encoding, parts.count
    ));
    let costly =
        text.chars().find(|c| Segments::of(c.encode_utf8(&mut [0; 4])).encoding == Encoding::Ucs2);
    Err(match costly {
        Some(costly) => fault.hint(format!(
            "shorten it, or send it in several; `{costly}` is not in GSM-7, where a part holds 153 \
             characters instead of 67"
        )),
        None => fault.hint("shorten it, or send it in several"),
    })
}

fn dry_run(printer: Printer, message: &NewMessage, parts: Segments) -> anyhow::Result<Exit> {
    let mut shown = Map::from_iter([("dry_run".to_owned(), json!(true))]);
    if let Value::Object(body) = message.body() {
        shown.extend(body);
    }
    let shown = with_parts(Value::Object(shown), parts);
    printer.print(&shown, || {
        let Segments { encoding, length: characters, count: parts } = parts;
        let to = &message.to;
        format!("Not sent (dry run)\n  To: {to}\n  {characters} characters in {encoding}, parts: {parts}")
    })?;
    Ok(Exit::Done)
}

/// The service's own object, with the number of parts and their encoding.
fn with_parts(mut document: Value, parts: Segments) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.insert("encoding".into(), json!(parts.encoding.to_string()));
        fields.insert("characters".into(), json!(parts.length));
        fields.insert("parts".into(), json!(parts.count));
    }
    document
}

fn print(printer: Printer, sent: &Value, message: &NewMessage) -> anyhow::Result<()> {
    printer.print(sent, || {
        let field = |name: &str| {
            sent[name].as_str().map_or_else(|| "unknown".to_owned(), state::sanitize::line)
        };
        let (id, from, to) = (field("id"), field("from"), &message.to);
        format!("✓ Message sent\n  ID: {id}\n  From: {from}\n  To: {to}")
    })
}

/// Ends a line the same text of which is unconfirmed: if the text is in the message list, it was sent, and that is the
/// result of this line too; else it stays unconfirmed, and is not sent again.
fn confirm_earlier(
    printer: Printer,
    client: &Client,
    clock: Clock,
    intents: &IntentStore,
    earlier: &Intent,
    message: &NewMessage,
) -> anyhow::Result<Exit> {
    match confirm::find(client, clock, intents, earlier, message) {
        Ok(Some(sent)) => {
            out::warning(&format!(
                "this text was sent already, at {}; `--again` sends it once more",
                earlier.at
            ));
            let parts = Segments::of(&message.text);
            intents.print_then_complete(&earlier.id, &json!({ "id": sent["id"] }), || {
                print(printer, &with_parts(sent, parts), message)
            })?;
            return Ok(Exit::Done);
        }
        Ok(None) => {}
        Err(err) => out::warning(&format!("reading the message list: {}", exit::one_line(&err))),
    }
    let to = &message.to;
    print_unconfirmed(printer, &earlier.at.to_string(), to);
    let text =
        format!("the same text to {to} was started at {} and may have been sent", earlier.at);
    Err(Fault::new(Exit::Unconfirmed, text)
        .hint(format!(
            "`sms list --contact {to}` shows what went out; `--again` sends it all the same"
        ))
        .into())
}

/// Forgets a text that was not sent for sure; prints one that may have been, which stays unconfirmed. Gives the error
/// to end with.
fn not_sent(
    err: Error,
    printer: Printer,
    intents: &IntentStore,
    intent: &Intent,
    message: &NewMessage,
) -> anyhow::Error {
    let (is_unconfirmed, is_for_now) = (err.exit() == Exit::Unconfirmed, err.is_temporary());
    let err = anyhow::Error::new(err).context("sending the text");
    if !is_unconfirmed {
        intents.defer_or_discard(&intent.id, is_for_now);
        return err;
    }
    print_unconfirmed(printer, &intent.at.to_string(), &message.to);
    Fault::new(Exit::Unconfirmed, exit::one_line(&err))
        .hint("the same line checks the message list and does not send it again")
        .into()
}

fn print_unconfirmed(printer: Printer, started: &str, to: &Phone) {
    printer.print_with_failure(
        &json!({ "unsettled": [{ "to": to.as_str(), "begun": started }] }),
        String::new,
    );
}

#[cfg(test)]
mod tests {
    use super::checked_message;
    use crate::args::SendArgs;

    #[track_caller]
    fn case(words: &[&str], raw: bool, wanted: &str) {
        let args = SendArgs {
            to: "+15551234567".to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
            media: Vec::new(),
            raw,
            dry_run: false,
            again: false,
        };
        assert_eq!(checked_message(&args).unwrap().text, wanted);
    }

    #[test]
    fn a_typed_line_break_is_one() {
        case(&[r"Hi Bob\n\nIt is ready."], false, "Hi Bob\n\nIt is ready.");
        case(&["Hi", r"Bob,\r\nbye"], false, "Hi Bob,\nbye");
        case(&["Hi\nBob"], false, "Hi\nBob");
        case(&[r"C:\new"], true, r"C:\new");
    }
}
