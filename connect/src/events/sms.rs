//! `sms.received`: a text, which is never the owner's word.

use std::time::Instant;

use state::opt_out::{self, Word};
use state::phone::Phone;

use crate::desk::Desk;
use crate::opt_outs::Change;
use crate::protocol::RequestText;
use crate::protocol::incoming::IncomingSms;
use crate::request::Way;

/// What stands for a text that is a picture.
const PICTURE: &str = "[picture]";

/// Takes the text, once per `message_id`, if its sender is answered at all. One that opts out is heeded whoever sends it.
pub(super) fn handle(desk: &mut Desk, sms: IncomingSms, frame: &str) {
    let IncomingSms { from, body, message_id, n_media } = sms;
    let Some(from) = from.and_then(|from| from.parse::<Phone>().ok()) else {
        desk.shop.log.line("a text without a sender's number was dropped");
        return;
    };
    // Without an id it cannot be told from another one; the place in time is as good a name as any.
    let id = message_id.unwrap_or_else(|| desk.shop.clock.now().as_nanosecond().to_string());
    let key = format!("text:{id}");
    let word = opt_out::read(&body);
    if let Some(change) = word.and_then(Change::of) {
        return super::opt_out::take(desk, key, from, change, frame);
    }
    let now = Instant::now();
    if !desk.shop.texts.is_allowed(&from) {
        desk.shop
            .log
            .line(format_args!("a text of {from} was dropped: `sms.allow` does not name it"));
        return;
    }
    if !desk.shop.texts.has_room(&from, now) {
        desk.shop
            .log
            .line(format_args!("a text of {from} was dropped: ten replies within an hour"));
        return;
    }
    if word == Some(Word::Help) {
        return super::opt_out::help(desk, &key, from, frame);
    }
    // Only a picture comes without words, whether the service lists it or not (facts/server.md 2.4).
    let words = if body.is_empty() { PICTURE.to_owned() } else { body };
    desk.take(key, Way::Text { from, n_media }, RequestText::Text(words), frame);
}
