//! `approval list`: the requests with a status.

use state::api::Client;
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::out::{self, Printer};

use crate::api;
use crate::args::StatusFilter;

/// Prints the service's list as it is.
pub(crate) fn run(common: &Common, status: StatusFilter) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let list = api::list(&client, status.word())?;
    printer.print(&list, || out::pretty_json(&list))?;
    Ok(Exit::Done)
}
