//! Chooses the phone number that a mission calls from and, unless it is only shown as the caller's, lets it ring the
//! assistant.

use serde::{Deserialize, Serialize};
use state::out;

use crate::commands::phone_numbers;
use crate::context::{CommandContext, not_recorded};
use crate::service::{self, Feature, Pages, ServiceApi};

/// The key in a mission of the number that is being assigned.
const NUMBER: &str = "agent_number";

/// What helps where all numbers ring somebody.
const CALLER_ID_HINT: &str =
    "`--caller-id-only` calls from a number that is assigned, and leaves it where it rings";

/// The number that was chosen, stored so that a second run of the command chooses the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ChosenNumber {
    id: String,
    e164: String,
    connection_id: String,
}

/// Chooses a number, assigns it unless `caller_id_only`, and stores it.
pub(super) fn choose(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    assistant: &str,
    caller_id_only: bool,
) -> anyhow::Result<()> {
    let missions = context.store.read()?;
    let chosen: Option<ChosenNumber> = missions.require(slug)?.typed(NUMBER);
    drop(missions);
    let number = match chosen {
        Some(number) => number,
        None => find(context, api, slug, assistant, caller_id_only)?,
    };
    if !caller_id_only {
        service::phone_numbers::assign(api, &number.id, &number.connection_id, "voice")?;
        context.print_stage(&format!("Assigned phone number {}", number.id))?;
        let text = format!("{} rings the assistant from now on, no longer you", number.e164);
        out::warning(&format!("{text}; `--caller-id-only` would leave your inbound line alone"));
    }
    let (line, done) = if caller_id_only { ("unchanged", "chosen") } else { ("moved", "assigned") };
    let done = format!("{} was {done}", number.e164);
    let stored = context.store.change_mission(slug, |mission| {
        mission.set("agent_phone", number.e164).set("phone_number_id", number.id);
        mission.set("inbound_line", line).unset(NUMBER);
        Ok(())
    });
    stored.map_err(|err| not_recorded(&done, &err))
}

fn find(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    assistant: &str,
    caller_id_only: bool,
) -> anyhow::Result<ChosenNumber> {
    let (phone, found) = match service::phone_numbers::available(api)? {
        Some(phone) => (phone, "Found available"),
        // It stays where it rings, so it may ring somebody already.
        None if caller_id_only => {
            let phones = service::phone_numbers::list(api, Pages::One(None, None))?.into_rows();
            let mut phones = phones.into_iter();
            let phone = phones.find(|phone| phone.text("phone_number").is_some());
            (phone.ok_or_else(phone_numbers::none_at_all)?, "Found assigned")
        }
        None => return Err(phone_numbers::none_available().hint(CALLER_ID_HINT).into()),
    };
    let (id, number) = (phone.id(&["id"]), phone.text("phone_number").map(str::to_owned));
    let (Some(id), Some(number)) = (id, number) else {
        return Err(phone_numbers::none_available().into());
    };
    context.print_stage(&format!("{found}: {number}"))?;
    let connection_id = if caller_id_only {
        String::new()
    } else {
        let row = service::assistants::connection_id(api, assistant, Feature::Telephony)?;
        let connection = row.id(&["connection_id"]).unwrap_or_default();
        context.print_stage(&format!("Connection ID: {connection}"))?;
        connection
    };
    let number = ChosenNumber { id, e164: number, connection_id };
    if !caller_id_only {
        context.store.change_mission(slug, |mission| mission.set_typed(NUMBER, &number))?;
    }
    Ok(number)
}
