//! The newest first.

use circular_core::Start;

use crate::output::stdout::Stop;
use crate::show::choice::Choice;
use crate::show::printer::Printer;
use crate::show::source::{self, Source};
use crate::show::survey::{Backwards, Survey};

/// Shows the last `count` of what `sources` hold from `start` on, of several rings by time.
///
/// # Errors
///
/// A ring cannot be read any more, or nothing be written.
pub(crate) fn show(
    sources: &mut [Source],
    start: Start,
    choice: &Choice,
    count: u64,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let mut lanes = Vec::new();
    for source in &mut *sources {
        lanes.push(Backwards::new(Survey::of(source, start, choice)?));
    }
    for _ in 0..count {
        let mut newest = None;
        for (index, (lane, source)) in lanes.iter_mut().zip(&mut *sources).enumerate() {
            let time = lane.peek(source, choice)?.map(source::time);
            if time.is_some_and(|time| newest.is_none_or(|(_, newest)| time >= newest)) {
                newest = time.map(|time| (index, time));
            }
        }
        let Some((index, _)) = newest else { break };
        if let Some(kept) = lanes[index].next() {
            printer.kept(&sources[index].label, &kept)?;
        }
    }
    for source in sources {
        printer.untold(source)?;
    }
    printer.flush()
}
