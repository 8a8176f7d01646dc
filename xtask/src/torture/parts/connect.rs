//! `connect` beside a service, a gateway and callers.

use crate::torture::client::disturbances::Disturbance as D;
use crate::torture::client::{Living, Way};
use crate::torture::harm::Harm;
use crate::torture::part::{Body, Part};

/// Under kills, during a stream of requests.
pub(super) const KILLS: Part = Part {
    name: "connect",
    about: "The client, during a stream of requests: killed, stopped, asleep, its files taken away, answered by somebody else",
    body: Body::Client(Living {
        way: Way::Dies(&[(80, Harm::Kill), (8, Harm::Stop), (6, Harm::Sleep), (6, Harm::Files)]),
        callers: 1,
        pause: 60,
        between: (50, 1_500),
        disturbances: &[
            (8, D::Drop),
            (2, D::Close),
            (4, D::Gateway),
            (2, D::Drain),
            (3, D::Foreign),
            (3, D::Refuse),
            (2, D::NoPongs),
            (1, D::Mute),
            (3, D::Owner),
        ],
    }),
};

/// A long time without a kill.
pub(super) const SOAK: Part = Part {
    name: "soak",
    about: "The client for as long as `--seconds` says, not killed but with drops, a failing gateway, 200 turns at once and floods of frames: does it grow? (only when named)",
    body: Body::Client(Living {
        way: Way::Grows,
        callers: 5,
        pause: 1_500,
        between: (5_000, 20_000),
        disturbances: &[
            (8, D::Drop),
            (2, D::Close),
            (3, D::Gateway),
            (1, D::Drain),
            (1, D::Crowd),
            (1, D::Flood),
        ],
    }),
};
