//! `create-assistant`, `list-assistants`, `get-assistant`, `update-assistant`, `delete-assistant`,
//! `get-connection-id`.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::out;

use crate::args::{
    AssistantArgs, CreateAssistant, DeleteAssistant, GetAssistant, GetConnectionId, ListAssistants,
    Paging, UpdateAssistant,
};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, Feature, NewAssistant, Pages, ServiceRow};

const OPTIONS: &str = "{\"voice\": \"…\", \"tools\": […]}";

/// The assistant that a command line describes.
pub(crate) fn new_assistant(args: &AssistantArgs) -> anyhow::Result<NewAssistant> {
    let name = input::not_blank("the name", &args.name)?;
    let instructions = input::not_blank("the instructions", &args.instructions)?;
    let mut new = NewAssistant::new(name, instructions, &args.greeting);
    let more = &args.more;
    for (key, text) in
        [("voice", &more.voice), ("model", &more.model), ("description", &more.description)]
    {
        if let Some(text) = text {
            new.set(key, input::not_blank(&format!("the {key}"), text)?);
        }
    }
    if !more.features.is_empty() {
        new.set("enabled_features", features(more.features.iter().map(String::as_str))?);
    }
    if !more.tools.is_empty() {
        let tool = |text: &String| {
            input::object("the tool", text, "{\"type\": \"hangup\", \"hangup\": {}}")
        };
        let tools: Result<Vec<_>, Fault> = more.tools.iter().map(tool).collect();
        new.set("tools", tools?.into_iter().map(Value::Object).collect::<Vec<_>>());
    }
    apply_options(&mut new, args.options.as_deref())?;
    Ok(new)
}

fn features<'a>(given: impl Iterator<Item = &'a str>) -> Result<Vec<&'static str>, Fault> {
    given.map(|word| input::one_of("feature", word, &Feature::WORDS)).collect()
}

/// Takes over OPTIONS_JSON: an object of settings, or a list of features.
fn apply_options(new: &mut NewAssistant, options: Option<&str>) -> Result<(), Fault> {
    match options.map(|text| input::json("OPTIONS_JSON", text, OPTIONS)).transpose()? {
        None => {}
        Some(Value::Array(list)) => {
            let words: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            let wrong = || Fault::usage("the list of features holds something that is no text");
            new.set("enabled_features", features(words.ok_or_else(wrong)?.into_iter())?);
        }
        Some(Value::Object(options)) => {
            for (key, value) in options {
                // The word of `telnyx_api.py`.
                let key = if key == "features" { "enabled_features" } else { &key };
                new.set(key, value);
            }
        }
        Some(_) => {
            return Err(Fault::usage("OPTIONS_JSON is neither an object nor a list of features")
                .hint(format!("write it as in '{OPTIONS}' or '[\"telephony\"]'")));
        }
    }
    Ok(())
}

pub(crate) fn create(context: &CommandContext, args: &CreateAssistant) -> anyhow::Result<Exit> {
    let new = new_assistant(&args.assistant)?;
    let assistant =
        service::assistants::create(&context.api()?, &new, &service::new_idempotency_key()?)?;
    let id = assistant.id(&["id", "assistant_id"]).unwrap_or_default();
    context.printer.print_after_change(assistant.value(), || format!("Created assistant: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &CommandContext, args: &ListAssistants) -> anyhow::Result<Exit> {
    let name = args.name.as_deref();
    // In text mode as the script: what the service sends, a page of it. Else one of that name may be on any page.
    let is_searched = !context.printer.is_text();
    let pages = match args.paging {
        Paging { page: None, size, .. } if name.is_some() && is_searched => Pages::All(size),
        paging => paging.into(),
    };
    let mut assistants = service::assistants::list(&context.api()?, name, pages)?;
    if let Some(name) = name.filter(|_| is_searched) {
        // The service may have ignored it.
        let name = name.to_lowercase();
        let matches = |other: &str| other.to_lowercase().contains(&name);
        assistants.retain(|row| row["name"].as_str().is_some_and(matches));
    }
    if context.printer.is_text() {
        let (page, rows) = (args.paging.page.unwrap_or(1), assistants.rows().len());
        let meta = &assistants.body()["meta"];
        let number = |key: &str| meta[key].as_u64();
        let (pages, total) = (number("total_pages").unwrap_or(1), number("total_results"));
        out::progress(&format!("\nPage {page}/{pages} ({} total)", total.unwrap_or(rows as u64)));
    }
    let text = || assistants.rows().into_iter().map(|row| line(&row)).collect();
    context.printer.print(assistants.body(), text)?;
    Ok(Exit::Done)
}

/// A line as `telnyx_api.py` prints it, the features as Python shows a list.
fn line(row: &ServiceRow) -> String {
    let id = row.id(&["id", "assistant_id"]).unwrap_or_default();
    let name = row.text("name").unwrap_or("unnamed");
    let features = row.value()["enabled_features"].as_array().map_or(&[][..], Vec::as_slice);
    let features: Vec<String> =
        features.iter().filter_map(Value::as_str).map(|word| format!("'{word}'")).collect();
    let model = row.text("model").unwrap_or_default();
    format!("{id}: {name} (model={model}, features=[{}])\n", features.join(", "))
}

pub(crate) fn get(context: &CommandContext, args: &GetAssistant) -> anyhow::Result<Exit> {
    let assistant = service::assistants::get(&context.api()?, &args.assistant_id)?;
    context.printer.print(assistant.value(), || out::pretty_json(assistant.value()))?;
    Ok(Exit::Done)
}

pub(crate) fn update(context: &CommandContext, args: &UpdateAssistant) -> anyhow::Result<Exit> {
    let changes = input::object("UPDATES_JSON", &args.updates, "{\"instructions\": \"…\"}")?;
    if changes.is_empty() {
        return Err(Fault::usage("UPDATES_JSON changes nothing: it is an empty object").into());
    }
    let assistant =
        service::assistants::update(&context.api()?, &args.assistant_id, &changes.into())?;
    let text = || format!("Updated assistant {}", args.assistant_id);
    context.printer.print_after_change(assistant.value(), text)?;
    Ok(Exit::Done)
}

pub(crate) fn delete(context: &CommandContext, args: &DeleteAssistant) -> anyhow::Result<Exit> {
    let id = &args.assistant_id;
    service::assistants::delete(&context.api()?, id)?;
    let document = json!({ "id": id, "deleted": true });
    context.printer.print_after_change(&document, || format!("Deleted assistant {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn connection(context: &CommandContext, args: &GetConnectionId) -> anyhow::Result<Exit> {
    let word = input::one_of("feature", &args.feature, &Feature::WORDS)?;
    let feature =
        if word == Feature::Messaging.word() { Feature::Messaging } else { Feature::Telephony };
    let row = service::assistants::connection_id(&context.api()?, &args.assistant_id, feature)?;
    let id = row.id(&["connection_id"]).unwrap_or_default();
    context.printer.print(row.value(), || format!("Connection ID: {id}"))?;
    Ok(Exit::Done)
}
