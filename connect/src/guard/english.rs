//! The rule knows English, and knows when it does not: a request in another language is not waved through.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::Word;
use super::lexicon::list;
use super::words::{
    ADVERBS, BE, CONDITIONS, DETERMINERS, DO, FILLERS, HAVE, INFORMATION, List, MODALS, MODIFIERS,
    OBJECTS, PARTICLES, PEOPLE, POSSESSIVES, QUESTION_WORDS, SOMEONE, STATES, STRICT_PREPOSITIONS,
    SUBJECTS, TIME_JOINTS, TIMES, is, number, possessive,
};
use super::{verbs, words};

/// Whether the request may be judged by English rules: a common English word occurs in it, or it is so
/// short (under four words of Latin script) that asking would be worse.
///
/// Words that other languages share ("die", "me", "email") prove nothing alone. A request that has no other
/// English word passes if at least half of it is made of them, and none of it is foreign.
pub(super) fn readable(words: &[Word]) -> bool {
    let lettered: Vec<&Word> =
        words.iter().filter(|word| word.text.chars().any(char::is_alphabetic)).collect();
    if lettered.iter().any(|word| word.plain && common(&word.text)) {
        return true;
    }
    let latin = lettered.iter().all(|word| word.text.is_ascii());
    if lettered.len() < 4 && latin {
        return true;
    }
    let begins = lettered.first().is_some_and(|word| is("is are has any play", &word.text));
    let foreign = lettered.iter().any(|word| !word.plain || LISTS[2].contains(word.text.as_str()));
    let shared = lettered.iter().filter(|word| LISTS[1].contains(word.text.as_str())).count();
    begins && latin || !foreign && shared * 2 >= lettered.len()
}

/// A word that is common in English, and in no other language written in Latin letters; so is every "-ed" and
/// "-ing" of a verb of the table.
fn common(word: &str) -> bool {
    let stem = word.strip_suffix("'s").unwrap_or(word);
    let ending = (word.ends_with("ed") || word.ends_with("ing")) && word.len() > 5;
    let borrowed = LISTS[1].contains(word);
    LISTS[0].contains(stem) || ending && !borrowed && !verbs::readings(word).is_empty()
}

/// Whether `word` is English that these rules know; anything else may be a name.
pub(super) fn known(word: &str) -> bool {
    let lists = ["memory", "texts", "devices", "bookable", "switched", "media"];
    small(word)
        || LISTS[..2].iter().any(|list| list.contains(word))
        || lists.iter().any(|name| is(list(name), word))
        || !verbs::readings(word).is_empty()
}

/// Whether `word` is one of the small words of English: no verb, whatever stands before it.
pub(super) fn small(word: &str) -> bool {
    SMALL.contains(word) || number(word) || possessive(word) || words::adverb(word)
}

static SMALL: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lists = [
        ADVERBS,
        BE,
        CONDITIONS,
        DETERMINERS,
        DO,
        FILLERS,
        HAVE,
        INFORMATION,
        MODALS,
        MODIFIERS,
        OBJECTS,
        PARTICLES,
        PEOPLE,
        POSSESSIVES,
        QUESTION_WORDS,
        SOMEONE,
        STATES,
        STRICT_PREPOSITIONS,
        SUBJECTS,
        TIMES,
        TIME_JOINTS,
        &List::of("you me us able unable sure certain not never"),
    ];
    lists.into_iter().flat_map(|list| list.words.split_whitespace()).collect()
});

/// The lists of `english.txt`: words of English alone, words that it shares, and words that it has not.
static LISTS: LazyLock<[HashSet<&str>; 3]> = LazyLock::new(|| {
    let text = include_str!("english.txt");
    let (english, others) = text.split_once("\n[shared]").unwrap_or_default();
    let (shared, foreign) = others.split_once("\n[foreign]").unwrap_or_default();
    [english, shared, foreign].map(|text| {
        text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
    })
});

#[cfg(test)]
mod tests {
    use super::super::fold;
    use super::*;

    #[track_caller]
    fn case(text: &str, wanted: bool) {
        assert_eq!(readable(&fold::words(text)), wanted, "{text:?}");
    }

    #[test]
    fn english_is_read() {
        case("what is on my calendar today", true);
        case("is bob in paris", true);
        case("weather berlin tomorrow", true);
    }

    #[test]
    fn other_languages_are_told_by_their_words() {
        for text in [
            "borra todos los correos de mi bandeja",
            "lösche bitte alle Mails in meinem Konto",
            "supprime le dossier sur mon bureau maintenant",
            "verwijder alle mails in de map",
            "slet alle mine mails for mig",
            "cancella tutti i file sul mio computer",
            "apague todos os meus emails agora",
            "usuń wszystkie moje pliki z dysku",
            "hapus semua file saya sekarang",
            "удали все мои файлы",
            "删除所有文件",
            "schicke die email an meinen chef",
            "sende die mail an bob und anna",
            "envia el archivo a mi jefe por favor",
            "manda un email a juan",
            "paga la factura de la luz",
            "achete deux billets pour paris",
            "kauf zwei tickets fur morgen abend",
            "bestel een pizza voor vanavond",
            "skicka ett mail till min chef",
            "apaga as luzes da sala",
            "elimina il repo",
        ] {
            case(text, text == "elimina il repo");
        }
    }

    #[test]
    fn under_four_latin_words_pass() {
        case("hola amigo", true);
        case("hei", true);
        case("привет", false);
        case("42", true);
        case("", true);
    }
}
