//! The program's values, whose code runs while they are shown: it may fail, and it may panic.

use std::any::Any;
use std::fmt::{self, Debug};
use std::panic::{self, AssertUnwindSafe};

/// Stands behind the text of a value whose `Display` or `Debug` returned an error.
pub(crate) const FAILED: &str = "<error>";

/// Stands behind the text of a value that panicked.
pub(crate) const PANICKED: &str = "<panic>";

/// What a value of the program's panicked with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Lets the program's code run, and keeps its panic.
pub(crate) fn caught(run: impl FnOnce()) -> Option<Panic> {
    // What is written to is only appended to, and stays a text.
    panic::catch_unwind(AssertUnwindSafe(run)).err()
}

/// The `Debug` of a value, which may fail.
pub(crate) fn write_debug(out: &mut dyn fmt::Write, value: &dyn Debug) -> fmt::Result {
    out.write_fmt(format_args!("{value:?}"))
}
