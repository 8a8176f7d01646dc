//! `sms.received`: a text, which is never taken for the owner's.

use state::phone::Phone;
use state::sms_keyword::{self, Keyword};

use super::sms_keywords;
use crate::protocol::RequestText;
use crate::protocol::incoming::IncomingSms;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::Origin;
use crate::sms::opt_out_queue::ListChange;

/// What stands for a text that is a picture.
const PICTURE: &str = "[picture]";

/// Accepts the text, once per `message_id`, if its sender is answered at all and not too often. One that opts out is heeded
/// whoever sends it.
pub(super) fn handle(dispatcher: &mut Dispatcher, sms: IncomingSms, frame: &str) {
    let IncomingSms { from, body, message_id, n_media } = sms;
    let Some(from) = from.and_then(|from| from.parse::<Phone>().ok()) else {
        return dispatcher.context.log.line("a text without a sender's number was dropped");
    };
    // Without an id, the time it came in serves as one.
    let now_id = || dispatcher.context.service_clock.now().as_nanosecond().to_string();
    let key = format!("text:{}", message_id.unwrap_or_else(now_id));
    let keyword = sms_keyword::parse(&body);
    if let Some(change) = keyword.and_then(ListChange::of) {
        return sms_keywords::change_list(dispatcher, &key, &from, (change, &body), frame);
    }
    let policy = &dispatcher.context.sms_policy;
    if let Err(why) = policy.check(&from) {
        return dispatcher.context.log.line(format_args!("a text of {from} was dropped: {why}"));
    }
    if keyword == Some(Keyword::Help) {
        return sms_keywords::help(dispatcher, &key, from, frame);
    }
    // Only a picture comes without words, whether the service lists it or not.
    let text = if body.is_empty() { PICTURE.to_owned() } else { body };
    dispatcher.accept(key, Origin::Text { from, n_media }, RequestText::Text(text), frame);
}
