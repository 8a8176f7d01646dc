//! What a program does with the error that ends it: which exit code, which hint, and how both are printed.

use std::process::ExitCode;

use crate::api;
use crate::exit::{Exit, Fault, one_line};
use crate::process::out;

/// Ends a program: gives its exit code and, for an error, prints `error: …` and `hint: …` on stderr.
pub fn report(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(err) => {
            out::error(&one_line(&err));
            if let Some(hint) = hint_of(&err) {
                out::hint(&hint);
            }
            exit_of(&err).into()
        }
    }
}

/// The exit code of an error: that of the first cause that has one. An error of this machine's own
/// (a full disk, a folder without permission) is [`Exit::Unavailable`]: nothing was done.
pub fn exit_of(err: &anyhow::Error) -> Exit {
    let exit = |cause: &(dyn std::error::Error + 'static)| {
        let of_fault = cause.downcast_ref::<Fault>().map(Fault::exit);
        of_fault.or_else(|| cause.downcast_ref::<api::Error>().map(api::Error::exit))
    };
    err.chain().find_map(exit).unwrap_or(Exit::Unavailable)
}

/// The hint of an error: that of the first cause that has one.
pub fn hint_of(err: &anyhow::Error) -> Option<String> {
    err.chain().find_map(|cause| {
        let of_fault = cause.downcast_ref::<Fault>().and_then(|fault| fault.hint_text());
        let of_fault = of_fault.map(str::to_owned);
        of_fault.or_else(|| cause.downcast_ref::<api::Error>().and_then(api::Error::hint))
    })
}

#[cfg(test)]
mod tests {
    use super::{exit_of, hint_of};
    use crate::exit::{Exit, Fault, one_line};
    use anyhow::Context as _;

    #[test]
    fn the_first_cause_with_a_code_decides() {
        let err = Err::<(), _>(Fault::new(Exit::Busy, "lock held").hint("run it again"))
            .context("opening the state file")
            .unwrap_err();
        assert_eq!(exit_of(&err), Exit::Busy);
        assert_eq!(hint_of(&err).as_deref(), Some("run it again"));
        assert_eq!(one_line(&err), "opening the state file: lock held");
    }

    #[test]
    fn an_error_of_the_machine_means_that_nothing_was_done() {
        let err = anyhow::Error::new(std::io::Error::other("disk full")).context("writing");
        assert_eq!(exit_of(&err), Exit::Unavailable);
        assert_eq!(hint_of(&err), None);
    }
}
