//! Tells whether a request is English. In another language the rules see no verbs, so it counts as sensitive.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::tokenize::WordToken;
use super::verb_table::list;
use super::word_classes::{
    ADVERBS, BE, CONDITIONS, DETERMINERS, DO, FILLERS, HAVE, INFORMATION, MODALS, MODIFIERS,
    OBJECTS, PARTICLES, PEOPLE, POSSESSIVES, QUESTION_WORDS, SOMEONE, STATES, STRICT_PREPOSITIONS,
    SUBJECTS, TIME_JOINTS, TIMES, WordList, is, number, possessive,
};
use super::{morphology, word_classes};

/// Whether English rules apply to the request: a common English word occurs in it, or it is so short (under four
/// words of Latin script) that an approval would be the greater nuisance.
///
/// Words that other languages share ("die", "me", "email") prove nothing alone. A request that has no other
/// English word passes if at least half of it is made of them, and none of it is foreign.
pub(super) fn is_english(words: &[WordToken]) -> bool {
    let lettered: Vec<&WordToken> =
        words.iter().filter(|word| word.text.chars().any(char::is_alphabetic)).collect();
    if lettered.iter().any(|word| word.is_ascii && common(&word.text)) {
        return true;
    }
    let latin = lettered.iter().all(|word| word.text.is_ascii());
    if lettered.len() < 4 && latin {
        return true;
    }
    let begins = lettered.first().is_some_and(|word| is("is are has any play", &word.text));
    let foreign =
        lettered.iter().any(|word| !word.is_ascii || LISTS[2].contains(word.text.as_str()));
    let shared = lettered.iter().filter(|word| LISTS[1].contains(word.text.as_str())).count();
    begins && latin || !foreign && shared * 2 >= lettered.len()
}

/// A word that is common in English, and in no other language written in Latin letters; so is every "-ed" and
/// "-ing" of a verb of the table.
fn common(word: &str) -> bool {
    let stem = word.strip_suffix("'s").unwrap_or(word);
    let ending = (word.ends_with("ed") || word.ends_with("ing")) && word.len() > 5;
    let borrowed = LISTS[1].contains(word);
    LISTS[0].contains(stem) || ending && !borrowed && !morphology::readings(word).is_empty()
}

/// Whether these rules know `word`; any other may be a name.
pub(super) fn is_known_word(word: &str) -> bool {
    let lists = ["memory", "texts", "devices", "bookable", "switched", "media"];
    is_function_word(word)
        || LISTS[..2].iter().any(|list| list.contains(word))
        || lists.iter().any(|name| is(list(name), word))
        || !morphology::readings(word).is_empty()
}

/// Whether `word` is one of the small words of English: never a verb, whatever stands before it.
pub(super) fn is_function_word(word: &str) -> bool {
    SMALL.contains(word) || number(word) || possessive(word) || word_classes::adverb(word)
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
        &WordList::of("you me us able unable sure certain not never"),
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
    use super::super::tokenize;
    use super::*;

    #[track_caller]
    fn case(text: &str, wanted: bool) {
        assert_eq!(is_english(&tokenize::tokenize(text)), wanted, "{text:?}");
    }

    #[test]
    fn english_is_read() {
        case("what is on my calendar today", true);
        case("is bob in paris", true);
        case("weather berlin tomorrow", true);
    }

    #[test]
    fn other_languages_are_recognised_by_their_words() {
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
