//! Events and spans of every kind that `tracing`'s macros can say.

use crate::{spans, values};

/// What must be the same with all settings.
pub(crate) fn all() {
    values::plain();
    values::wrapped();
    values::names();
    values::messages();
    values::errors();
    spans::nested();
    spans::deep();
    spans::recorded_later();
    spans::parents();
    spans::odd_orders();
    spans::threads();
    spans::tasks();
}

/// What no setting has to do with, and takes longer.
pub(crate) fn all_values() {
    values::floats();
    values::long_messages();
    values::control_characters();
}
