//! Lines out of what comes in pieces.
//!
//! Invariant: nothing is lost or changed; a line is handed on whole, with its line end, unless it is longer than [`LONGEST`], which
//! bounds the memory that it takes.

use std::time::Instant;

/// The longest line that is kept whole, in bytes.
pub(crate) const LONGEST: usize = 64 << 10;

/// The beginning of a line whose end has not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    /// When the first of it came.
    since: Option<Instant>,
}

impl Lines {
    /// Hands on the lines that end in `piece`, and keeps what is left.
    pub(crate) fn push(&mut self, piece: &[u8], now: Instant, mut line: impl FnMut(&[u8])) {
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
        if !self.begun.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// When the line began whose end has not come.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.since
    }

    /// Hands on what is left.
    pub(crate) fn end(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            line(&self.begun);
            self.begun.clear();
            self.since = None;
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
            self.since = None;
        }
        self.begun.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, Instant::now(), |line| out.push(line.to_vec()));
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
    fn a_line_is_as_old_as_its_first_byte() {
        let mut lines = Lines::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (second, piece, begun) in [
            (0, "one\n", None),
            (1, "begun", Some(1)),
            (2, " goes on", Some(1)),
            (3, " ends\nanother", Some(3)),
            (4, " goes on", Some(3)),
            (5, "\n", None),
        ] {
            lines.push(piece.as_bytes(), at(second), |_| {});
            assert_eq!(lines.begun(), begun.map(at), "{piece}");
        }
        lines.push(b"prompt", at(6), |_| {});
        let mut taken = Vec::new();
        lines.end(|line| taken.push(line.to_vec()));
        assert_eq!((lines.begun(), taken), (None, vec![b"prompt".to_vec()]));
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
