//! `approval request`: makes a request, and waits for the decision.

use state::api::{Client, Error, JsonResponse};
use state::args::{Common, reject_misspelled_option};
use state::config::Config;
use state::exit::{self, Exit, Fault};
use state::out::{self, Printer};
use state::{invisible, sanitize, shell};

use crate::api::{self, NewApproval};
use crate::args::{RequestArgs, require_a_second};
use crate::output::{checked, print, warn_repeated};
use crate::stored_requests::{Creation, StoredRequests};
use crate::wait;
use state::approval_status::{self, ApprovalStatus, ExpectedApproval};

/// In characters. The service documents no limit; a phone does not show a longer text whole.
const MAX_ACTION: usize = 500;

/// Asks the owner, and ends with the decision.
pub(crate) fn run(common: &Common, args: &RequestArgs) -> anyhow::Result<Exit> {
    let action = checked_action(args)?;
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let client = Client::from_config(&config, common.request_deadline())?;
    let new = NewApproval {
        action: &action,
        details: args.details.as_deref().filter(|details| !details.is_empty()),
        biometric: args.biometric,
        expires_in: args.timeout,
    };
    let mut stored = StoredRequests::of(&config);
    stored.begin(args.biometric, common.request_deadline(), args.timeout)?;
    let created = api::create(&client, &new);
    let is_stored = store_creation(&stored, args.biometric, &created);
    let (id, created) = created?;
    let request = ExpectedApproval { id, action: Some(action), biometric: args.biometric };
    if !is_stored {
        let unknown = ApprovalStatus::Unrecognized;
        print(printer, created.json(), &request, unknown, unknown.as_str())?;
        return Ok(unknown.exit());
    }
    let verdict = approval_status::created(&created, &request);
    let verdict = checked(&stored, &request.id, verdict);
    if args.no_wait && !verdict.is_final() {
        print(printer, created.json(), &request, verdict, &request.id)?;
        out::hint(&format!("`approval wait {}` waits for the decision", shell::quote(&request.id)));
        return Ok(verdict.exit());
    }
    if verdict.is_final() {
        if verdict.exit() == Exit::NoDevice {
            out::hint("open the ClawdTalk app on the owner's phone and allow its notifications");
        }
        print(printer, created.json(), &request, verdict, verdict.as_str())?;
        return Ok(verdict.exit());
    }
    out::progress(&format!("Waiting for approval (timeout: {}s)...", args.timeout.as_secs()));
    wait::for_decision(printer, client, &stored, &request, args.timeout)
}

/// Stores what became of the creation of a request; false, with a warning, if that cannot be: then it is not known whether
/// another one has its id.
fn store_creation(
    stored: &StoredRequests,
    biometric: bool,
    created: &Result<(String, JsonResponse), Error>,
) -> bool {
    let creation = match created {
        Ok((id, _)) => Creation::Made(id),
        // Until it is forgotten, every request needs a fingerprint if this one does: it may have any id.
        Err(err) if err.exit() == Exit::Unconfirmed => Creation::Unconfirmed,
        Err(_) => Creation::NotMade,
    };
    match stored.created(&creation) {
        Ok(is_alone) => {
            if !is_alone {
                warn_repeated();
            }
            true
        }
        Err(err) => {
            let effect = "for a week, every approval here needs a fingerprint or face";
            let effect = if biometric { effect } else { "it does not count as approved" };
            out::warning(&format!("{}; {effect}", exit::one_line(&err)));
            false
        }
    }
}

/// The action as it is sent: one line, without a character that the owner would not see.
fn checked_action(args: &RequestArgs) -> Result<String, Fault> {
    let [action] = args.action.as_slice() else {
        return Err(Fault::usage(format!("{} actions given, one wanted", args.action.len())).hint(
            format!("quote it: approval request -- {}", shell::quote(&args.action.join(" "))),
        ));
    };
    // An action that begins with a dash stands behind `--`: before, clap refuses it.
    if let Some(details) = &args.details {
        reject_misspelled_option("the details", details)?;
    }
    invisible::refuse_unseen(|| "the action".to_owned(), action)?;
    if let Some(details) = &args.details {
        invisible::refuse_unseen(|| "`--details`".to_owned(), details)?;
    }
    let action = sanitize::judgeable_line(action);
    if action.is_empty() {
        return Err(Fault::usage("the action is empty")
            .hint("say what is to be approved: approval request \"Delete the repo test-repo\""));
    }
    let length = action.chars().count();
    if length > MAX_ACTION {
        return Err(Fault::usage(format!(
            "the action has {length} characters, {MAX_ACTION} are allowed"
        ))
        .hint("say in short what is to be done, and the rest with --details"));
    }
    require_a_second(args.timeout)?;
    Ok(action)
}
