//! The gateway line beside a service and a gateway with a gate.

use crate::torture::line;
use crate::torture::part::{Body, Part};

/// One request after the other, each with a deed that the gate holds.
pub(super) const PART: Part = Part {
    name: "line",
    about: "The gateway line: deeds that the gate holds, with drops of both sockets and restarts of the gateway",
    body: Body::Line(line::torture),
};
