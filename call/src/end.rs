//! `call end`: hangs up.

use state::api::{Client, path};
use state::args::{Common, free_text};
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};
use state::words::for_shell;

use crate::api;

/// Hangs up and prints the service's reply.
pub(crate) fn run(common: &Common, id: &str, reason: &str) -> anyhow::Result<Exit> {
    free_text("the reason", reason)?;
    let path = path(&["v1", "calls", id, "end"])?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    printer.words(&format!("Ending call {id}..."))?;
    let call = api::end(&client, path, reason)?;
    printer.document(&call, || out::pretty(&call)).map_err(|err| {
        out::unsaid(&err)
            .hint(format!("`call status {}` shows where the call stands", for_shell(id)))
    })?;
    Ok(Exit::Done)
}
