//! How much a ring holds, as people write it.

use std::fmt;
use std::str::FromStr;

/// A number of bytes as a configuration has it: `16MiB`.
///
/// `KiB`, `MiB` and `GiB` are powers of 1024, and so are `K`, `M` and `G`; `kB`, `MB` and `GB` are powers of 1000;
/// `B` or nothing is bytes. Case does not matter, nor does space before the unit.
///
/// ```
/// use circular_core::{Capacity, Ring};
///
/// let capacity: Capacity = "16MiB".parse()?;
/// let ring = Ring::new(capacity.into())?;
/// assert_eq!(ring.handle().capacity(), 16 << 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Say the type: in `Ring::new("16MiB".parse()?)` a number of bytes would be parsed, which this is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capacity(usize);

impl Capacity {
    /// Returns the number of bytes.
    pub const fn bytes(self) -> usize {
        self.0
    }
}

impl From<usize> for Capacity {
    fn from(bytes: usize) -> Self {
        Self(bytes)
    }
}

impl From<Capacity> for usize {
    fn from(capacity: Capacity) -> usize {
        capacity.0
    }
}

impl FromStr for Capacity {
    type Err = ParseCapacityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let unit: usize = match &*unit.trim().to_ascii_lowercase() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(ParseCapacityError),
        };
        let number: usize = number.parse().map_err(|_| ParseCapacityError)?;
        let bytes = number.checked_mul(unit);
        bytes.map(Self).ok_or(ParseCapacityError)
    }
}

/// Writes it in the largest unit of 1024 that it is a whole number of.
impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        let unit = units
            .into_iter()
            .find(|(shift, _)| self.0 > 0 && self.0.trailing_zeros() >= *shift);
        let (shift, unit) = unit.unwrap_or((0, "B"));
        write!(f, "{}{unit}", self.0 >> shift)
    }
}

/// A text that is not a [`Capacity`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseCapacityError;

impl fmt::Display for ParseCapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a size that memory can have: use a number with B, KiB, MiB or GiB behind it, such as 16MiB")
    }
}

impl std::error::Error for ParseCapacityError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("16MiB", 16 << 20),
            ("16 mib", 16 << 20),
            (" 4k ", 4096),
            ("1G", 1 << 30),
            ("10MB", 10_000_000),
            ("1kB", 1000),
            ("1GB", 1_000_000_000),
            ("65536", 65536),
            ("0", 0),
            ("7B", 7),
        ] {
            assert_eq!(text.parse(), Ok(Capacity(bytes)), "{text}");
        }
        for text in [
            "",
            "MiB",
            "-1",
            "1.5MiB",
            "1TiBs",
            "99999999999999999999",
            "17179869184GiB",
            "1 0",
        ] {
            assert_eq!(text.parse::<Capacity>(), Err(ParseCapacityError), "{text}");
        }
    }

    #[test]
    fn it_is_a_number_of_bytes() {
        let capacity = Capacity::from(4096);
        assert_eq!((capacity.bytes(), usize::from(capacity)), (4096, 4096));
        assert!(ParseCapacityError.to_string().contains("16MiB"));
    }

    #[test]
    fn what_is_shown_parses_to_the_same() {
        for (bytes, shown) in [
            (0, "0B"),
            (1000, "1000B"),
            (1 << 20, "1MiB"),
            (3 << 30, "3GiB"),
            (1536 << 10, "1536KiB"),
        ] {
            let capacity = Capacity(bytes);
            assert_eq!(capacity.to_string(), shown);
            assert_eq!(shown.parse(), Ok(capacity));
        }
    }
}
