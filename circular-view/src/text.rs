//! A text that is looked for, and whether upper and lower case are the same in it.
//!
//! Invariant: what a search takes is linear in what is searched, however long the text is.

use memchr::memmem::Finder;

/// What is put into lower case without memory of its own: most lines of a log.
const SHORT: usize = 512;

/// A text, found by smart case: without an upper-case letter in it, case does not count.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    finder: Finder<'static>,
    case: Case,
}

/// What case means for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// It counts, or there are no letters.
    Exact,
    /// It does not, and there are no letters but ASCII's.
    Ascii,
    /// It does not.
    Any,
}

impl Text {
    pub(crate) fn new(text: &[u8]) -> Self {
        let folded = folded(text);
        let case = if has_upper_case(text) {
            Case::Exact
        } else if !text.is_ascii() {
            Case::Any
        } else if text.iter().any(u8::is_ascii_alphabetic) {
            Case::Ascii
        } else {
            Case::Exact
        };
        let wanted = if case == Case::Exact { text } else { &folded };
        Self {
            finder: Finder::new(wanted).into_owned(),
            case,
        }
    }

    pub(crate) fn is_in(&self, line: &[u8]) -> bool {
        match self.case {
            Case::Exact => self.finder.find(line).is_some(),
            Case::Ascii => self.is_in_any_case(line),
            // What is beyond ASCII has no letter of ASCII's in its other case, but for two signs of units.
            Case::Any if line.is_ascii() => false,
            Case::Any => self.finder.find(&folded(line)).is_some(),
        }
    }

    fn is_in_any_case(&self, line: &[u8]) -> bool {
        let mut short = [0; SHORT];
        match short.get_mut(..line.len()) {
            Some(lower) => {
                lower.copy_from_slice(line);
                lower.make_ascii_lowercase();
                self.finder.find(lower).is_some()
            }
            None => self.finder.find(&line.to_ascii_lowercase()).is_some(),
        }
    }
}

fn has_upper_case(text: &[u8]) -> bool {
    let mut chunks = text.utf8_chunks();
    chunks.any(|chunk| chunk.valid().chars().any(char::is_uppercase))
}

/// The text in lower case; what is not UTF-8 stays as it is.
fn folded(text: &[u8]) -> Vec<u8> {
    let mut lower = Vec::with_capacity(text.len());
    let mut utf8 = [0; 4];
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars().flat_map(char::to_lowercase) {
            lower.extend_from_slice(char.encode_utf8(&mut utf8).as_bytes());
        }
        lower.extend_from_slice(chunk.invalid());
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_case_letter_makes_case_count() {
        let long = |text: &str| "-".repeat(2 * SHORT) + text;
        for (wanted, line, is_in) in [
            ("time out", "Time Out", true),
            ("time out", "TIMEOUT", false),
            ("Time", "Time out", true),
            ("Time", "time out", false),
            ("TIME", "Time", false),
            ("404", "404", true),
            ("/users/i", "GET /users/i", true),
            ("/users/i", "GET /USERS/I", true),
            ("/users/i", "GET /Users/7", false),
            ("a.b", "A.B", true),
            ("a.b", "axb", false),
            ("ärger", "ÄRGER", true),
            ("Ärger", "ärger", false),
            ("ärger", "arger", false),
            ("ж", "Ж", true),
            ("", "anything", true),
        ] {
            let text = Text::new(wanted.as_bytes());
            for line in [line.to_owned(), long(line)] {
                assert_eq!(text.is_in(line.as_bytes()), is_in, "{wanted} in {line}");
            }
        }
    }

    #[test]
    fn bytes_are_found_as_they_are() {
        assert!(Text::new(b"\xff a").is_in(b"x\xff A"));
        assert!(!Text::new(b"\xff A").is_in(b"x\xff a"));
        assert!(!Text::new(b"\xff").is_in(b"\xfe"));
        assert!(Text::new("ä".as_bytes()).is_in(b"\xff\xc3\x84"));
    }
}
