//! What is compared: each takes 128 bytes, and keeps them with a time, a level, and a name of where they came from.

#![expect(unsafe_code, reason = "LTTng is a library of C, and its calls are")]

use super::BYTES;
use circular_core::{Level, Meta, Ring};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use std::{mem, thread};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// As programs write that say no time: that of the coarse clock, every 4 ms or so.
    Ring,
    /// With the exact clock's time, as `RingLayer` and `RingLogger` write.
    RingExact,
    /// A text, with the exact clock's time; LTTng has no other.
    LttngText,
    /// The same without looking for the text's end.
    LttngBytes,
}

/// Takes one message, from any thread.
pub(crate) type Write = Box<dyn Fn(&[u8]) + Sync>;

type Call = extern "C" fn(*const c_char, usize);

impl Contender {
    pub(crate) const ALL: [Self; 4] = [
        Self::Ring,
        Self::RingExact,
        Self::LttngText,
        Self::LttngBytes,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ring => "circular",
            Self::RingExact => "circular, exact clock",
            Self::LttngText => "LTTng, text",
            Self::LttngBytes => "LTTng, bytes",
        }
    }

    pub(crate) fn is_lttng(self) -> bool {
        matches!(self, Self::LttngText | Self::LttngBytes)
    }

    /// In the program that writes.
    pub(crate) fn open(self, threads: usize, dir: &Path) -> Result<Write, String> {
        match self {
            Self::Ring => {
                let ring = ring(threads, dir)?;
                Ok(Box::new(move |bytes| record(&ring, meta(), bytes)))
            }
            Self::RingExact => {
                let ring = ring(threads, dir)?;
                Ok(Box::new(move |bytes| {
                    record(&ring, meta().time(SystemTime::now()), bytes);
                }))
            }
            Self::LttngText => lttng(c"beside_text"),
            Self::LttngBytes => lttng(c"beside_bytes"),
        }
    }
}

fn ring(threads: usize, dir: &Path) -> Result<Ring, String> {
    let ring = Ring::builder().capacity(threads * BYTES).keep(0);
    let ring = ring.mapped_in(dir, "beside").build();
    ring.map_err(|error| format!("there is no ring: {error}"))
}

fn meta() -> Meta<'static> {
    Meta::new().level(Level::Info).target("beside")
}

fn record(ring: &Ring, meta: Meta<'_>, bytes: &[u8]) {
    ring.record(meta, bytes).expect("nobody closes the ring");
}

/// Waits until the session daemon has turned the events on in this process.
fn lttng(name: &CStr) -> Result<Write, String> {
    let is_enabled = symbol(c"beside_is_enabled")?;
    // SAFETY: provider.c has it, with this signature.
    let is_enabled: extern "C" fn() -> c_int = unsafe { mem::transmute(is_enabled) };
    let began = Instant::now();
    while is_enabled() == 0 {
        if began.elapsed() > Duration::from_secs(10) {
            return Err(String::from(
                "LTTng's session daemon has not turned the events on within 10 s",
            ));
        }
        thread::sleep(Duration::from_millis(1));
    }
    let write = symbol(name)?;
    // SAFETY: the same.
    let write: Call = unsafe { mem::transmute(write) };
    Ok(Box::new(move |bytes| {
        write(bytes.as_ptr().cast(), bytes.len());
    }))
}

/// Of the library that this program was started with.
fn symbol(name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the name is a C string, and nothing is called.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        return Err(format!("{name:?} is missing: the provider is not loaded"));
    }
    Ok(found)
}

/// Keeps this thread on one of the cores that it may use, as LTTng has a buffer for each core.
pub(crate) fn stay_on_core(number: usize) -> Result<(), String> {
    // SAFETY: all zeroes are an empty set.
    let mut allowed: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is the kernel's to write to for as long as the call takes; 0 is this thread.
    unsafe { libc::sched_getaffinity(0, size_of_val(&allowed), &raw mut allowed) };
    // SAFETY: every core is below the set's size.
    let is_allowed = |core: &usize| unsafe { libc::CPU_ISSET(*core, &allowed) };
    let most = usize::try_from(libc::CPU_SETSIZE).unwrap_or(0);
    let core = (0..most).filter(is_allowed).nth(number);
    let core = core.ok_or("this needs two cores")?;
    // SAFETY: all zeroes are an empty set.
    let mut one: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the core is below the set's size.
    unsafe { libc::CPU_SET(core, &mut one) };
    // SAFETY: the kernel only reads the set.
    match unsafe { libc::sched_setaffinity(0, size_of_val(&one), &raw const one) } {
        0 => Ok(()),
        _ => Err(format!("cannot stay on core {core}")),
    }
}
