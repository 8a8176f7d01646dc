//! Links, bare addresses and character references: what they say, and how long they are.

/// A link's text is not searched for further than this, in bytes.
const LONGEST_TEXT: usize = 500;
/// No address is longer, in bytes; the bound keeps the search for its end short.
const LONGEST_ADDRESS: usize = 2_000;
/// No directive is longer, in bytes.
const LONGEST_DIRECTIVE: usize = 200;

/// What stands in square brackets at the beginning of a text.
pub(super) enum Bracket<'a> {
    /// `[text](address)` or `[text][name]`.
    Link { text: &'a str, address: &'a str },
    /// `[^1]`, or a directive to the gateway (`[[reply_to_current]]`): nothing is said.
    Silent,
}

/// Reads `text`, which begins with `[`. Gives what it is and its length, or nothing if it is neither.
pub(super) fn bracket(text: &str) -> Option<(Bracket<'_>, usize)> {
    if let Some(length) = directive(text) {
        return Some((Bracket::Silent, length));
    }
    let close = closing(text)?;
    let (inside, after) = (&text[1..close], &text[close + 1..]);
    if inside.strip_prefix('^').is_some_and(|name| !name.is_empty() && !name.contains(' ')) {
        // The colon belongs to a footnote's own line.
        let colon = usize::from(after.starts_with(':'));
        return Some((Bracket::Silent, close + 1 + colon));
    }
    if let Some((address, length)) = destination(after) {
        return Some((Bracket::Link { text: inside, address }, close + 1 + length));
    }
    if after.starts_with('[') && !inside.is_empty() {
        let reference = closing(after)?;
        return Some((Bracket::Link { text: inside, address: "" }, close + 1 + reference + 1));
    }
    None
}

/// `[[audio_as_voice]]`, `[[reply_to:5]]`, `[[/tts:text]]`: small letters with a `_` or a `:`.
fn directive(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("[[")?;
    let end = inside.as_bytes().windows(2).take(LONGEST_DIRECTIVE).position(|two| two == b"]]")?;
    let inside = inside[..end].trim().trim_start_matches('/');
    let name = inside.trim_start_matches(|c: char| c.is_ascii_lowercase());
    (name.len() < inside.len() && name.starts_with(['_', ':']) && !inside.contains(['[', ']']))
        .then_some(end + 4)
}

/// Where the bracket that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().take(LONGEST_TEXT) {
        match byte {
            _ if escaped => {}
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

/// `(address "title")`: the address and the length of it all.
fn destination(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix('(')?;
    let start = inside.trim_start();
    let (address, rest) = if let Some(angled) = start.strip_prefix('<') {
        angled.split_once('>').filter(|(address, _)| !address.contains(['\n', '<']))?
    } else {
        let mut depth = 0_usize;
        let end = start.bytes().take(LONGEST_ADDRESS).position(|byte| {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 0 => return true,
                b')' => depth -= 1,
                _ => {}
            }
            byte.is_ascii_whitespace()
        })?;
        start.split_at(end)
    };
    let rest = titled(rest.trim_start())?.trim_start().strip_prefix(')')?;
    Some((address, text.len() - rest.len()))
}

/// What follows a title in quotes, or all of it if there is none.
fn titled(text: &str) -> Option<&str> {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = text[1..].bytes().take(LONGEST_TEXT).position(|byte| byte == quote as u8)?;
            Some(&text[end + 2..])
        }
        _ => Some(text),
    }
}

/// The bare address that `text` begins with, if it is one for browsers.
pub(super) fn bare_address(text: &str) -> Option<&str> {
    let starts = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let scheme = ["https://", "http://", "ftp://", "www."].into_iter().find(|s| starts(s))?.len();
    let mut in_host = true;
    let end = text[scheme..]
        .find(|c: char| {
            in_host &= !matches!(c, '/' | '?' | '#');
            // A bare `www.` is no sure sign of an address, so its host is read more narrowly.
            let of_host =
                in_host && c.is_alphanumeric() && c < '\u{2e80}' && (c.is_ascii() || scheme > 4);
            // Beyond ASCII an address cannot be told from the writing around it, names of hosts apart.
            !(of_host || c.is_ascii_graphic()) || matches!(c, '<' | '>' | '"' | '`' | '|' | '\\')
        })
        .map_or(text.len(), |end| scheme + end);
    let mut address = &text[..end];
    // What ends a sentence or closes a mark belongs to the text around the address.
    while let Some(last) = address.chars().next_back() {
        let is_outside = match last {
            ')' => address.matches(')').count() > address.matches('(').count(),
            ']' => address.matches(']').count() > address.matches('[').count(),
            _ => ".,;:!?'*_~}".contains(last),
        };
        if !is_outside || address.len() <= scheme {
            break;
        }
        address = &address[..address.len() - 1];
    }
    (address.len() > scheme).then_some(address)
}

/// The name of the host of an address, as it is said aloud: without scheme, user, port and `www.`.
pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let mut host = host.trim_matches(|c: char| !c.is_alphanumeric());
    while let Some(rest) =
        host.get(..4).filter(|w| w.eq_ignore_ascii_case("www.")).map(|_| &host[4..])
    {
        host = rest;
    }
    host
}

/// Character references that replies hold; the others stay as they are written.
const NAMED_CHARACTERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("shy", '\u{ad}'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("middot", '·'),
    ("deg", '°'),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("sect", '§'),
    ("para", '¶'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("times", '×'),
    ("divide", '÷'),
    ("plusmn", '±'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("frac34", '¾'),
    ("sup2", '²'),
    ("sup3", '³'),
    ("micro", 'µ'),
    ("larr", '←'),
    ("rarr", '→'),
    ("uarr", '↑'),
    ("darr", '↓'),
    ("harr", '↔'),
    ("le", '≤'),
    ("ge", '≥'),
    ("ne", '≠'),
    ("asymp", '≈'),
    ("infin", '∞'),
    ("minus", '−'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("szlig", 'ß'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("oslash", 'ø'),
    ("ccedil", 'ç'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("iacute", 'í'),
];

/// The character that the reference at the beginning of `text` stands for, and its length. What was
/// encoded several times (`&amp;lt;`) is one reference.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    let (mut character, mut length) = unnested(text.strip_prefix('&')?)?;
    while character == '&'
        && let Some((next, more)) = unnested(&text[length + 1..])
    {
        character = next;
        length += more;
    }
    Some((character, length + 1))
}

/// The same without the `&` that begins it.
fn unnested(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(10).position(|byte| byte == b';')?;
    let name = &text[..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => NAMED_CHARACTERS.iter().find(|(named, _)| *named == name)?.1,
    };
    Some((character, end + 1))
}
