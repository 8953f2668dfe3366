//! Signals that come to this process, one by one, through a pipe.
//!
//! Invariant: a signal that was ignored when this process began stays so, for the command as well: nohup(1) and a shell's
//! background jobs rely on it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rustix::process::{Signal, kill_process};

/// A signal, and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) signal: Signal,
    /// The system has sent it, as for a key of the terminal, and so to the whole group; else a process has.
    pub(crate) is_of_system: bool,
}

/// What is passed on to the command, and those that are asked for besides.
pub(crate) fn passed_on_and(others: &[Signal]) -> Vec<Signal> {
    let named = [
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::TERM,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::IO,
        Signal::POWER,
        Signal::URG,
    ];
    let real_time = (libc::SIGRTMIN()..=libc::SIGRTMAX()).filter_map(signal);
    let named = named.iter().chain(others).copied();
    named.chain(real_time).collect()
}

/// The signal of that number, if programs may use it: those between the named ones and the real-time ones are the C library's.
#[expect(unsafe_code, reason = "real-time signals have no names")]
fn signal(number: i32) -> Option<Signal> {
    if (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(&number) {
        // SAFETY: it is a signal, and the C library has just said that it is not one of its own.
        return Some(unsafe { Signal::from_raw_unchecked(number) });
    }
    Signal::from_named_raw(number)
}

/// From now on, these signals come through what is returned.
///
/// # Errors
///
/// There is no pipe, or the system refuses.
pub(crate) fn catch(signals: &[Signal]) -> io::Result<Signals> {
    let ignored = ignored();
    let (reader, writer) = rustix::pipe::pipe_with(
        rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK,
    )?;
    // Only who writes must never wait.
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::empty())?;
    let writer = Arc::new(writer);
    for signal in signals {
        let number = signal.as_raw();
        if ignored & (1 << (number - 1)) == 0 {
            register(number, Arc::clone(&writer))?;
        }
    }
    Ok(Signals(File::from(reader)))
}

#[expect(unsafe_code, reason = "a handler of a signal")]
fn register(number: i32, writer: Arc<OwnedFd>) -> io::Result<()> {
    let tell = move |info: &libc::siginfo_t| {
        // A process that sends one is told by 0 or less; `SI_KERNEL` and reasons of the system are above.
        let message = [
            u8::try_from(number).unwrap_or(0),
            u8::from(info.si_code > 0),
        ];
        let _ = rustix::io::write(&*writer, &message);
    };
    // SAFETY: it makes one system call, and allocates, locks and panics nowhere.
    unsafe { signal_hook_registry::register_sigaction(number, tell) }.map(drop)
}

/// Where they come.
#[derive(Debug)]
pub(crate) struct Signals(File);

impl Signals {
    /// Waits for the next one; `None` if there will be none.
    pub(crate) fn next(&mut self) -> Option<Came> {
        loop {
            let mut message = [0; 2];
            self.0.read_exact(&mut message).ok()?;
            if let Some(signal) = signal(message[0].into()) {
                return Some(Came {
                    signal,
                    is_of_system: message[1] != 0,
                });
            }
        }
    }
}

/// Does what a signal does to a process that does not catch it: what was waited for has ended, and whoever sends one now means
/// this process.
pub(crate) fn obey(signal: Signal) {
    let _ = signal_hook::low_level::emulate_default_handler(signal.as_raw());
}

/// Stops this process, and returns when it was continued, of which `continued` tells: the thread that stops its process goes on
/// for a moment.
pub(crate) fn stop_until(continued: &Receiver<()>) {
    // Of an earlier time.
    while continued.try_recv().is_ok() {}
    let _ = kill_process(rustix::process::getpid(), Signal::STOP);
    // Not for ever: who started this one may have had it ignored.
    let _ = continued.recv_timeout(Duration::from_secs(1));
}

/// Those that this process ignores, a bit for each, from proc(5).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
