//! `call status`: where a call stands.

use state::api::{Client, url_path};
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};

use crate::api;

/// Prints the service's object of a call as it is.
pub(crate) fn run(common: &Common, id: &str) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let path = url_path(&["v1", "calls", id])?;
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let call = api::status(&client, &path)?;
    printer.print(&call, || out::pretty_json(&call))?;
    Ok(Exit::Done)
}
