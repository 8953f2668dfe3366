//! Text as a JSON string.

use std::io::Write as _;

/// Appends `text` as a JSON string, quotes included. What is not UTF-8 becomes the replacement
/// character.
pub(crate) fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        push_escaped(chunk.valid(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    let must_be = |c: char| matches!(c, '"' | '\\') || c.is_control();
    while let Some(at) = rest.find(must_be) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut chars = special.chars();
        match chars.next() {
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some(quoted @ ('"' | '\\')) => out.extend_from_slice(&[b'\\', quoted as u8]),
            // JSON would take those above 0x1f as they are; a terminal must not get them.
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_what_json_says() {
        let cases: &[(&[u8], &str)] = &[
            (b"", r#""""#),
            (b"plain", r#""plain""#),
            (b"a\"b\\c", r#""a\"b\\c""#),
            (b"\n\r\t\x00\x1b\x1f", r#""\n\r\t\u0000\u001b\u001f""#),
            ("größer\u{2028}".as_bytes(), "\"größer\u{2028}\""),
            ("\u{7f}\u{9b}".as_bytes(), r#""\u007f\u009b""#),
            (b"a\xffb\xe6\x97", "\"a\u{fffd}b\u{fffd}\""),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            push_string(text, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), *expected);
        }
    }
}
