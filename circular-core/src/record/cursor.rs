//! A place in a ring that outlives its reader.

use std::fmt;
use std::str::FromStr;

/// Where a reader left off, to go on from with [`Start::After`](crate::Start::After).
///
/// It names the ring it belongs to, so that a cursor of an earlier run of the program is recognised.
/// As text it is `<ring>.<seq>.<bytes>`: the ring's identity in hexadecimal, how many records the
/// reader has seen or missed, and how many payload bytes those had. `<ring>.<seq>` is understood too,
/// for those who know no more than that: the count of the records that are missed between two readers
/// is still exact, and none of their bytes are counted.
///
/// ```
/// use circular_core::{Ring, Start};
/// use std::io::Write;
///
/// let mut ring = Ring::new(4096)?;
/// let handle = ring.handle();
/// let mut reader = handle.reader().open();
/// ring.write_all(b"one\n")?;
/// assert_eq!(reader.recv()?.bytes(), b"one\n");
///
/// let text = reader.cursor().to_string();
/// drop(reader);
/// ring.write_all(b"two\n")?;
/// let mut reader = handle.reader().start(Start::After(text.parse()?)).open();
/// assert_eq!(reader.recv()?.bytes(), b"two\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub(crate) ring: u64,
    /// The record that comes next.
    pub(crate) seq: u64,
    /// Payload bytes of all records before it, if they are known.
    pub(crate) bytes: Option<u64>,
}

impl Cursor {
    /// Returns the number of the record that comes next.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns how many bytes there are in all records before that one, if the cursor knows them.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Returns whether both are of the same ring.
    pub fn is_of_same_ring(&self, other: &Cursor) -> bool {
        self.ring == other.ring
    }

    /// Returns the cursor of the same ring where the record with the number `seq` comes next. It does not know the bytes
    /// before that.
    ///
    /// ```
    /// use circular_core::{Ring, Start};
    /// use std::io::Write;
    ///
    /// let mut ring = Ring::new(4096)?;
    /// ring.write_all(b"one\n")?;
    /// ring.write_all(b"two\n")?;
    /// let handle = ring.handle();
    /// let last = handle.cursor().at(handle.cursor().seq() - 1);
    /// let mut reader = handle.reader().start(Start::After(last)).open();
    /// assert_eq!(reader.recv()?.bytes(), b"two\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(self, seq: u64) -> Cursor {
        Cursor {
            seq,
            bytes: None,
            ..self
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{}", self.ring, self.seq)?;
        match self.bytes {
            Some(bytes) => write!(f, ".{bytes}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fields = text.split('.');
        let mut field = || fields.next().ok_or(ParseCursorError);
        let (ring, seq) = (field()?, field()?);
        let bytes = fields.next();
        if fields.next().is_some() || ring.len() != 16 {
            return Err(ParseCursorError);
        }
        Ok(Self {
            ring: number(ring, 16)?,
            seq: number(seq, 10)?,
            bytes: bytes.map(|bytes| number(bytes, 10)).transpose()?,
        })
    }
}

/// A number without a sign, which the standard library would take.
fn number(digits: &str, radix: u32) -> Result<u64, ParseCursorError> {
    if digits.starts_with('+') {
        return Err(ParseCursorError);
    }
    u64::from_str_radix(digits, radix).map_err(|_| ParseCursorError)
}

/// A text that is not a [`Cursor`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseCursorError;

impl fmt::Display for ParseCursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a cursor: pass the text that a reader's cursor was printed as")
    }
}

impl std::error::Error for ParseCursorError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_both_ways() {
        for cursor in [
            Cursor {
                ring: 0,
                seq: 0,
                bytes: Some(0),
            },
            Cursor {
                ring: u64::MAX,
                seq: u64::MAX,
                bytes: Some(u64::MAX),
            },
            Cursor {
                ring: 0xab,
                seq: 7,
                bytes: Some(1000),
            },
            Cursor {
                ring: 0xab,
                seq: 7,
                bytes: None,
            },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            ".",
            "..",
            "ab.1.2",
            "00000000000000ab",
            "00000000000000ab.",
            "00000000000000ab.1.",
            "+0000000000000ab.1",
            "00000000000000ab.1.2.3",
            "00000000000000ab.+1.2",
            "00000000000000ab.-1.2",
            "00000000000000ag.1.2",
            "00000000000000ab.a.2",
            "00000000000000ab.18446744073709551616.2",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(ParseCursorError), "{text}");
        }
    }
}
