//! A writer of a ring in a file, stopped after each of its instructions: `every_instruction [IMAGES] [SEED]`.
//!
//! A forked child makes small rings and writes to them: short records and long ones, with and without level, target and
//! time, formatted, vectored, in parts, around the end of DATA at every word. Its parent steps it (`ptrace`), one
//! instruction at a time, and whenever a byte of the file is another than before, that is an image that a kill at this
//! moment would leave. It is recovered, and compared with what must be in it: `check.rs` says what that is. Every
//! sixteenth is also read by a reader, and of every 64th a copy is made and recovered.
//!
//! It ends with a line of figures, or with status 1 and what was wrong.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod check;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod child;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod image;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod model;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod plan;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "../soak/random.rs"]
#[allow(dead_code, reason = "the soak needs all of it")]
mod random;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod run;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tracee;

use std::io::Write;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    say("every_instruction: nothing is checked, it is for Linux on x86-64");
}

fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "{line}");
}
