//! What the files of rings are called: `<program>.<ring>.ring`, and `.<program>.<ring>.ring.<pid>.new` until one is whole; and
//! `<program>.<ring>.crash.txt` for the text of one that was on the heap.
//!
//! Invariant: the ring's id is in the name, so that no two rings ever want the same.

use crate::error::MappingError;
use crate::format::file_header::PROGRAM_BYTES;
use std::io::ErrorKind;

#[cfg(target_os = "linux")]
const CRASH_TEXT: &str = ".crash.txt";

/// Digits of a ring's id.
const DIGITS: usize = 16;

/// A name, in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    pub(crate) program: &'a str,
    pub(crate) ring: u64,
}

impl<'a> Name<'a> {
    /// Fails if the program's name is not fit for a file's.
    pub(crate) fn new(program: &'a str, ring: u64) -> Result<Self, MappingError> {
        match what_is_wrong(program) {
            None => Ok(Self { program, ring }),
            Some(wrong) => {
                let message = format!(
                    "a ring's file cannot be named after {program:?}, which {wrong}: \
                     pass a short name such as \"shop\", and a directory, if it is to have one, by mapped_in"
                );
                Err(MappingError::new(ErrorKind::InvalidInput, message))
            }
        }
    }

    pub(crate) fn public(self) -> String {
        let Self { program, ring } = self;
        format!("{program}.{ring:016x}.ring")
    }

    /// As long as the file is not whole.
    pub(crate) fn hidden(self, pid: u32) -> String {
        let public = self.public();
        format!(".{public}.{pid}.new")
    }

    /// Of the text.
    #[cfg(target_os = "linux")]
    pub(crate) fn crash_text(self) -> String {
        let Self { program, ring } = self;
        format!("{program}.{ring:016x}{CRASH_TEXT}")
    }

    /// Takes a public name apart, if it is one to the letter.
    pub(crate) fn parse(name: &'a str) -> Option<Self> {
        Self::parse_with(name, ".ring")
    }

    /// The same of a text's name.
    #[cfg(target_os = "linux")]
    pub(crate) fn parse_crash_text(name: &'a str) -> Option<Self> {
        Self::parse_with(name, CRASH_TEXT)
    }

    fn parse_with(name: &'a str, suffix: &str) -> Option<Self> {
        let (program, ring) = name.strip_suffix(suffix)?.rsplit_once('.')?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_id = ring.len() == DIGITS && ring.bytes().all(is_digit);
        (is_id && what_is_wrong(program).is_none()).then_some(Self {
            program,
            ring: u64::from_str_radix(ring, 16).ok()?,
        })
    }

    /// The same of a hidden name.
    pub(crate) fn parse_hidden(name: &'a str) -> Option<Self> {
        let (public, pid) = name
            .strip_prefix('.')?
            .strip_suffix(".new")?
            .rsplit_once('.')?;
        let is_pid = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
        is_pid.then(|| Self::parse(public)).flatten()
    }
}

/// Makes a name that a file can have out of any program's. A first `.` would hide the file, and a first `-` make it an option
/// of the commands that it is given to.
pub(crate) fn sanitise(program: &str) -> String {
    let name: String = program
        .chars()
        .take(PROGRAM_BYTES)
        .enumerate()
        .map(|(at, c)| match c {
            '.' | '-' if at == 0 => '_',
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .collect();
    if name.is_empty() {
        String::from("program")
    } else {
        name
    }
}

/// Why a program's name cannot be a part of a file's. A first `-` would make the file an option of the commands that it
/// is given to.
fn what_is_wrong(program: &str) -> Option<&'static str> {
    if program.is_empty() {
        Some("is empty")
    } else if program.len() > PROGRAM_BYTES {
        Some("has more than 64 bytes")
    } else if program.contains('/') {
        Some("has a slash")
    } else if program.starts_with(['.', '-']) {
        Some("begins with a dot or a dash")
    } else if program.chars().any(char::is_control) {
        Some("has a control character")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (program, ring, public) in [
            ("shop", 0xab, "shop.00000000000000ab.ring"),
            ("a.b-1 ñ", u64::MAX, "a.b-1 ñ.ffffffffffffffff.ring"),
            (
                "shop.00000000000000ab.ring",
                0,
                "shop.00000000000000ab.ring.0000000000000000.ring",
            ),
        ] {
            let name = Name::new(program, ring).unwrap();
            assert_eq!(name.public(), public);
            assert_eq!(Name::parse(public), Some(name));
            let hidden = format!(".{public}.4711.new");
            assert_eq!(name.hidden(4711), hidden);
            assert_eq!(Name::parse_hidden(&hidden), Some(name));
            assert_eq!(Name::parse(&hidden), None);
            assert_eq!(Name::parse_hidden(public), None);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_text_has_a_name_like_its_ring() {
        let name = Name::new("shop", 0xab).unwrap();
        let text = "shop.00000000000000ab.crash.txt";
        assert_eq!(name.crash_text(), text);
        assert_eq!(Name::parse_crash_text(text), Some(name));
        assert_eq!(Name::parse(text), None);
        assert_eq!(Name::parse_crash_text(&name.public()), None);
    }

    #[test]
    fn program_names_are_made_fit_for_files() {
        let long = "x".repeat(300);
        let accents = "é".repeat(300);
        let cases = [
            ("svc", "svc"),
            ("my-Service_2.0", "my-Service_2.0"),
            ("", "program"),
            (".", "_"),
            ("..", "_."),
            (".hidden", "_hidden"),
            ("-rf", "_rf"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("/usr/bin/svc", "_usr_bin_svc"),
            ("C:\\svc.exe", "C__svc.exe"),
            ("a b\tc\nd\0e", "a_b_c_d_e"),
            ("\u{1b}[31mred", "__31mred"),
            ("größe", "gr__e"),
            ("日本", "__"),
            (&long, &long[..64]),
            (&accents, &"_".repeat(64)),
        ];
        for (program, expected) in cases {
            assert_eq!(sanitise(program), expected, "{program:?}");
            assert!(Name::new(expected, 1).is_ok());
        }
    }

    #[test]
    fn other_names_are_not_taken_for_rings() {
        for name in [
            "",
            ".ring",
            "shop.ring",
            "shop.00000000000000ab",
            "shop.00000000000000AB.ring",
            "shop.+0000000000000ab.ring",
            "shop.0000000000000ab.ring",
            "shop.000000000000000ab.ring",
            "shop00000000000000ab.ring",
            ".00000000000000ab.ring",
            ".shop.00000000000000ab.ring",
            "-shop.00000000000000ab.ring",
            "shop.00000000000000ab.ring.gz",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
        for name in [
            ".shop.00000000000000ab.ring.new",
            ".shop.00000000000000ab.ring..new",
            ".shop.00000000000000ab.ring.-1.new",
            ".shop.4711.new",
            "shop.00000000000000ab.ring.4711.new",
        ] {
            assert_eq!(Name::parse_hidden(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_no_file_s_is_refused_with_what_to_pass() {
        let long = "x".repeat(65);
        for program in ["", "a/b", "/tmp/x", ".", "..", ".shop", "-r", "a\nb", &long] {
            let error = Name::new(program, 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let told = error.to_string();
            assert!(told.contains("pass a short name"), "{told}");
        }
        assert!(Name::new(&"x".repeat(64), 1).is_ok());
    }
}
