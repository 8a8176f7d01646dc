//! `call end`: hangs up.

use state::api::{Client, url_path};
use state::args::{Common, reject_misspelled_option};
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};
use state::shell;

use crate::api;

/// Hangs up and prints the service's reply.
pub(crate) fn run(common: &Common, id: &str, reason: &str) -> anyhow::Result<Exit> {
    reject_misspelled_option("the reason", reason)?;
    let path = url_path(&["v1", "calls", id, "end"])?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    printer.print_in_text_mode(&format!("Ending call {id}..."))?;
    let call = api::end(&client, path, reason)?;
    printer.print(&call, || out::pretty_json(&call)).map_err(|err| {
        out::output_failed(&err)
            .hint(format!("`call status {}` shows where the call stands", shell::quote(id)))
    })?;
    Ok(Exit::Done)
}
