//! The verbs that act: reads `words/verbs.txt`, which says what each does and when.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::word_classes::WordList;
use super::words::logical_lines;

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionClass {
    /// Deletes, wipes, drops.
    Destroys,
    /// Sends something to somebody, or says something to them.
    Sends,
    /// Puts something before the public.
    Publishes,
    /// Pays, transfers, sells.
    Pays,
    /// Buys, orders, rents.
    Buys,
    /// Books, schedules, moves an appointment.
    Books,
    /// Deploys, installs, runs a change.
    Deploys,
    /// Gives rights or access.
    Grants,
    /// Signs, accepts or declines in the owner's name.
    Signs,
    /// Cancels or ends.
    Cancels,
    /// Invites others.
    Invites,
    /// Creates or changes things outside.
    Changes,
    /// Calls somebody.
    Calls,
    /// Switches, opens or unlocks things.
    Switches,
}

impl ActionClass {
    const ALL: [(&str, Self, &str); 14] = [
        ("destroys", Self::Destroys, "deletes or destroys something"),
        ("sends", Self::Sends, "sends something to somebody"),
        ("publishes", Self::Publishes, "publishes something"),
        ("pays", Self::Pays, "pays or sells"),
        ("buys", Self::Buys, "buys something"),
        ("books", Self::Books, "books or reschedules"),
        ("deploys", Self::Deploys, "deploys or runs something"),
        ("grants", Self::Grants, "gives access or permission"),
        ("signs", Self::Signs, "signs, accepts or declines"),
        ("cancels", Self::Cancels, "cancels or ends something"),
        ("invites", Self::Invites, "invites somebody"),
        ("changes", Self::Changes, "creates or changes something"),
        ("calls", Self::Calls, "calls somebody"),
        ("switches", Self::Switches, "switches or unlocks something"),
    ];

    /// What it does, for people: "deletes or destroys something".
    pub(crate) fn description(self) -> &'static str {
        Self::ALL.iter().find(|entry| entry.1 == self).map_or("acts", |entry| entry.2)
    }
}

/// When a verb of the table acts. The words are lists separated by blanks, the phrases by `|`.
#[derive(Clone, Copy, Debug)]
pub(super) enum VerbCondition {
    /// Always.
    Any,
    /// Not with one of these in its object.
    Unless(&'static str),
    /// Not with one of these in its object, or in what it is put into ("… to my shopping list").
    Into(&'static str),
    /// Only with one of these later in the clause.
    Only(&'static str),
    /// Only with one of these in its object.
    ObjectKind(&'static str),
    /// Only with one of these particles, next or behind the object.
    With(&'static str),
    /// Only with one of these phrases right behind it.
    Then(&'static str),
}

/// One line of the table.
pub(super) struct VerbRow {
    /// `None` for verbs that only look and talk.
    pub(super) does: Option<ActionClass>,
    pub(super) verbs: &'static str,
    pub(super) when: VerbCondition,
}

/// The table as it is used.
struct VerbTable {
    rows: Vec<VerbRow>,
    lists: HashMap<&'static str, WordList>,
}

/// All lines of the table.
pub(super) fn rows() -> &'static [VerbRow] {
    &TABLE.rows
}

/// The words of a named list: "bookable", "switched".
pub(super) fn list(name: &str) -> &'static WordList {
    const NONE: &WordList = &WordList::of("");
    TABLE.lists.get(name).unwrap_or(NONE)
}

static TABLE: LazyLock<VerbTable> = LazyLock::new(|| {
    read(include_str!("words/verbs.txt"))
        .expect("the table is part of the program, and a test reads it")
});

/// Reads the table. Fails for a line that is none of it.
fn read(text: &'static str) -> Result<VerbTable, String> {
    let mut table = VerbTable { rows: Vec::new(), lists: HashMap::new() };
    let mut class = None;
    for line in logical_lines(text) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            class = ActionClass::ALL.iter().find(|entry| entry.0 == name).map(|entry| entry.1);
            if class.is_none() && name != "harmless" {
                return Err(format!("no class `{name}`"));
            }
        } else if let Some((name, words)) =
            line.strip_prefix('$').and_then(|line| line.split_once(" = "))
        {
            table.lists.insert(name, WordList::of(words));
        } else {
            let (condition, verbs) =
                line.split_once(':').ok_or_else(|| format!("no `:` in `{line}`"))?;
            let (kind, words) = condition.split_once(' ').unwrap_or((condition, ""));
            let when = when(kind, whole(words, &table.lists)?)?;
            table.rows.push(VerbRow { does: class, verbs, when });
        }
    }
    Ok(table)
}

/// A list with the words of the lists that it names ("it that $media").
fn whole(words: &'static str, lists: &HashMap<&str, WordList>) -> Result<&'static str, String> {
    if !words.contains('$') {
        return Ok(words);
    }
    let entry = |word: &'static str| match word.strip_prefix('$') {
        Some(name) => {
            lists.get(name).map(|list| list.words).ok_or_else(|| format!("no list `{name}`"))
        }
        None => Ok(word),
    };
    let words: Result<Vec<&str>, String> = words.split_whitespace().map(entry).collect();
    // The table is read once and kept as long as the program runs.
    Ok(words?.join(" ").leak())
}

/// A condition, by its first word.
fn when(kind: &str, words: &'static str) -> Result<VerbCondition, String> {
    Ok(match kind {
        "any" => VerbCondition::Any,
        "unless" => VerbCondition::Unless(words),
        "into" => VerbCondition::Into(words),
        "only" => VerbCondition::Only(words),
        "object" => VerbCondition::ObjectKind(words),
        "with" => VerbCondition::With(words),
        "then" => VerbCondition::Then(words),
        _ => return Err(format!("no condition `{kind}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::word_classes::is;
    use super::*;

    #[test]
    fn the_table_is_readable_and_every_class_has_verbs() {
        let table = read(include_str!("words/verbs.txt")).unwrap();
        for (name, class, _) in ActionClass::ALL {
            assert!(table.rows.iter().any(|row| row.does == Some(class)), "{name}");
        }
        assert!(table.rows.iter().any(|row| row.does.is_none()));
        assert!(is(list("bookable"), "taxi") && is(list("switched"), "lights"));
    }
}
