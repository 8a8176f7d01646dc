//! Placeholder until the first task lands.

fn main() {}
