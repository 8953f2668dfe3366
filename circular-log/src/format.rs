//! The text of one log record.
//!
//! Kept here: whatever the `Display` of a value does, what it wrote stays, and the line ends.

use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Display, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::time::{SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_micros;
use log::Record;
use log::kv::{self, Key, Value, VisitSource};

/// Stands behind the text of a value that returned an error.
const FAILED: &str = "<error>";

/// Stands behind the text of a value that panicked, and ends the line.
const PANICKED: &str = "<panic>";

/// One record as one line: `2026-11-23T23:05:12.123456Z  INFO target: message key=value`.
pub(crate) struct Line<'a> {
    time: SystemTime,
    record: &'a Record<'a>,
    /// What a value panicked with. Kept until the line is recorded.
    panic: Cell<Option<Box<dyn Any + Send>>>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(time: SystemTime, record: &'a Record<'a>) -> Line<'a> {
        Line {
            time,
            record,
            panic: Cell::new(None),
        }
    }

    /// Lets the panic of a value go on to the one who logged it.
    pub(crate) fn resume_panic(self) {
        if let Some(panic) = self.panic.into_inner() {
            panic::resume_unwind(panic);
        }
    }

    /// What the program wrote: all code of others that runs for a line.
    fn values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        or_mark(f, *self.record.args())?;
        // A source of pairs may fail as well.
        if self.record.key_values().visit(&mut Pairs(f)).is_err() {
            f.write_str(FAILED)?;
        }
        Ok(())
    }
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `humantime` panics on a time before 1970, and a clock that was never set may well be
        // there.
        let time = format_rfc3339_micros(self.time.max(UNIX_EPOCH));
        let (level, target) = (self.record.level(), self.record.target());
        write!(f, "{time} {level:>5} {target}: ")?;
        // Safe to go on with: the formatter only appends, and has what was written before the
        // panic.
        match panic::catch_unwind(AssertUnwindSafe(|| self.values(f))) {
            Ok(written) => written?,
            Err(panic) => {
                self.panic.set(Some(panic));
                f.write_str(PANICKED)?;
            }
        }
        f.write_char('\n')
    }
}

/// Writes each pair as ` key=value`.
struct Pairs<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl<'kvs> VisitSource<'kvs> for Pairs<'_, '_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        write!(self.0, " {key}=")?;
        or_mark(self.0, format_args!("{value}"))?;
        Ok(())
    }
}

/// Writes `text`, or as much of it as can be had and a mark.
fn or_mark(f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    match f.write_fmt(text) {
        Ok(()) => Ok(()),
        Err(fmt::Error) => f.write_str(FAILED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    fn line(time: SystemTime) -> String {
        let args = format_args!("m");
        let record = Record::builder().target("t").args(args).build();
        Line::new(time, &record).to_string()
    }

    #[test]
    fn time_has_microseconds_and_is_utc() {
        let seconds = Duration::from_secs(1_795_475_112);
        let lines = [
            (0, "2026-11-23T23:05:12.000000Z  INFO t: m\n"),
            (123_456_789, "2026-11-23T23:05:12.123456Z  INFO t: m\n"),
        ];
        for (nanos, expected) in lines {
            let time = UNIX_EPOCH + seconds + Duration::from_nanos(nanos);
            assert_eq!(line(time), expected);
        }
    }

    #[test]
    fn a_clock_before_1970_does_not_panic() {
        let time = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(line(time), "1970-01-01T00:00:00.000000Z  INFO t: m\n");
    }
}
