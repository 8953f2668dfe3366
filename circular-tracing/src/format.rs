//! What the two forms of a line, text and JSON, have in common.

use std::fmt::Debug;

use circular_core::Timestamp;
use tracing_core::field::Visit;
use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::spans::Spans;
use crate::spans::fields::SpanFields;
use crate::values::Panic;

/// What a line has beside the message and the fields.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    pub(crate) time: bool,
    pub(crate) level: bool,
    pub(crate) thread_name: bool,
    pub(crate) thread_id: bool,
    pub(crate) target: bool,
    pub(crate) file: bool,
    pub(crate) line_number: bool,
}

impl Default for Parts {
    /// What `fmt` begins with.
    fn default() -> Self {
        Self {
            time: true,
            level: true,
            thread_name: false,
            thread_id: false,
            target: true,
            file: false,
            line_number: false,
        }
    }
}

/// One event to be written.
#[derive(Debug)]
pub struct EventLine<'a> {
    pub(crate) event: &'a Event<'a>,
    /// The event's own, or those of the log record that it was.
    pub(crate) meta: &'a Metadata<'a>,
    /// `tracing-log` has made it of a log record.
    pub(crate) is_log_record: bool,
    pub(crate) time: Timestamp,
}

/// What a [`RingLayer`](crate::RingLayer) writes: [`Text`](crate::Text) or [`Json`](crate::Json).
///
/// It is for code that takes a layer of either:
///
/// ```
/// use circular_core::Ring;
/// use circular_tracing::{Format, RingLayer};
/// use tracing_subscriber::prelude::*;
///
/// fn init<F: Format>(layer: RingLayer<F>) {
///     let layer = layer.without_time().with_file(true).with_line_number(true);
///     tracing_subscriber::registry().with(layer).init();
/// }
///
/// let ring = Ring::new(1 << 20)?;
/// init(RingLayer::new(ring).json());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// There are no others, and a program cannot add one. It can ask for one:
///
/// ```
/// use circular_tracing::Format;
///
/// #[derive(Debug)]
/// struct Own<F: Format>(F);
/// ```
///
/// and be none itself:
///
/// ```compile_fail,E0277
/// use circular_tracing::Format;
///
/// #[derive(Debug)]
/// struct Own;
///
/// impl Format for Own {}
/// ```
pub trait Format: Form + Debug + Send + Sync + 'static {}

/// How a [`Format`] writes its lines. Nobody else can name it, so nobody else has a format.
pub trait Form {
    /// How it keeps the fields of a span.
    type Fields: SpanFields;

    /// Appends a line, and tells what a value panicked with.
    fn push_line<S>(
        &self,
        text: &mut String,
        parts: Parts,
        line: &EventLine<'_>,
        context: &Context<'_, S>,
        spans: &Spans<Self::Fields>,
    ) -> Option<Panic>
    where
        S: Subscriber + for<'a> LookupSpan<'a>;

    /// Puts the fields that `record` visits into those of a span, and tells what a value panicked with.
    fn push_fields(
        fields: &mut <Self::Fields as SpanFields>::Draft,
        record: impl FnOnce(&mut dyn Visit),
    ) -> Option<Panic>;
}
