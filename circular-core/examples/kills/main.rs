//! What is left of a ring in a file when its program is killed, and while it is written:
//! `kills [all|deaths|copies|followers|starts] [RUNS] [SEED]`.
//!
//! Programs write records of which every byte is known from a seed, acknowledge them, and are killed at a random moment
//! in every way there is; their rings are copied under them, followed from here, and many are started at once. What is
//! found then is compared with what was written, byte by byte.
//!
//! It says its seed first and its figures as it goes, and ends with status 1 and what was wrong if anything was. What
//! processes do to each other depends on the machine, so a seed makes a run like another one, not the same.

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
        "kills: rings are put into files on Linux only, so there is nothing to do here"
    );
}
