//! Decides whether a request acts, and so needs the owner's approval. Pure: text in, [`Classification`] out.
//!
//! The files in the order in which a request passes through them, and what each adds:
//!
//! 1. [`tokenize`]: plain lower-case words and the stops between them, so that no spelling hides a verb.
//! 2. [`normalize`]: regular English.
//! 3. [`owner_phrases`]: a phrase of `guard.patterns` makes the request sensitive at once; words that a phrase of
//!    `guard.harmless` covers are not held against it.
//! 4. [`split_clauses`]: cuts the request into [`clause`]s, and asks [`mood`] what kind each is.
//! 5. [`classify`](mod@classify) looks at each verb of each clause (and only here the answers come together):
//!    - [`morphology`] finds the verb in a word, by [`verb_table`], which says what it does and when;
//!    - [`noun_or_verb`] tells it from the noun that is spelled alike, [`idioms`] from a phrase that does nothing;
//!    - [`imperative`] tells whether it is ordered; [`run_on`] does for an order without a stop before it;
//!    - [`object`] tells whether it acts on what follows, [`address`] whether that goes elsewhere than to the owner;
//!    - [`passives`], [`gerunds`] and [`elliptical`] find orders that use no imperative, some by a [`wish`];
//!    - [`unsaid`] finds orders that do not say what is done.
//! 6. [`english`]: a request that is not English is sensitive, unless phrases of `guard.harmless` cover all of it.
//!
//! A stranger's words go through step 5 once more, after [`first_person`] has put somebody else in the place of "me".
//! [`word_classes`] holds the small words of English that all of them ask for. What is a list of words is in `words/*.txt`,
//! read by [`words`]; `cargo xtask classifier` measures what each part is worth.

mod address;
mod classify;
mod clause;

mod elliptical;
mod english;
mod first_person;
mod gerunds;
mod idioms;
mod imperative;
mod mood;
mod morphology;
mod normalize;
mod noun_or_verb;
mod object;
mod owner_phrases;
mod passives;
mod run_on;
mod split_clauses;
mod tokenize;
mod unsaid;
mod verb_table;
mod wish;
mod word_classes;
mod words;

pub(crate) use classify::{Classification, SensitiveReason, classify, classify_strangers};
pub(crate) use tokenize::plain_words;

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod tests;
