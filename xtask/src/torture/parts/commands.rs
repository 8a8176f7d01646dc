//! Every other command that changes something.

use harness::RequestFault;

use crate::torture::harm::{Conditions, Harm, ServiceAnswer};
use crate::torture::part::{Body, Commands, Part};
use crate::torture::rounds::{approvals, lists, missions, reaching_line, setup, state_files};

/// What is done to commands, and how the service answers them.
pub(super) const HARMS: &[(u64, Harm)] =
    &[(75, Harm::Kill), (5, Harm::Stop), (5, Harm::Sleep), (5, Harm::Files), (10, Harm::Nothing)];
const ANSWERS: &[(u64, ServiceAnswer)] = &[
    (25, ServiceAnswer::Lost),
    (8, ServiceAnswer::Fault(RequestFault::Torn)),
    (8, ServiceAnswer::Fault(RequestFault::Cut)),
    (25, ServiceAnswer::LATE),
    (20, ServiceAnswer::Foreign),
    (14, ServiceAnswer::Own),
];

pub(super) const CONDITIONS: Conditions =
    Conditions { harms: HARMS, answers: ANSWERS, periods: 10 };

pub(super) const PART: Part = Part {
    name: "commands",
    about: "Every other command that changes something: call, sms, approval, dnc, cron, a mission's end, import, recover, setup and uninstall",
    body: Body::Commands(Commands {
        rounds: &[
            (8, reaching_line::call),
            (8, reaching_line::text),
            (4, approvals::approval),
            (4, lists::do_not_call),
            (4, lists::crontab),
            (4, missions::at_once),
            (4, state_files::remove),
            (4, state_files::recover),
            (1, setup::machine),
        ],
        conditions: CONDITIONS,
        batch: 40,
        ..Commands::USUAL
    }),
};
