//! LTTng-UST beside a ring in a file, in one run: what an event costs, and what is left of the same events when their
//! program is killed: `beside_lttng PROVIDER DIR [ROUNDS] [KILLS] [SEED]`.
//!
//! For `ci/lttng.sh`, which builds `provider.c` as the library PROVIDER, starts a session daemon of its own, and removes
//! DIR, where everything is. Programs with both are this one, started anew, with the same loop around the one call.
//!
//! It prints two tables as they stand in TESTING.md. What is found there is no reason to fail; that something could not
//! be done is.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    use std::io::{self, Write};
    let _ = writeln!(
        io::stdout(),
        "beside_lttng: LTTng and rings in files are for Linux, so there is nothing to do here"
    );
}
