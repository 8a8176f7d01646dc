//! `replies`: the texts that answered those of an outreach, read anew.

use serde_json::{Value, json};
use state::exit::{self, Exit};
use state::out;

use crate::args::ShowReplies;
use crate::context::CommandContext;
use crate::engine::{self, Engine, MissionSnapshot};
use crate::lifecycle::Answer;
use crate::store::outreach::{self, OutreachTarget};

pub(crate) fn run(context: &CommandContext, args: &ShowReplies) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    outreach::require(&mission)?;
    let snapshot = MissionSnapshot::of(context, &mission)?;
    let goes_on = !mission.status().is_over();
    drop(missions);
    if goes_on
        && let Err(err) = Engine::new(context)
            .and_then(|engine| engine::outreach::read_answers(&engine, slug, &snapshot.targets))
    {
        out::warning(&format!("not read anew: {}", exit::one_line(&err)));
    }
    let missions = context.store.read()?;
    let list = outreach::require(&missions.require(slug)?)?;
    let reply = |(target, answer): (&OutreachTarget, &Answer)| {
        let at = format!("{:.0}", answer.at);
        json!({ "to": target.to, "name": target.name, "at": at, "text": answer.text })
    };
    let mut answers: Vec<(&OutreachTarget, &Answer)> = list
        .targets
        .iter()
        .flat_map(|target| target.answers.iter().map(move |answer| (target, answer)))
        .collect();
    answers.sort_by_key(|(_, answer)| answer.at);
    let replies: Vec<Value> = answers.iter().copied().map(reply).collect();
    context.printer.print(&json!({ "slug": slug, "replies": replies }), || {
        let line = |(target, answer): &(&OutreachTarget, &Answer)| {
            let name = target.name.as_deref().unwrap_or(&target.to);
            format!("{name}: {}\n", answer.text)
        };
        answers.iter().map(line).collect()
    })?;
    Ok(Exit::Done)
}
