//! What a record says of itself, so that whoever gets it can tell that it is whole.
//!
//! ```text
//! [writer.number.length.check]body…            and a line end
//! [writer.number.length.check]body…{the same}  and a line end, if it is long
//! ```
//!
//! The check covers the three numbers, and every byte of the body follows from it: so the stamp
//! tells each byte of the record. A long one has its stamp at the end too, because its first parts
//! may be missed. A body has no byte that a stamp or a notice begins with.

use crate::random::mix;
use circular_core::{Level, Meta};
use std::io::Write;

/// No stamp and line end together are longer.
const SHORTEST: usize = 36;
/// From this length on there is a stamp at the end. Whatever goes in parts is longer.
pub(crate) const LONG: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) writer: u64,
    /// Which of its writer's records it is, from 0.
    pub(crate) number: u64,
    /// Bytes of the whole record.
    pub(crate) length: usize,
}

impl Stamp {
    pub(crate) fn new(writer: u64, number: u64, length: usize) -> Self {
        Self {
            writer,
            number,
            length: length.max(SHORTEST),
        }
    }

    fn check(self) -> u32 {
        let sum = mix(self.writer) ^ mix(mix(self.number) ^ self.length as u64);
        u32::try_from(sum >> 32).unwrap_or(0)
    }

    fn text(self) -> String {
        let check = self.check();
        format!(
            "{}.{}.{}.{check:08x}",
            self.writer, self.number, self.length
        )
    }

    /// The stamp that is written as `text`, without its brackets.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut fields = text.split('.');
        let stamp = Self {
            writer: fields.next()?.parse().ok()?,
            number: fields.next()?.parse().ok()?,
            length: fields.next()?.parse().ok()?,
        };
        (stamp.text() == text).then_some(stamp)
    }

    /// Fills `out` with the whole record.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let text = self.text();
        let tail = if self.length >= LONG {
            text.len() + 3
        } else {
            1
        };
        out.clear();
        out.reserve(self.length + 16);
        let _ = write!(out, "[{text}]");
        assert!(out.len() + tail <= self.length, "no room for {self:?}");
        let body = u64::from(self.check()) << 32;
        let mut letters = 0;
        while out.len() + tail < self.length {
            let random = mix(body + letters);
            out.extend(random.to_le_bytes().map(|byte| b'a' + byte % 16));
            letters += 1;
        }
        out.truncate(self.length - tail);
        if self.length >= LONG {
            let _ = write!(out, "{{{text}}}");
        }
        out.push(b'\n');
    }

    /// It does not depend on the length, which nobody knows of a record that he missed.
    pub(crate) fn level(self) -> Option<Level> {
        let codes = [
            None,
            Some(Level::Trace),
            Some(Level::Debug),
            Some(Level::Info),
            Some(Level::Warn),
            Some(Level::Error),
        ];
        codes[usize::from(mix(self.writer ^ mix(self.number)).to_le_bytes()[0]) % codes.len()]
    }

    pub(crate) fn passes(self, least: Option<Level>) -> bool {
        self.level().is_none() || self.level() >= least
    }

    pub(crate) fn target(self) -> &'static str {
        const LONGEST: &str = match std::str::from_utf8(&[b't'; Meta::MAX_TARGET]) {
            Ok(target) => target,
            Err(_) => "",
        };
        match self.check().to_le_bytes()[1] {
            0 => LONGEST,
            1..100 => "soak::writer",
            _ => "",
        }
    }

    pub(crate) fn meta(self) -> Meta<'static> {
        Meta::new().level(self.level()).target(self.target())
    }
}
