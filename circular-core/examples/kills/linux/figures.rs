//! What came of the runs of one kind, for a line of the table.

use super::acks::Acks;
use super::judge::Found;
use std::fmt;

#[derive(Debug, Default)]
pub(crate) struct Figures {
    runs: u64,
    acknowledged: u64,
    recovered: u64,
    wrapped: u64,
    /// The least that a ring that was full held of what it can hold.
    least: Option<f64>,
}

impl Figures {
    pub(crate) const HEADER: &'static str =
        "records    runs  acknowledged   recovered  overwritten  least found";

    pub(crate) fn note(&mut self, acks: &Acks, found: Found) {
        self.runs += 1;
        self.acknowledged += acks.count();
        self.recovered += found.records;
        if found.is_wrapped {
            self.wrapped += 1;
            self.least = Some(
                self.least
                    .map_or(found.share, |least| least.min(found.share)),
            );
        }
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            acknowledged,
            recovered,
            wrapped,
            least,
        } = self;
        write!(
            f,
            "{runs:>6}  {acknowledged:>12}  {recovered:>10}  {wrapped:>11}"
        )?;
        match least {
            Some(least) => write!(f, "  {:>10.1} %", 100.0 * least),
            None => write!(f, "  {:>12}", "-"),
        }
    }
}
