//! Secrets that are told by what they are, and not by a key: credentials behind the name of their scheme, private keys
//! as PEM has them, JSON Web Tokens, and passwords in addresses.
//!
//! Words are not credentials: `Bearer tokens` stay. Each look is bounded, however long the text.

use crate::redact::text::{
    after, is_blank, is_line_end, length_of, part, position_of, without_prefix,
};
use std::ops::Range;

/// Names of schemes, and how long credentials are behind them at least.
const SCHEMES: &[(&[u8], usize)] = &[
    (b"basic", 6),
    (b"bearer", 6),
    (b"token", 16),
    (b"jwt", 16),
    (b"apikey", 16),
    (b"ntlm", 16),
    (b"negotiate", 16),
];

/// Names of fields that say many things, of which one is a secret and is told by its form: a registry's login in Docker's
/// `config.json`, which is a name and a password, and what is made of a password for `Authorization: Digest` (RFC 7616).
const FIELDS: &[(&[u8], Form)] = &[(b"auth", is_name_and_password), (b"response", is_digest)];

/// Whether a value looks like one.
type Form = fn(&[u8]) -> bool;

/// Ends of the words that something may begin with, in lower case, for a table of endings.
pub(super) fn beginnings<'a>() -> impl Iterator<Item = &'a [u8]> {
    let fields = FIELDS.iter().map(|&(name, _)| name);
    let schemes = SCHEMES.iter().map(|&(name, _)| name);
    schemes.chain(fields).chain([PEM_BEGIN])
}

const PEM_BEGIN: &[u8] = b"-----BEGIN";
const PEM_END: &[u8] = b"-----END";
const DASHES: &[u8] = b"-----";

/// As long as an address is looked through for its password, and the name of a PEM block for its end.
const LONGEST_ADDRESS: usize = 512;
const LONGEST_LABEL: usize = 64;

/// As far as is looked behind the name of a field.
const LONGEST_FIELD: usize = 512;

/// A user's name in an address is a token if it is so long, and has a digit.
const TOKEN_AS_USER: usize = 20;

/// How JSON Web Tokens begin: `{"` in base64.
const JWT_BEGIN: &[u8] = b"eyJ";

/// Of a header that has an algorithm.
const SHORTEST_JWT_HEADER: usize = 12;

/// Whether a word may have a secret behind it.
pub(super) fn is_beginning(word: &[u8]) -> bool {
    word.ends_with(PEM_BEGIN) || shortest(word).is_some() || form(word).is_some()
}

/// What the secret looks like that may be behind a field's name.
fn form(word: &[u8]) -> Option<Form> {
    let is_end = |name: &[u8]| {
        let from = word.len().checked_sub(name.len());
        from.is_some_and(|from| after(word, from).eq_ignore_ascii_case(name))
    };
    let mut fields = FIELDS.iter();
    fields.find(|(name, _)| is_end(name)).map(|&(_, form)| form)
}

/// Where in `text`, which comes behind a field's name, its value is, if it looks like a secret.
pub(super) fn of_field(name: &[u8], text: &[u8]) -> Option<Range<usize>> {
    let is_secret = form(name)?;
    let text = part(text, 0..LONGEST_FIELD.min(text.len()));
    let gap = length_of(text, |byte| b"=:\"'\\ ".contains(&byte));
    let value = after(text, gap);
    let length = length_of(value, |byte| {
        byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
    });
    let is_one = gap > 0 && is_secret(part(value, 0..length));
    is_one.then(|| gap..gap + length)
}

/// Where in a word a JSON Web Token is, of three parts or of five (RFC 7515, RFC 7516); none of what comes before what is encoded as in `%3D`.
pub(super) fn in_word(word: &[u8]) -> Option<Range<usize>> {
    let from = [0, 2]
        .into_iter()
        .find(|&from| after(word, from).starts_with(JWT_BEGIN))?;
    let token = after(word, from);
    let header = length_of(token, |byte| byte != b'.');
    let parts = 1 + token.iter().filter(|&&byte| byte == b'.').count();
    // The end of a sentence is none of its.
    let dots = token.iter().rev().take_while(|&&byte| byte == b'.').count();
    let is_one = parts >= 3 && header >= SHORTEST_JWT_HEADER;
    is_one.then(|| from..word.len() - dots)
}

/// How long credentials are at least, if a word is the name of a scheme.
fn shortest(word: &[u8]) -> Option<usize> {
    let mut schemes = SCHEMES.iter();
    let known = schemes.find(|(name, _)| word.eq_ignore_ascii_case(name))?;
    Some(known.1)
}

/// Where in `text`, which comes behind a word, that word's secret is.
pub(super) fn behind(word: &[u8], text: &[u8]) -> Option<Range<usize>> {
    if word.ends_with(PEM_BEGIN) {
        return private_key(text);
    }
    let shortest = shortest(word)?;
    let blanks = length_of(text, |byte| is_blank(byte) || byte == b'+');
    let gap = match without_prefix(text, "%20") {
        Some(_) => 3,
        None => blanks,
    };
    let credentials = after(text, gap);
    let mut length = length_of(credentials, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
    });
    // The end of a sentence is none of theirs.
    while length > 0 && credentials.get(length - 1) == Some(&b'.') {
        length -= 1;
    }
    let credentials = part(credentials, 0..length);
    let is_one = match word.eq_ignore_ascii_case(b"basic") {
        true => is_name_and_password(credentials),
        false => is_token(credentials),
    };
    (gap > 0 && length >= shortest && is_one).then(|| gap..gap + length)
}

