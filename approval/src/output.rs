//! What is printed of a request, the same for every command that has one.

use serde_json::{Value, json};
use state::api::Error;
use state::approval_status::{ApprovalStatus, ExpectedApproval};
use state::out::{self, Printer};
use state::{exit, shell};

use crate::stored_requests::StoredRequests;

/// Prints the state of a request: the service's object, or in text mode `text`.
///
/// Fails with exit 8 if that cannot be printed of a request that we made: the owner was asked, and is not to be asked
/// again.
pub(crate) fn print(
    printer: Printer,
    reply: &Value,
    request: &ExpectedApproval,
    verdict: ApprovalStatus,
    text: &str,
) -> anyhow::Result<()> {
    let outcome = printer.print(&document(reply, request, verdict), || text.to_owned());
    outcome.map_err(|err| match request.action {
        Some(_) => out::output_failed(&err)
            .hint(format!(
                "`approval wait {}` prints what the owner decides",
                shell::quote(&request.id)
            ))
            .into(),
        None => err,
    })
}

/// Prints that the state of a request is unknown, because asking the service failed; gives the error to end with.
pub(crate) fn print_unknown(
    printer: Printer,
    request: &ExpectedApproval,
    err: Error,
) -> anyhow::Error {
    let unknown = ApprovalStatus::Unrecognized;
    if let Err(unprinted) = print(printer, &Value::Null, request, unknown, unknown.as_str()) {
        out::warning(&exit::one_line(&unprinted));
    }
    anyhow::Error::new(err).context(format!("asking about request `{}`", request.id))
}

/// Says why an approval without its fingerprint or face does not count.
pub(crate) fn warn_unchecked() {
    out::warning("it was approved, but without the fingerprint or face that was asked for");
    out::hint("ask again with `approval request`");
}

/// A verdict as it counts: an approval does not if the service gave its id to another request too, or if that is not known.
pub(crate) fn checked(
    stored: &StoredRequests,
    id: &str,
    verdict: ApprovalStatus,
) -> ApprovalStatus {
    if !verdict.is_final() {
        return verdict;
    }
    match stored.decided(id) {
        Ok(true) => return verdict,
        Ok(false) if verdict == ApprovalStatus::Approved => warn_repeated(),
        Ok(false) => {}
        Err(err) => out::warning(&exit::one_line(&err)),
    }
    if verdict == ApprovalStatus::Approved { ApprovalStatus::Unrecognized } else { verdict }
}

/// Says why a request whose id is another's too is not approved.
pub(crate) fn warn_repeated() {
    out::warning(
        "the service gave this request the id of another one: a yes could mean either, and counts for neither",
    );
    out::hint("ask again with `approval request`, once the other one is decided");
}

/// The service's object with the status that it comes to, and the action where it does not name it.
fn document(reply: &Value, request: &ExpectedApproval, verdict: ApprovalStatus) -> Value {
    let mut document = reply.as_object().cloned().unwrap_or_default();
    document.insert("request_id".into(), json!(request.id));
    document.insert("status".into(), json!(verdict.as_str()));
    if let Some(action) = &request.action {
        document.entry("action").or_insert_with(|| json!(action));
    }
    Value::Object(document)
}
