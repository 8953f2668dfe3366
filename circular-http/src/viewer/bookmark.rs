//! How far each of several rings has been shown that are shown by time: the `id` of a record.
//!
//! Invariant: where the rings are the same, whoever goes on at one sees every record that is behind it, and none that is
//! before it, whatever their clocks said. So it names a place in each ring, the record's own first. Of one ring it is
//! that ring's cursor.

use std::str::FromStr;

use circular_core::{Cursor, ParseCursorError};

/// How many places it has at most: more than there are rings in [`Sources`](crate::Sources), as a viewer may still have some that are
/// not there any more.
const MOST: usize = 256;

/// Places in rings, each in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bookmark {
    /// Behind the record that it is the `id` of.
    own: Cursor,
    others: Vec<Cursor>,
}

impl Bookmark {
    /// The place before that record.
    pub(crate) fn before_record(self) -> Self {
        let own = self.own.at(self.own.seq().saturating_sub(1));
        Self { own, ..self }
    }

    /// The place in the ring that `cursor` is of, if it has one.
    pub(crate) fn place_in(&self, cursor: &Cursor) -> Option<Cursor> {
        let mut places = self.places();
        places.find(|place| place.is_of_same_ring(cursor)).copied()
    }

    /// All places, its own first.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Cursor> {
        [&self.own].into_iter().chain(&self.others)
    }

    /// The place in the ring that it is of above all.
    pub(crate) fn own(&self) -> Cursor {
        self.own
    }
}

impl FromStr for Bookmark {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let places: Vec<&str> = text.split(',').collect();
        // What is too long is none, as no text is.
        let places = if places.len() > MOST {
            &[""]
        } else {
            &places[..]
        };
        let mut places = places.iter().map(|place| place.parse());
        let own = places.next().unwrap_or_else(|| "".parse())?;
        let others = places.collect::<Result<_, _>>()?;
        Ok(Self { own, others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookmark(text: &str) -> Bookmark {
        text.parse().unwrap()
    }

    #[test]
    fn its_own_place_is_the_first_and_is_what_moves() {
        let read = bookmark("00000000000000ab.7.70,00000000000000cd.3");
        assert_eq!(read.own().to_string(), "00000000000000ab.7.70");
        let before = read.before_record();
        let of = |text: &str| before.place_in(&text.parse().unwrap());
        assert_eq!(of("00000000000000ab.0").unwrap().seq(), 6);
        assert_eq!(of("00000000000000cd.0").unwrap().seq(), 3);
        assert_eq!(of("00000000000000ef.0"), None);
    }

    #[test]
    fn what_is_none_is_refused() {
        let many = vec!["00000000000000ab.7"; MOST + 1].join(",");
        for text in ["", ",", "00000000000000ab.7,", "ab", &many] {
            assert!(text.parse::<Bookmark>().is_err(), "{text}");
        }
    }
}