/// Whether it is more than a word: one of letters in one case, or a parameter as in `Bearer realm=x`.
fn is_token(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let name = part(text, 0..text.len() - padding);
    let has_digit = name.iter().any(u8::is_ascii_digit);
    let mut pairs = name.windows(2);
    let has_hump = pairs.any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    !name.contains(&b'=') && (has_digit || has_hump || padding > 0)
}

/// Whether it is a name, a colon and a password in base64.
fn is_name_and_password(text: &[u8]) -> bool {
    let (mut bits, mut count, mut has_colon) = (0_u32, 0, false);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Padding, which may be encoded.
            b'=' | b'%' => break,
            _ => return false,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let decoded = bits >> count & 0xff;
            has_colon |= decoded == u32::from(b':');
            if decoded < 0x20 {
                return false;
            }
        }
    }
    has_colon
}

/// Whether it is a sum of MD5 or of 256 bits, in hexadecimal.
fn is_digest(text: &[u8]) -> bool {
    matches!(text.len(), 32 | 64) && text.iter().all(u8::is_ascii_hexdigit)
}

/// Where the key is behind `-----BEGIN`, if it is a private one.
fn private_key(text: &[u8]) -> Option<Range<usize>> {
    let label = position_of(part(text, 0..LONGEST_LABEL.min(text.len())), DASHES)?;
    let is_private = position_of(part(text, 0..label), b"PRIVATE").is_some();
    let from = label + DASHES.len();
    let key = after(text, from);
    let length = position_of(key, PEM_END).unwrap_or(key.len());
    (is_private && length > 0).then(|| from..from + length)
}

/// The length of a PEM block at the beginning of a text; 0 if there is none.
pub(super) fn length_of_pem(text: &[u8]) -> usize {
    if !text.starts_with(PEM_BEGIN) {
        return 0;
    }
    let Some(end) = position_of(text, PEM_END) else {
        return text.len();
    };
    let label = end + PEM_END.len();
    let dashes = position_of(after(text, label), DASHES);
    dashes.map_or(text.len(), |at| label + at + DASHES.len())
}

/// Where in `text`, which begins behind an address's scheme, its password is.
pub(super) fn in_address(text: &[u8]) -> Option<Range<usize>> {
    const PLAIN: Signs = Signs {
        begin: &["://", ":\\/\\/"],
        colon: ":",
        at: "@",
    };
    const ENCODED: Signs = Signs {
        begin: &["%3a%2f%2f", "%253a%252f%252f"],
        colon: "%3a",
        at: "%40",
    };
    match text.first()? {
        b':' => PLAIN.password(text),
        b'%' => ENCODED.password(text),
        _ => None,
    }
}

/// How the parts of an address are told apart.
struct Signs {
    begin: &'static [&'static str],
    colon: &'static str,
    at: &'static str,
}

impl Signs {
    fn password(&self, text: &[u8]) -> Option<Range<usize>> {
        let mut begins = self.begin.iter();
        let begin = begins.find(|begin| without_prefix(text, begin).is_some())?;
        let begin = begin.len();
        let address = part(
            after(text, begin),
            0..LONGEST_ADDRESS.min(text.len() - begin),
        );
        let is_end = |byte| is_blank(byte) || is_line_end(byte) || b"\"'<>`\x1b".contains(&byte);
        let address = part(address, 0..length_of(address, |byte| !is_end(byte)));
        // Where the host and all that belongs to it ends.
        let slash = length_of(address, |byte| !b"/?#\\".contains(&byte));
        let colon = self.position(address, self.colon);
        let first_at = self.position(address, self.at)?;
        let Some(colon) = colon.filter(|&colon| colon < first_at) else {
            let user = part(address, 0..first_at);
            let is_token = user.len() >= TOKEN_AS_USER
                && user.iter().any(u8::is_ascii_digit)
                && first_at < slash;
            return is_token.then(|| begin..begin + first_at);
        };
        let from = colon + self.colon.len();
        let end = if first_at < slash {
            // What is not encoded in it may be another of these.
            let host = part(address, 0..slash);
            let mut last = first_at;
            while let Some(next) = self.position(after(host, last + 1), self.at) {
                last += 1 + next;
            }
            last
        } else {
            // As is a slash; but behind a port it is one.
            let before = part(address, from..slash);
            let is_port = before.iter().all(u8::is_ascii_digit) || colon > slash;
            if is_port || part(address, 0..colon).contains(&b'[') {
                return None;
            }
            first_at
        };
        (end > from).then(|| begin + from..begin + end)
    }

    /// Where a sign is, in upper or lower case.
    fn position(&self, text: &[u8], sign: &str) -> Option<usize> {
        let first = sign.as_bytes().first();
        let mut places = text
            .iter()
            .enumerate()
            .filter(|&(_, byte)| Some(byte) == first);
        let is_there = |at: usize| without_prefix(after(text, at), sign).is_some();
        places.find(|&(at, _)| is_there(at)).map(|(at, _)| at)
    }
}
