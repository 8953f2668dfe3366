//! Text in memory that is there already, for where none may be asked for.
//!
//! Invariant: it is whole characters. What does not fit is cut.

use std::fmt;

/// Text of `N` bytes at most.
pub(crate) struct FixedText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> FixedText<N> {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Makes it one line, whatever is in it, that ends with a line end.
    pub(crate) fn make_line(&mut self) -> &[u8] {
        self.len = self.len.min(N - 1);
        while std::str::from_utf8(self.as_bytes()).is_err() {
            self.len -= 1;
        }
        self.bytes[self.len] = b'\n';
        let line = &mut self.bytes[..=self.len];
        make_line(line);
        line
    }
}

/// Returns as much of `text` as goes into `room` bytes, whole characters.
pub(crate) fn cut(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Makes one line of text that ends with a line end.
pub(crate) fn make_line(text: &mut [u8]) {
    if let Some((_, text)) = text.split_last_mut() {
        for byte in text.iter_mut().filter(|byte| **byte == b'\n') {
            *byte = b' ';
        }
    }
}

/// It never fails.
impl<const N: usize> fmt::Write for FixedText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = cut(text, N - self.len);
        let end = self.len + fits.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(fits.as_bytes());
            self.len = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn what_does_not_fit_is_cut_between_characters() {
        let mut text = FixedText::<8>::new();
        write!(text, "größe").unwrap();
        write!(text, "r").unwrap();
        assert_eq!(text.as_str(), "größer");
        write!(text, "ß").unwrap();
        assert_eq!(text.as_str(), "größer");
        text.clear();
        write!(text, "1234567ß").unwrap();
        assert_eq!(text.as_str(), "1234567");
    }

    #[test]
    fn a_line_is_one_line_and_ends_with_its_end() {
        let mut text = FixedText::<8>::new();
        write!(text, "a\nb").unwrap();
        assert_eq!(text.make_line(), b"a b\n");
        // The line end has its place, and a character is not cut for it.
        text.clear();
        write!(text, "a\n2345ß").unwrap();
        assert_eq!(text.make_line(), b"a 2345\n");
    }
}
