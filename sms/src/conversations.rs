//! `sms conversations`: the numbers texted with, and the last text of each.

use state::api::Client;
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::out::Printer;

use crate::{api, summary};

/// Prints the conversations as the service lists them.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let conversations = api::conversations(&client)?;
    printer.print(&conversations, || {
        let all = conversations["conversations"].as_array().into_iter().flatten();
        all.map(summary::conversation).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Exit::Done)
}
