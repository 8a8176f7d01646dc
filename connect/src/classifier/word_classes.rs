//! The closed classes of English: the small words by which a sentence shows its shape.

use memchr::memmem;

/// Whether `word` is in `list`. Asked a hundred and fifty times for a request of six words, which must not be felt beside
/// the turn.
pub(super) fn is(list: impl WordSet, word: &str) -> bool {
    list.have(word)
}

/// Words separated by blanks, as a text or as a prepared [`WordList`].
pub(super) trait WordSet {
    /// Whether `word` is one of them.
    fn have(self, word: &str) -> bool;
}

impl WordSet for &str {
    fn have(self, word: &str) -> bool {
        let list = self.as_bytes();
        let is_blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        !word.is_empty()
            && memmem::find_iter(list, word).any(|at| {
                is_blank(at.checked_sub(1).map(|before| &list[before]))
                    && is_blank(list.get(at + word.len()))
            })
    }
}

/// A list that is asked often: which lengths its words have, by their first letter, tells most words from it.
pub(super) struct WordList {
    pub(super) words: &'static str,
    /// A bit for each length; the last letter stands for all bytes that are none.
    lengths: [u32; 27],
}

impl WordList {
    /// The list of these words.
    pub(super) const fn of(words: &'static str) -> Self {
        let (bytes, mut lengths) = (words.as_bytes(), [0; 27]);
        let (mut at, mut start) = (0, 0);
        while at <= bytes.len() {
            if at == bytes.len() || bytes[at].is_ascii_whitespace() {
                if at > start {
                    lengths[letter(bytes[start])] |= length(at - start);
                }
                start = at + 1;
            }
            at += 1;
        }
        Self { words, lengths }
    }
}

impl WordSet for &WordList {
    fn have(self, word: &str) -> bool {
        let Some(first) = word.bytes().next() else { return false };
        self.lengths[letter(first)] & length(word.len()) != 0 && self.words.have(word)
    }
}

const fn letter(byte: u8) -> usize {
    if byte.is_ascii_lowercase() { (byte - b'a') as usize } else { 26 }
}

const fn length(length: usize) -> u32 {
    1 << if length < 31 { length } else { 31 }
}

/// Words that may stand before an instruction without changing it.
pub(super) const FILLERS: &WordList = &WordList::of(
    "hey hi hello yo oh ok okay alright right well so yes yeah yep yup sure no \
    nope nah thanks sorry actually basically anyway anyways also and then but plus or now next first second \
    third finally lastly again please kindly just maybe perhaps instead otherwise else buddy dude man mate \
    bro pal friend assistant computer robot bot sir honey dear quickly great perfect cool good fine nice \
    awesome excellent lovely absolutely definitely besides afterwards afterward meanwhile simply therefore \
    thus still quick wait there guys agent urgent immediately",
);

/// Words that make one verb with the next ("factory reset the tablet", "mass email the list").
pub(super) const COMPOUNDS: &WordList = &WordList::of(
    "factory force hard soft bulk batch mass group cold video direct instant double auto \
    blind power speed live cross pre back e",
);

/// Greetings after which an unknown word or two is the agent's name.
pub(super) const GREETINGS: &WordList = &WordList::of("hey hi hello yo ok okay oh dear morning");

/// Adverbs that may stand between a verb and what governs it. Words in `-ly` count too.
pub(super) const ADVERBS: &WordList = &WordList::of(
    "just also now then please kindly maybe perhaps really still always ever \
    instead soon again even only simply quickly first next right away go ahead either both already somehow \
    possibly better rather all finally too asap once",
);

/// Words of time. A run of them with its small words is skipped as a whole.
pub(super) const TIMES: &WordList = &WordList::of(
    "today tomorrow tonight yesterday monday tuesday wednesday thursday friday \
    saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays morning noon midday \
    midnight evening afternoon night week weekend month year day days weeks months years hour hours minute \
    minutes seconds am pm oclock later lunch breakfast dinner lunchtime bedtime january february april june \
    july august september october november december sunset sunrise dawn dusk christmas easter eod \
    immediately weekday weekdays mornings evenings nights while moment sharp half quarter past",
);

/// Small words inside a run of time: "by the end of the day", "in about ten minutes".
pub(super) const TIME_JOINTS: &WordList = &WordList::of(
    "at on in by after before around about this next every each the first \
    last until till from end of a an thing another within for during other early late coming couple",
);

pub(super) const SUBJECTS: &WordList =
    &WordList::of("i he she they it who we which that whoever nobody everyone");
