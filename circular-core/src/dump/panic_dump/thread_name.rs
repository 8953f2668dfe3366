//! The name of the thread that panics, in any state of the thread.
//!
//! Invariant: it does not panic. `thread::current` does where the thread's own data is gone, in the
//! destructors of `pthread` keys for one, and there is no way to ask whether it is. So the system is asked
//! instead, where it knows: it has the first 15 bytes of the name on Linux, and of a thread without a
//! name that of the one that started it.

use crate::text::fixed_text::FixedText;
use std::fmt::Write as _;

/// More than any of these systems keeps of a name.
const BYTES: usize = 64;

/// As the standard library calls one without a name.
const UNNAMED: &str = "<unnamed>";

/// What a thread without a name is taken for by the system: it has its process's.
pub(super) struct ProcessName(FixedText<BYTES>);

impl ProcessName {
    /// Asks the system. This may allocate.
    pub(super) fn now() -> Self {
        let mut name = FixedText::new();
        #[cfg(target_os = "linux")]
        if let Ok(comm) = std::fs::read_to_string("/proc/self/comm") {
            let _ = name.write_str(comm.trim_end_matches('\n'));
        }
        let _ = name.write_str("");
        Self(name)
    }
}

pub(super) struct ThreadName(FixedText<BYTES>);

impl ThreadName {
    /// That of this thread.
    pub(super) fn current(process: &ProcessName) -> Self {
        let mut name = FixedText::new();
        if is_main() {
            let _ = name.write_str("main");
            return Self(name);
        }
        ask_system(&mut name);
        if name.as_str() == process.0.as_str() {
            name.clear();
        }
        Self(name)
    }

    pub(super) fn as_str(&self) -> &str {
        let name = self.0.as_str();
        if name.is_empty() { UNNAMED } else { name }
    }
}

/// Whether this is the thread that the process began with.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library does not tell")]
fn is_main() -> bool {
    // SAFETY: no memory is involved, and it never fails.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    u32::try_from(thread) == Ok(std::process::id())
}

#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "the standard library does not tell")]
fn is_main() -> bool {
    // SAFETY: no memory is involved, and it never fails.
    unsafe { libc::pthread_main_np() == 1 }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn is_main() -> bool {
    false
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library may panic instead")]
fn ask_system(name: &mut FixedText<BYTES>) {
    let mut bytes = [0_u8; 16];
    // SAFETY: 16 bytes is what it fills at most (prctl(2)), and they live during the call.
    let status = unsafe { libc::prctl(libc::PR_GET_NAME, bytes.as_mut_ptr()) };
    if status == 0 {
        keep(&bytes, name);
    }
}

#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "the standard library may panic instead")]
fn ask_system(name: &mut FixedText<BYTES>) {
    let mut bytes = [0_u8; BYTES];
    // SAFETY: this thread, and memory of that size which lives during the call.
    let status =
        unsafe { libc::pthread_getname_np(libc::pthread_self(), bytes.as_mut_ptr().cast(), BYTES) };
    if status == 0 {
        keep(&bytes, name);
    }
}

/// Where the system is not asked, and what the standard library knows may be gone, it has no name.
#[cfg(all(unix, not(any(target_os = "linux", target_vendor = "apple"))))]
fn ask_system(_: &mut FixedText<BYTES>) {}

/// Here the thread's data outlives what could panic: there are no keys with destructors.
#[cfg(not(unix))]
fn ask_system(name: &mut FixedText<BYTES>) {
    let _ = name.write_str(std::thread::current().name().unwrap_or_default());
}

/// What is text of a name with a zero behind it: the system may have cut it amid a character.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn keep(bytes: &[u8], name: &mut FixedText<BYTES>) {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let _ = name.write_str(text);
}
