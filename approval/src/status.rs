//! `approval status`: where a request stands; exit 0 for approved alone.

use state::api::{Client, path};
use state::args::Common;
use state::config::Config;
use state::exit::Exit;
use state::out::Printer;

use crate::api;
use crate::biometric::Checks;
use crate::request::{not_told, say};
use crate::wait::tell_unchecked;
use state::verdict::{self, Asked, Verdict};

/// Looks once, and ends with the verdict, which is `unknown` where there is no answer.
pub(crate) fn run(common: &Common, id: &str) -> anyhow::Result<Exit> {
    let path = path(&["v1", "approvals", id])?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::new(&config.service()?, common.request_deadline());
    let asked =
        Asked { id: id.to_owned(), action: None, biometric: Checks::of(&config).wanted_for(id)? };
    let answer = api::status(&client, &path).map_err(|err| not_told(printer, &asked, err))?;
    let verdict = verdict::read(&answer, &asked);
    say(printer, &answer, &asked, verdict, verdict.word())?;
    if verdict == Verdict::Unchecked {
        tell_unchecked();
    }
    Ok(verdict.exit())
}
