//! SIGINT and SIGTERM, for who has something to end in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output::interrupt;

/// Which of the two has come.
#[derive(Debug)]
pub(crate) struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// From now on they do not end this process by themselves; the second one does.
    pub(crate) fn are_noted() -> Self {
        let (has_come, which) = (Arc::new(AtomicBool::new(false)), Arc::default());
        for signal in [SIGINT, SIGTERM] {
            // The first action is the first that is done: it finds nothing yet.
            let status = 128 + signal;
            let set = flag::register_conditional_shutdown(signal, status, Arc::clone(&has_come))
                .and_then(|_| {
                    let number = usize::try_from(signal).unwrap_or_default();
                    flag::register_usize(signal, Arc::clone(&which), number)
                })
                .and_then(|_| flag::register(signal, Arc::clone(&has_come)));
            // Where it cannot be set, the signal ends it as it did.
            if set.is_ok() && signal == SIGINT {
                interrupt::is_noted_elsewhere();
            }
        }
        Self(which)
    }

    /// Returns the number of the one that has come.
    pub(crate) fn come(&self) -> Option<i32> {
        let number = i32::try_from(self.0.load(Ordering::SeqCst)).ok()?;
        (number != 0).then_some(number)
    }
}