pub(super) const SOMEONE: &WordList = &WordList::of("someone somebody anyone anybody");
pub(super) const OBJECTS: &WordList = &WordList::of(
    "it him her them this that these those everyone everybody everything \
    somebody someone anyone anything something whoever whatever one",
);
pub(super) const DETERMINERS: &WordList = &WordList::of(
    "the a an this that these those every each all some any both another no \
    either which what whose half several many few enough",
);
pub(super) const POSSESSIVES: &WordList = &WordList::of("my your his her its our their");
pub(super) const MODALS: &WordList =
    &WordList::of("can could will would shall should must may might");
pub(super) const BE: &WordList = &WordList::of("is are am was were be been being");
pub(super) const DO: &WordList = &WordList::of("do does did");
pub(super) const HAVE: &WordList = &WordList::of("have has had");
pub(super) const QUESTION_WORDS: &WordList =
    &WordList::of("what who whom whose which where when why how");

/// Words that open a condition or another clause under the main one.
pub(super) const CONDITIONS: &WordList = &WordList::of(
    "if unless once until after before as whenever while because since \
    although though assuming provided when should given suppose where every",
);

/// Words after which a verb has a subject of its own, so that it orders nothing.
pub(super) const EMBEDDERS: &WordList = &WordList::of(
    "if when how why what who whom whether that which where because since \
    while before after until unless as whose than think thinks thought know knows knew say says said believe \
    heard hear guess feel assume see saw watch seen noticed notice told tell mean means asked saying called \
    titled named for let lets make made",
);

/// Prepositions after which a word is a noun.
pub(super) const STRICT_PREPOSITIONS: &WordList = &WordList::of(
    "of for with about from at by into than between against without \
    during like per regarding under onto via called named titled saying says say said",
);

/// Particles: they can end a clause, and a verb can go on after them.
pub(super) const PARTICLES: &WordList =
    &WordList::of("in on off out up down over back away through to");

/// Adjectives that stand before a noun which is spelled like a verb ("the last email").
pub(super) const MODIFIERS: &WordList = &WordList::of(
    "last latest new newest old oldest recent first second third next unread \
    important urgent missed previous same other long short good best big total open current own final \
    incoming outgoing online most many bank pending own favorite top quick whole entire upcoming daily \
    weekly monthly overdue unpaid group phone video conference audio spam push sales purchase work business \
    personal credit debit wire money",
);

/// After these a new sentence often begins without a separator: "I'm running late text Anna".
pub(super) const STATES: &WordList = &WordList::of(
    "late sick ill busy done ready tired home here there back stolen lost broken \
    dead empty cold hot stuck over out in on off up down cancelled canceled finished gone full wrong low \
    early fine ok okay away asleep safe free open available confirmed approved",
);

/// People who are reached by a word instead of a name.
pub(super) const PEOPLE: &WordList = &WordList::of(
    "mom mum dad mother father grandma grandpa boss wife husband everyone \
    everybody someone somebody people staff team security support reception clients customers management \
    police accounting legal hr",
);

/// Words that make the noun before them a thing to be read: "order status", "call history".
pub(super) const INFORMATION: &WordList = &WordList::of(
    "status history info information number numbers price prices date dates \
    time times log logs count level levels rate rates limit limits fee fees deadline details detail \
    deadlines policy policies recommendation recommendations review reviews conflict conflicts volume total \
    totals id reference schedule statistics stats size sizes thread threads subject address addresses code \
    codes type types title titles form form list lists forms format settings option options template templates balance value \
    values trends confirmation summary club notes stub stubs raise gap queue duration quality center centre \
    tracking arrival volumes news screen notifications notification button process procedure instructions \
    function feature command key keys machine mortem office holder holders language slip wars war deficit \
    secretary requests message messages transcript transcripts recording recordings pending due yet received arrived failed",
);

/// A number in figures or words, or an amount.
pub(super) fn number(word: &str) -> bool {
    const NUMBERS: &WordList = &WordList::of(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen \
        fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty \
        ninety hundred thousand million dozen couple twice",
    );
    let digits = word.trim_start_matches('$');
    digits.starts_with(|c: char| c.is_ascii_digit()) || is(NUMBERS, word)
}

/// Owns what follows: "my", "bob's".
pub(super) fn possessive(word: &str) -> bool {
    is(POSSESSIVES, word) || word.ends_with("'s") || word.ends_with("s'")
}

/// An adverb by list or by its ending.
pub(super) fn adverb(word: &str) -> bool {
    const NOT: &WordList = &WordList::of("reply apply supply rely fly family july italy early");
    is(ADVERBS, word) || word.len() > 4 && word.ends_with("ly") && !is(NOT, word)
}
