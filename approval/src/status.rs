//! `approval status`: where a request stands; exit 0 for approved alone.

use state::api::url_path;
use state::args::Common;
use state::exit::Exit;
use state::out::Printer;

use crate::api;
use crate::output::{checked, print, print_unknown, warn_unchecked};
use crate::stored_requests::StoredRequests;
use state::approval_status::{self, ApprovalStatus};

/// Asks the service once, and ends with the decision, which is `unknown` where it gives no reply.
pub(crate) fn run(common: &Common, id: &str) -> anyhow::Result<Exit> {
    let path = url_path(&["v1", "approvals", id])?;
    let printer = Printer::new(common);
    let (client, stored, request) = StoredRequests::earlier(common, id)?;
    let reply = api::status(&client, &path).map_err(|err| print_unknown(printer, &request, err))?;
    let verdict = approval_status::polled(&reply, &request, client.service_time());
    let verdict = checked(&stored, id, verdict);
    print(printer, reply.json(), &request, verdict, verdict.as_str())?;
    if verdict == ApprovalStatus::BiometricMissing {
        warn_unchecked();
    }
    Ok(verdict.exit())
}
