//! The rule knows English, and knows when it does not: a request in another language is not waved through.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::Word;
use super::verbs;
use super::words::{
    ADVERBS, BE, CONDITIONS, DETERMINERS, DO, FILLERS, HAVE, INFORMATION, MODALS, MODIFIERS,
    OBJECTS, PARTICLES, PEOPLE, POSSESSIVES, QUESTION_WORDS, SOMEONE, STATES, STRICT_PREPOSITIONS,
    SUBJECTS, TIME_JOINTS, TIMES, is, number, possessive,
};

/// Whether the request may be judged by English rules: a common English word occurs in it, or it is so
/// short (under four words of Latin script) that asking would be worse.
///
/// Words that other languages share ("me", "in", "was", "email") prove nothing alone; a request with no
/// other English word passes only if at least half of it is made of them and nothing in it has an accent.
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
    let shared = lettered.iter().filter(|word| SHARED_WORDS.contains(word.text.as_str())).count();
    lettered.iter().all(|word| word.plain) && shared * 2 >= lettered.len()
}

/// A word that is common in English, and in no other language written in Latin letters.
pub(super) fn common(word: &str) -> bool {
    let stem = word.strip_suffix("'s").unwrap_or(word);
    ENGLISH_WORDS.contains(stem)
}

/// Whether `word` is English that these rules know; anything else may be a name.
pub(super) fn known(word: &str) -> bool {
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
    lists.iter().any(|list| is(list, word))
        || word == "you"
        || number(word)
        || possessive(word)
        || ENGLISH_WORDS.contains(word)
        || SHARED_WORDS.contains(word)
        || !verbs::readings(word).is_empty()
}

static ENGLISH_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH.split_whitespace().collect());
static SHARED_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| SHARED.split_whitespace().collect());

/// English words that are also words elsewhere.
const SHARED: &str = "emails files videos photos a an as at be by can come do for go he her him his i in is it me my no not of on or so to us \
    was we will am are all but if have had over under want week open old ok time one once more \
    most best last plan note email mail file call hotel test stop start post check update data \
    bank land hand warm water school room family taxi restaurant menu radio video photo music \
    film sport normal question message service content important possible information name man \
    men fall fast car train part place point page total error capital score team job boss baby \
    server log bug branch release deploy commit merge stock stocks document documents son sort \
    side lot bit top front back foot face pain long large fine real similar story song game news \
    word list has any some must just still like off out past april august september october \
    november december minutes spring weekend website account wet wind sun sad fruit drink lunch \
    movie begin see sing stand held let put bring fell fly sleep help second text texts hello \
    okay please thanks bus plane commits logs errors bugs password passwords screen inbox calls \
    share shares order orders ticket tickets delivery company meeting meetings business calendar \
    half door kind hard free full later hot cool happy nice show lie hang run ran set get spell \
    play office hide lay refund balance trip market line home end repository folder folders \
    invoice phone food";

const ENGLISH: &str = "the and you your yours myself yourself himself herself itself ourselves themselves this that \
    these those with what when where who whom whose why how which been were did does doing done \
    from they them their there here would could should might shall cannot she its our ours every \
    each either neither both someone somebody something anyone anybody anything everyone \
    everybody everything nobody nothing none because before after again always never often \
    sometimes usually maybe perhaps already almost enough though although while until unless \
    since whether than then too very much many few little less least another other others such \
    same own only even yet ever else instead about above across against along among around away \
    behind below beneath beside between beyond down during except inside into near outside \
    through throughout toward towards upon within without today tomorrow yesterday tonight \
    morning afternoon evening night day days weeks month months year years hour hours monday \
    tuesday wednesday thursday friday saturday sunday january february march june july summer \
    autumn noon midnight birthday holiday know think need make take give find look tell say said \
    ask read write wrote speak hear heard listen watch saw seen keep kept lets walk talk went \
    gone going got getting gave given taken made making came coming knew known thought feel felt \
    leave left mean means meant brought buy bought sell sold pay paid send sent spend spent \
    build built hold stood understand lose lost win won meet met sit sat choose chose began \
    begun break broke broken drive drove eat ate flew forget forgot grow grew hurt lend rise \
    swim teach taught throw threw wake wear wore try tried trying use used using work working \
    works wants wanted needs needed seem happen happened happens turn turned move moved live \
    lived believe become became wait waiting remember wonder wish hope love loves liked hate \
    worry worried learn learned answer answered change changed follow followed stay stayed allow \
    add added finish finished return returned remind summarize summary explain describe suggest \
    recommend compare calculate translate schedule scheduled draft delete deleted remove removed \
    cancel cancelled good better bad worse worst great big bigger biggest small smaller longer \
    short high higher low lower new newest next first third early earlier late latest recent \
    soon quick quickly slow young right wrong true false easy difficult empty busy ready sorry \
    sure angry tired hungry cheap expensive cheapest nearest closest favorite favourite \
    different whole really actually cold dry sunny rainy cloudy dark bright clean dirty \
    beautiful funny weird strange weather rain raining snow snowing sky moon forecast \
    temperature degrees people person friend friends boy girl woman women child children kids \
    mother father mom mum dad brother sister daughter wife husband uncle aunt cousin neighbor \
    neighbour landlord money dollar dollars pounds price prices cost costs bill bills rent \
    salary tax taxes payment payments ordered package parcel delivered shipped house kitchen \
    bathroom bedroom doors window lights flight flights road street city town country world \
    north south east west travel traffic airport station breakfast dinner coffee tea bread milk \
    egg eggs cheese apple chicken fish recipe cook cooking dog cat bird horse tree flower garden \
    book books letter songs movies games words number numbers thing things stuff way ways lots \
    piece bottom life death health doctor's medicine sick head heart eye eyes hair feet body \
    blood voice sound noise picture pictures appointment appointments reminder reminders \
    unread messages missed address account's battery joke jokes fact facts history \
    population distance miles inches weigh weighs tall two three four five six seven eight nine \
    ten eleven twelve twenty thirty forty fifty hundred thousand million yes yeah don't isn't \
    wasn't won't can't it's i'm you're we're they're weren't didn't doesn't deployed merged \
    released issue issues spreadsheet upcoming available remaining current currently average per \
    percent english language spelled meaning opposite update's";

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
