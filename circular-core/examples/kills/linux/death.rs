//! The ways to die.

use super::cgroup::LIMIT;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, ExitStatus};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// By the harness; all others are the program's own doing.
    Kill,
    Abort,
    StackOverflow,
    Segv,
    OutOfMemory,
}

impl Death {
    pub(crate) const ALL: [Death; 5] = [
        Death::Kill,
        Death::Abort,
        Death::StackOverflow,
        Death::Segv,
        Death::OutOfMemory,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "SIGKILL",
            Self::Abort => "abort",
            Self::StackOverflow => "stack overflow",
            Self::Segv => "SIGSEGV",
            Self::OutOfMemory => "out of memory",
        }
    }

    /// Whether a program has ended in this way and in no other.
    pub(crate) fn is_of(self, status: ExitStatus) -> bool {
        let signal = match self {
            Self::Kill | Self::OutOfMemory => libc::SIGKILL,
            // Rust's own handler says that it was the stack, and aborts.
            Self::Abort | Self::StackOverflow => libc::SIGABRT,
            Self::Segv => libc::SIGSEGV,
        };
        status.signal() == Some(signal)
    }

    /// Ends this program after so long.
    pub(crate) fn come(self, delay: Duration) {
        thread::sleep(delay);
        match self {
            Self::Kill => loop {
                thread::park();
            },
            Self::Abort => process::abort(),
            Self::StackOverflow => {
                black_box(recurse(1));
            }
            Self::Segv => write_to_nowhere(),
            Self::OutOfMemory => take_memory(),
        }
    }
}

impl FromStr for Death {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|death| format!("{death:?}") == text);
        found.ok_or_else(|| format!("no death: {text}"))
    }
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    if frame[0] == 0 {
        return 0;
    }
    recurse(depth + 1) + black_box(frame)[31]
}

#[expect(unsafe_code, reason = "safe code does not die of SIGSEGV")]
fn write_to_nowhere() {
    // Null itself would be found out by a debug build.
    let nowhere = std::ptr::without_provenance_mut::<u8>(16);
    // SAFETY: nothing is mapped in the first page, so this ends the program, which is what it is for.
    unsafe { nowhere.write_volatile(1) };
}

/// Much more than there is, piece by piece.
fn take_memory() {
    let mut taken = Vec::new();
    for _ in 0..(2 * LIMIT) >> 20 {
        taken.push(vec![1_u8; 1 << 20]);
        black_box(&mut taken);
    }
}
