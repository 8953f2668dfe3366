//! The bytes of one write, or of one part of it.

use crate::storage::Pen;
use std::io::IoSlice;

/// A range of the bytes that several slices make up together.
#[derive(Clone, Copy)]
pub(crate) struct Payload<'a> {
    slices: &'a [IoSlice<'a>],
    start: usize,
    end: usize,
}

impl<'a> Payload<'a> {
    pub(crate) fn new(slices: &'a [IoSlice<'a>]) -> Self {
        Self {
            slices,
            start: 0,
            end: slices.iter().map(|slice| slice.len()).sum(),
        }
    }

    pub(crate) fn len(self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first `len` bytes, or all if there are fewer, and the rest.
    pub(crate) fn split_at(self, len: usize) -> (Self, Self) {
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

    pub(crate) fn write(self, pen: &mut Pen<'_>) {
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
