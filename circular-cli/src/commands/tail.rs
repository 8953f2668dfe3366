//! `circular tail`: the last records, and what comes.

use std::time::SystemTime;

use crate::args::{Count, Tail};
use crate::failure::Status;
use crate::find::pick;
use crate::output::stdout::Stop;
use crate::show::picked;

/// How many are shown if nothing says how many: as with tail(1) and journalctl.
const LINES: u64 = 10;

pub(crate) fn run(tail: &Tail) -> Result<Status, Stop> {
    let show = &tail.show;
    let asked = SystemTime::now();
    let (mut rings, mut listed) = (Vec::new(), None);
    for typed in &tail.rings {
        rings.push(pick::pick(
            typed,
            &show.place.dirs,
            show.previous,
            &mut listed,
        )?);
    }
    let from = picked::begin(show)?;
    let count = show.which.lines.unwrap_or_else(|| {
        let is_bounded = from.is_some() || show.which.since.is_some() || show.which.until.is_some();
        if is_bounded {
            Count::All
        } else {
            Count::Last(LINES)
        }
    });
    picked::show(rings, show, from, count, asked, |_, _| Vec::new())
}
