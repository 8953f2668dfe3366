//! Lines when a span is opened, entered, left and closed, as `fmt` has them.
//!
//! Invariant: who does not ask for them pays for one look at four flags, and nothing is kept for a span.

use std::fmt;
use std::time::Instant;

use tracing_core::field::{FieldSet, Value, display};
use tracing_core::span::Id;
use tracing_core::{Event, Metadata};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Which of them are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanEvents {
    pub(crate) new: bool,
    pub(crate) enter: bool,
    pub(crate) exit: bool,
    pub(crate) close: bool,
}

impl From<FmtSpan> for SpanEvents {
    fn from(kinds: FmtSpan) -> Self {
        let has = |kind: FmtSpan| kinds.clone() & kind.clone() == kind;
        Self {
            new: has(FmtSpan::NEW),
            enter: has(FmtSpan::ENTER),
            exit: has(FmtSpan::EXIT),
            close: has(FmtSpan::CLOSE),
        }
    }
}

/// For how long a span has been entered, and how long not.
#[derive(Clone, Copy, Debug)]
struct Times {
    busy: u64,
    idle: u64,
    /// When the one began that goes on.
    since: Instant,
    entered: u64,
}

impl Times {
    /// What has passed since, in nanoseconds.
    fn passed(&mut self) -> u64 {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.since).as_nanos();
        self.since = now;
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}

/// Begins to measure a span that is new.
pub(crate) fn measure<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) {
    let times = Times {
        busy: 0,
        idle: 0,
        since: Instant::now(),
        entered: 0,
    };
    // A layer may hear of a span twice, after a `reload`.
    span.extensions_mut().replace(times);
}

/// A span that is measured is entered.
pub(crate) fn enter<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) {
    if let Some(times) = span.extensions_mut().get_mut::<Times>() {
        if times.entered == 0 {
            times.idle += times.passed();
        }
        times.entered += 1;
    }
}

/// A span that is measured is left.
pub(crate) fn exit<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) {
    if let Some(times) = span.extensions_mut().get_mut::<Times>() {
        times.entered = times.entered.saturating_sub(1);
        if times.entered == 0 {
            times.busy += times.passed();
        }
    }
}

/// Makes the event that says what becomes of the span.
pub(crate) fn say(
    id: &Id,
    meta: &'static Metadata<'static>,
    what: &str,
    on_event: impl FnOnce(&Event<'_>),
) {
    let fields = FieldSet::new(&["message"], meta.callsite());
    let Some(message) = fields.field("message") else {
        return;
    };
    let values = [(&message, Some(&what as &dyn Value))];
    let values = fields.value_set(&values);
    on_event(&Event::new_child_of(id.clone(), meta, &values));
}

/// The same when it is closed, with its times if it was measured.
pub(crate) fn say_closed<'a, R: LookupSpan<'a>>(
    id: &Id,
    span: SpanRef<'a, R>,
    on_event: impl FnOnce(&Event<'_>),
) {
    let meta = span.metadata();
    let times = span.extensions().get::<Times>().copied();
    drop(span);
    let Some(mut times) = times else {
        return say(id, meta, "close", on_event);
    };
    times.idle += times.passed();
    let fields = FieldSet::new(&["message", "time.busy", "time.idle"], meta.callsite());
    let [Some(message), Some(busy), Some(idle)] =
        ["message", "time.busy", "time.idle"].map(|name| fields.field(name))
    else {
        return;
    };
    let (busy_time, idle_time) = (display(Nanos(times.busy)), display(Nanos(times.idle)));
    let values = [
        (&message, Some(&"close" as &dyn Value)),
        (&busy, Some(&busy_time as &dyn Value)),
        (&idle, Some(&idle_time as &dyn Value)),
    ];
    let values = fields.value_set(&values);
    on_event(&Event::new_child_of(id.clone(), meta, &values));
}

/// A time with three digits and the unit that fits, as `fmt` shows it.
struct Nanos(u64);

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut count = self.0 as f64;
        let mut units = ["ns", "\u{b5}s", "ms"].into_iter();
        let unit = loop {
            match units.next() {
                Some(unit) if count < 1000.0 => break unit,
                Some(_) => count /= 1000.0,
                None => break "s",
            }
        };
        let decimals = match count {
            ..10.0 => 2,
            ..100.0 => 1,
            _ => 0,
        };
        write!(f, "{count:.decimals$}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (nanos, shown) in [
            (0, "0.00ns"),
            (9, "9.00ns"),
            (12, "12.0ns"),
            (999, "999ns"),
            (1_000, "1.00\u{b5}s"),
            (123_456, "123\u{b5}s"),
            (45_600_000, "45.6ms"),
            (7_890_000_000, "7.89s"),
            (1_234_000_000_000, "1234s"),
        ] {
            assert_eq!(Nanos(nanos).to_string(), shown);
        }
    }
}
