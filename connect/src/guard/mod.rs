//! The guard: what is asked about before it reaches the agent, and the only way past it (spec 3).

pub(crate) mod case;
pub(crate) mod classify;
mod clause;
mod english;
mod fold;
mod governor;
mod idioms;
mod juxtaposed;
mod lexicon;
mod mood;
mod noun;
mod object;
mod results;
pub(crate) mod rules;
mod shortened;
mod spoken;
mod stranger;
mod verbs;
mod words;
mod yes;

pub(crate) use state::guard as policy;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod phrases;
