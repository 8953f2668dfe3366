//! Ctrl-C: it ends the command at once, unless a pager has the terminal, whose user it is for, or the command ends something before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// Of a command that was interrupted, in a shell: 128 and the signal.
const INTERRUPTED: i32 = 130;

static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// From now on Ctrl-C ends this process with 130.
pub(crate) fn ends_it() {
    // Where it cannot be set, the signal ends it all the same.
    let _ = signal_hook::flag::register_conditional_shutdown(
        signal_hook::consts::SIGINT,
        INTERRUPTED,
        Arc::clone(&ENDS),
    );
}

/// From now on it is the pager's.
pub(crate) fn is_the_pagers() {
    ENDS.store(false, Ordering::Relaxed);
}

/// From now on it is for who has noted it.
#[cfg(feature = "serve")]
pub(crate) fn is_noted_elsewhere() {
    ENDS.store(false, Ordering::Relaxed);
}
