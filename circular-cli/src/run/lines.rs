//! Lines out of what comes in pieces.
//!
//! Invariant: nothing is lost or changed; a line is handed on whole, with its line end, unless it is longer than [`LONGEST`], which
//! bounds the memory that it takes.

/// The longest line that is kept whole, in bytes.
pub(crate) const LONGEST: usize = 64 << 10;

/// The beginning of a line whose end has not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Hands on the lines that end in `piece`, and keeps what is left.
    pub(crate) fn push(&mut self, piece: &[u8], mut line: impl FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (ended, after) = rest.split_at(end + 1);
            rest = after;
            if self.begun.is_empty() && ended.len() <= LONGEST {
                line(ended);
            } else {
                self.go_on(ended, &mut line);
                self.end(&mut line);
            }
        }
        self.go_on(rest, &mut line);
    }

    /// Hands on what is left.
    pub(crate) fn end(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            line(&self.begun);
            self.begun.clear();
        }
    }

    /// More of a line, in parts where it is too long.
    fn go_on(&mut self, mut more: &[u8], line: &mut impl FnMut(&[u8])) {
        while self.begun.len() + more.len() > LONGEST {
            let (part, after) = more.split_at(LONGEST - self.begun.len());
            self.begun.extend_from_slice(part);
            more = after;
            line(&self.begun);
            self.begun.clear();
        }
        self.begun.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| out.push(line.to_vec()));
        }
        lines.end(|line| out.push(line.to_vec()));
        out
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        let text = b"one\ntwo\n\nthree";
        let expected: [&[u8]; 4] = [b"one\n", b"two\n", b"\n", b"three"];
        for size in 1..=text.len() {
            let pieces: Vec<_> = text.chunks(size).collect();
            assert_eq!(lines(&pieces), expected, "{size}");
        }
    }

    #[test]
    fn one_that_is_too_long_goes_on_in_parts() {
        let long = [b'-'; 3 * LONGEST + 5];
        for size in [1000, LONGEST - 1, LONGEST, LONGEST + 1, long.len()] {
            let mut pieces: Vec<_> = long.chunks(size).collect();
            pieces.push(b"\nnext\n");
            let parts = lines(&pieces);
            assert!(parts.iter().all(|part| part.len() <= LONGEST), "{size}");
            assert_eq!(parts.concat(), [&long[..], b"\nnext\n"].concat(), "{size}");
            assert_eq!(parts.last().unwrap(), b"next\n");
        }
        let whole = [&[b'-'; LONGEST - 1][..], b"\n"].concat();
        assert!(lines(&[&whole]) == [&whole[..]]);
    }
}
