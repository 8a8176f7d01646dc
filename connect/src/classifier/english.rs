//! Tells whether a request is English. In another language the rules see no verbs, so it counts as sensitive.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::tokenize::WordToken;
use super::verb_table::list;
use super::word_classes::{
    ADVERBS, BE, CONDITIONS, DETERMINERS, DO, FILLERS, HAVE, IN_NAMES, INFORMATION, MODALS,
    MODIFIERS, OBJECTS, PARTICLES, PEOPLE, POSSESSIVES, QUESTION_WORDS, SOMEONE, STATES,
    STRICT_PREPOSITIONS, SUBJECTS, TIME_JOINTS, TIMES, is, number, possessive,
};
use super::words::{self, Words};
use super::{morphology, word_classes};

/// Whether English rules apply to the request: a common English word occurs in it, or it is so short (under four words of
/// Latin script) that it is a name or an answer, and has no order of another language in it.
///
/// Words that other languages share ("die", "me", "email") prove nothing alone. A request that has no other English word
/// passes if none of it is foreign and it begins with a verb that only looks, or at least half of it is made of them.
pub(super) fn is_english(words: &[WordToken]) -> bool {
    let lettered: Vec<&WordToken> =
        words.iter().filter(|word| word.text.chars().any(char::is_alphabetic)).collect();
    if lettered.iter().any(|word| word.is_ascii && common(&word.text)) {
        return true;
    }
    let latin = lettered.iter().all(|word| word.text.is_ascii());
    if lettered.len() < 4 && latin {
        return !lettered.iter().enumerate().any(|(at, word)| foreign_order(word, at));
    }
    let first = lettered.iter().find(|word| !is(FILLERS, &word.text));
    // "find John Smith", "define racism": orders that act are found elsewhere.
    let begins = first.is_some_and(|word| is("is are has any", &word.text) || looks(&word.text));
    let foreign =
        lettered.iter().any(|word| !word.is_ascii || LISTS[2].contains(word.text.as_str()));
    let shared = lettered.iter().filter(|word| LISTS[1].contains(word.text.as_str())).count();
    !foreign && (begins && latin || shared * 2 >= lettered.len())
}

/// A verb of the table that only looks or talks.
fn looks(word: &str) -> bool {
    let readings = morphology::readings(word);
    morphology::is_base(word) && readings.iter().all(|reading| reading.row.does.is_none())
}

/// Whether the word orders something in another language, or is a small word of one that stands in no name ("de", "la").
fn foreign_order(token: &WordToken, at: usize) -> bool {
    let word = token.text.as_str();
    let ordered = |entry: &&str| {
        entry.strip_suffix('*').map_or(*entry == word, |stem| word.starts_with(stem))
    };
    LISTS[3].iter().any(ordered)
        || at > 0 && !token.in_question && LISTS[2].contains(word) && !is(IN_NAMES, word)
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
    let lists = ["memory", "texts", "devices", "bookable", "deeds", "switched", "states", "media"];
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
    ];
    let small = lists.into_iter().flat_map(|list| list.words.split_whitespace());
    small.chain("you me us able unable sure certain not never".split(' ')).collect()
});

/// The lists of `words/english.txt`: words of English alone, words that it shares, words that it has not, and orders in those.
static LISTS: LazyLock<[HashSet<&str>; 4]> = LazyLock::new(|| {
    let lists: Words = words::entries(include_str!("words/english.txt")).collect();
    ["english", "shared", "foreign", "orders"]
        .map(|name| lists.get(name).copied().unwrap_or_default().split_whitespace().collect())
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
        case("find john smith in contacts", true);
        case("please define institutional racism", true);
        case("compare renault clio versus peugeot", true);
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
            case(text, false);
        }
    }

    #[test]
    fn under_four_latin_words_pass_if_they_order_nothing() {
        for text in [
            "hola amigo",
            "Los Angeles",
            "Jean Dupont",
            "Vincent van Gogh",
            "gracias",
            "¿qué hora es?",
            "danke",
            "lasagne",
        ] {
            case(text, true);
        }
        for text in [
            "lösche alles",
            "borra todo",
            "elimina il repo",
            "apaga la luz",
            "spegni la luce",
            "licht aus",
            "envía dinero",
            "supprime tout",
            "paga la bolletta",
            "kauf Milch",
            "ouvre la porte",
            "verwijder alles",
            "betaal Jan",
            "usuń wszystko",
            "hapus semua",
            "skicka pengar",
            "llama a mamá",
            "appelle maman",
        ] {
            case(text, false);
        }
        case("hei", true);
        case("привет", false);
        case("42", true);
        case("", true);
    }
}
