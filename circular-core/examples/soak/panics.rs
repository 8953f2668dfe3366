//! Panics: those on purpose, and all others, which are what this program is looking for.

use std::{panic, process};

/// What sinks and writers panic with on purpose.
pub(crate) const EXPECTED: &str = "this was to be expected";

pub(crate) fn expected_panic() -> ! {
    panic::panic_any(EXPECTED)
}

/// From now on a panic that is not on purpose, in whatever thread, is said and ends the program.
pub(crate) fn fail_on_others(say: fn(&str)) {
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() == Some(&EXPECTED) {
            return;
        }
        say(&format!("soak: FAILED: {info}"));
        process::exit(1);
    }));
}
