//! `list-phones`, `get-available-phone`, `assign-phone`.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};

use crate::args::{AssignPhone, ListPhones};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, ServiceRow};

/// The error of an account whose numbers all ring somebody.
pub(crate) fn none_available() -> Fault {
    Fault::new(Exit::No, "no available phone number: the account has none, or all are assigned")
        .hint("`missions list-phones` shows the account's numbers; get another in the portal")
}

/// The error of an account without numbers.
pub(crate) fn none_at_all() -> Fault {
    Fault::new(Exit::No, "no phone number: the account has none").hint("get one in the portal")
}

pub(crate) fn list(context: &CommandContext, args: &ListPhones) -> anyhow::Result<Exit> {
    if args.available {
        let phone = service::phone_numbers::available(&context.api()?)?;
        let rows: Vec<Value> = phone.iter().map(|phone| phone.value().clone()).collect();
        let text = || phone.iter().map(|row| line(row, true)).collect();
        context.printer.print(&json!({ "data": rows }), text)?;
        return Ok(Exit::Done);
    }
    let phones = service::phone_numbers::list(&context.api()?, args.paging.into())?;
    let text = || {
        let is_free = |row: &ServiceRow| row.id(&["connection_id"]).is_none();
        phones.rows().iter().map(|row| line(row, is_free(row))).collect()
    };
    context.printer.print(phones.body(), text)?;
    Ok(Exit::Done)
}

fn line(row: &ServiceRow, is_free: bool) -> String {
    let id = row.id(&["id"]).unwrap_or_default();
    let word = if is_free { "available" } else { "assigned" };
    format!("{id}: {} [{word}]\n", row.text("phone_number").unwrap_or("unknown"))
}

pub(crate) fn available(context: &CommandContext) -> anyhow::Result<Exit> {
    let phone = service::phone_numbers::available(&context.api()?)?.ok_or_else(none_available)?;
    let number = phone.text("phone_number").unwrap_or("unknown");
    context.printer.print(phone.value(), || format!("Found available: {number}"))?;
    Ok(Exit::Done)
}

pub(crate) fn assign(context: &CommandContext, args: &AssignPhone) -> anyhow::Result<Exit> {
    let kind = input::one_of("kind of assignment", &args.kind, &["voice", "sms"])?;
    let phone =
        service::phone_numbers::assign(&context.api()?, &args.phone_id, &args.connection_id, kind)?;
    let text = || format!("Assigned phone number {}", args.phone_id);
    context.printer.print_after_change(phone.value(), text)?;
    Ok(Exit::Done)
}
