//! Phrases in which a verb of the table does nothing: "give it a try", "pay attention".

use std::collections::HashMap;
use std::sync::LazyLock;

use super::clause::Clause;

/// Whether an idiom begins at `at`.
pub(super) fn idiom(clause: &Clause, at: usize) -> bool {
    let phrases = BY_FIRST_WORD.get(clause.at(at)).map_or(&[][..], Vec::as_slice);
    phrases.iter().any(|phrase| {
        let mut parts = phrase.split(' ').zip(at..);
        parts.all(
            |(part, i)| if part == "$" { clause.at(i).is_empty() } else { clause.at(i) == part },
        )
    })
}

static BY_FIRST_WORD: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut phrases: HashMap<&str, Vec<&str>> = HashMap::new();
    for phrase in IDIOMS.lines().flat_map(|line| line.split('|')).map(str::trim) {
        let first = phrase.split(' ').next().unwrap_or_default();
        phrases.entry(first).or_default().push(phrase);
    }
    phrases.remove("");
    phrases
});

/// Separated by `|` or lines; `$` is the end of the clause.
const IDIOMS: &str = "
    give it a try|give it a shot|give it a go|give it a rest|give it a thought|give it a minute|call it a day
    call it a night|call it quits|pay attention|move on|drop it $|drop that $|drop the subject
    drop the topic|cut it out|cut to the|cut the crap|start with|start over|start from
    start by|start reading|start again|stop there|update me|open to|close to
    close enough|clear as|make sure|run me through|run through|run it by|copy that
    put it in|put that in|put together|mark my words|hit me|fire away|shoot me
    text to speech|change the subject|change the topic|change of|change your mind|change my mind|switch to english
    set aside|stop it $|stop that $|stop this $|run that by|run this by|charge to|check in my|follow me|post haste|empty handed|order of
    split it|say that|say it|say something|say to me|add up
    add it up|add them up|add those|add these|ring a bell|save the date|start the story
    talk to me|speak to me|chat with me|meet with me|plan with me|answer me|wire me
    pass on that|kill time|park it|table it|cover for|end up|hold on
    break it down|break down|break that down|break this down|pull up|bring up|bring it up
    take out of context|return to|confirm with me|let me|let us know|let it be|let it go
    move to the next|move to next|move onto|move forward|move back to|set up an alarm|set up a reminder|set up alarm
    set up a timer|double check|pin point|do it yourself|call my name|tell you|talk to you|speak to you|chat with you
    bring me up to speed|fill me in|clue me in|loop me in|keep me|check it out|check that out|check this out|check out the
    pay heed|take a break|take your time|lock screen|post op|start off with|put on a happy face
    turn in early|close by|shut up|cut to|make do|set me straight|answer that|answer this|report back to me
    do not|do you|do i|do we|do they
";
