//! The bytes of one write, or of one part of it.

use crate::storage::Pen;
use std::io::IoSlice;

/// What the write path needs of the bytes; nearly always they are one slice.
pub(crate) trait Payload: Copy {
    /// How many bytes there are.
    fn len(self) -> usize;

    /// The first `len` bytes, or all if there are fewer, and the rest.
    fn split_at(self, len: usize) -> (Self, Self);

    /// All of it, if it is one slice.
    fn as_slice(&self) -> Option<&[u8]>;

    /// Writes all of it.
    fn write(self, pen: &mut Pen<'_>);
}

impl Payload for &[u8] {
    #[inline]
    fn len(self) -> usize {
        self.len()
    }

    fn split_at(self, len: usize) -> (Self, Self) {
        self.split_at(len.min(self.len()))
    }

    #[inline]
    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }

    fn write(self, pen: &mut Pen<'_>) {
        pen.bytes(self);
    }
}

/// A range of the bytes that several slices make up together.
#[derive(Clone, Copy)]
pub(crate) struct Slices<'a> {
    slices: &'a [IoSlice<'a>],
    start: usize,
    end: usize,
}

impl<'a> Slices<'a> {
    pub(crate) fn new(slices: &'a [IoSlice<'a>]) -> Self {
        Self {
            slices,
            start: 0,
            end: slices.iter().map(|slice| slice.len()).sum(),
        }
    }
}

impl Payload for Slices<'_> {
    fn len(self) -> usize {
        self.end - self.start
    }

    fn split_at(self, len: usize) -> (Self, Self) {
        let middle = self.start + len.min(self.len());
        (
            Self {
                end: middle,
                ..self
            },
            Self {
                start: middle,
                ..self
            },
        )
    }

    fn as_slice(&self) -> Option<&[u8]> {
        None
    }

    fn write(self, pen: &mut Pen<'_>) {
        let mut before = 0;
        for slice in self.slices {
            let after = before + slice.len();
            let (from, to) = (self.start.max(before), self.end.min(after));
            if from < to {
                pen.bytes(&slice[from - before..to - before]);
            }
            before = after;
        }
    }
}
