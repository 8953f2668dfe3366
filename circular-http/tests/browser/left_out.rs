//! Tests that were left out, because something is missing: told in one line when all have run.
//!
//! In CI nothing is left out: there, what is missing is a failure.

use std::env;
use std::io::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Leaves the test out that calls this, for want of `what`. Panics in CI.
pub(crate) fn for_want_of(what: &str) {
    let is_ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    assert!(
        !is_ci,
        "this test needs {what}, and is not left out in CI: `ci/browser.sh install` installs it"
    );
    static ONCE: Once = Once::new();
    COUNT.fetch_add(1, Relaxed);
    ONCE.call_once(tell_at_exit);
}

extern "C" fn tell() {
    let count = COUNT.load(Relaxed);
    // Past the test harness, which keeps what tests print.
    let _ = writeln!(
        io::stderr(),
        "browser: {count} tests of the page were left out, as a browser or axe-core is missing: `ci/browser.sh install` brings them"
    );
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "only the C library tells when a process ends")]
fn tell_at_exit() {
    // SAFETY: `tell` is a function of this program, and does not unwind.
    unsafe { libc::atexit(tell) };
}

#[cfg(not(unix))]
fn tell_at_exit() {
    tell();
}
