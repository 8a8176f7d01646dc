//! `call status`: where a call stands.

use state::api::Client;
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};

use crate::api;

/// Prints the service's own words on a call.
pub fn run(common: &Common, id: &str) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline())?;
    let call = api::status(&client, id)?;
    printer.document(&call, || out::pretty(&call))?;
    Ok(Exit::Done)
}
