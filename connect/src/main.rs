//! Placeholder until the first command lands.

#[cfg_attr(not(test), expect(dead_code, reason = "the run loop that uses it lands next"))]
mod message;
#[cfg_attr(not(test), expect(dead_code, reason = "the run loop that uses it lands next"))]
mod speech;
#[cfg_attr(not(test), expect(dead_code, reason = "the run loop that uses it lands next"))]
mod words;

fn main() {}
