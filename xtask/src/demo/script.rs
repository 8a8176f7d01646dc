//! The people in the story, and what the stub agent replies.

use harness::{AgentReply, RecordedTurn};

/// The owner's name, as the config has it.
pub(super) const OWNER: &str = "Mara";
/// The agent's name.
pub(super) const AGENT: &str = "Finn";

/// What is asked, and what the agent answers to whatever ends so.
const LINES: [(&str, &str); 3] = [
    ("What is on my calendar today?", "Two meetings: the dentist at ten, and Anna at three."),
    ("Delete the old backups.", "The three backups from last year are deleted."),
    ("Are you there?", "Yes, I am. How can I help?"),
];

/// The question that starts no argument.
pub(super) const QUESTION: &str = LINES[0].0;
/// Its answer.
pub(super) const ANSWER: &str = LINES[0].1;
/// What must not be done without asking.
pub(super) const SENSITIVE: &str = LINES[1].0;
/// The agent's reply once it was done.
pub(super) const DONE: &str = LINES[1].1;
/// What a stranger texts.
pub(super) const TEXT: &str = LINES[2].0;
/// What goes back to the stranger.
pub(super) const TEXT_BACK: &str = LINES[2].1;

/// The agent of the stub gateway.
pub(super) fn agent(turn: &RecordedTurn) -> AgentReply {
    let is_asked = |(question, _): &&(&str, &str)| turn.message.contains(question);
    AgentReply::from(LINES.iter().find(is_asked).map_or("I have no idea.", |(_, answer)| *answer))
}
