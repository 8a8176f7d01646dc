//! `sms.received`: a text, which is never taken for the owner's.

use state::sms_keyword::{self, Keyword};

use super::sms_keywords;
use crate::protocol::RequestText;
use crate::protocol::incoming::IncomingSms;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::Origin;
use crate::sms::opt_out_queue::ListChange;

/// Accepts the text, once per `message_id`, if its sender is answered at all and not too often. One that opts out is heeded
/// whoever sends it.
pub(super) fn handle(dispatcher: &mut Dispatcher, sms: &IncomingSms, frame: &str) {
    let Some(from) = sms.sender() else {
        return dispatcher.context.log.line("a text without a sender's number was dropped");
    };
    let key = sms.key(dispatcher.context.service_clock.now());
    let keyword = sms_keyword::parse(&sms.body);
    if let Some(change) = keyword.and_then(ListChange::of) {
        return sms_keywords::change_list(dispatcher, &key, &from, (change, &sms.body), frame);
    }
    let policy = &dispatcher.context.sms_policy;
    if let Err(why) = policy.check(&from) {
        return dispatcher.context.log.line(format_args!("a text of {from} was dropped: {why}"));
    }
    if keyword == Some(Keyword::Help) {
        return sms_keywords::help(dispatcher, &key, from, frame);
    }
    let (now, skill) = (dispatcher.context.service_clock.now(), &dispatcher.context.skill);
    if let Some(mission) = policy.mission_of(skill, &from, now) {
        let who = from.masked();
        return dispatcher.context.log.line(format_args!("a text of {who} answers `{mission}`"));
    }
    let (text, n_media) = (RequestText::Text(sms.words().to_owned()), sms.n_media);
    dispatcher.accept(key, Origin::Text { from, n_media }, text, frame);
}
