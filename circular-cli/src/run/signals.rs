//! Signals that come to this process, one by one, through a pipe.
//!
//! Invariant: a signal that was ignored when this process began stays so, for the command as well: nohup(1) and a shell's
//! background jobs rely on it.
//!
//! They are caught before there is a ring: what notes that this process crashes is in front then, and sees that a SIGABRT which
//! somebody has sent is dealt with, and no crash.

use std::fs::{self, File};
use std::io::{self, Read};
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Signal, kill_current_process_group, kill_process, set_dumpable_behavior,
};

use crate::run::inherited;

/// A signal, and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) signal: Signal,
    pub(crate) from: Sender,
    /// How many had come with it.
    pub(crate) count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Process,
    /// As for a key of the terminal, and so to the whole group.
    System,
    /// This process: by a call, or by what came of a write.
    Itself,
}

impl Came {
    pub(crate) fn is_of_system(self) -> bool {
        self.from == Sender::System
    }

    /// Whether it is this process's own business.
    pub(crate) fn is_own(self) -> bool {
        match self.from {
            Sender::Process => false,
            // Of the processor's time that this one has used; the command has a limit of its own.
            Sender::System => self.signal == Signal::XCPU,
            // That a file has become too large is for whoever would have written to it.
            Sender::Itself => self.signal != Signal::XFSZ,
        }
    }
}

/// What is passed on to the command, and those that are asked for besides. It is all that can be caught, but for what is a fault of
/// the process itself; for SIGCHLD, which comes of each child; and for SIGTTIN and SIGTTOU, which are to stop this process if it touches the
/// terminal from the background.
pub(crate) fn passed_on_and(others: &[Signal]) -> Vec<Signal> {
    let named = [
        Signal::ABORT,
        Signal::PIPE,
        Signal::STKFLT,
        Signal::XCPU,
        Signal::XFSZ,
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

/// What ends a process that does not catch it, if somebody sends it; and an interrupt. Without what comes of a fault of its own, such as a
/// write to a closed pipe.
pub(crate) fn that_end() -> Vec<Signal> {
    let is_own = |signal: &Signal| {
        let own = [Signal::ABORT, Signal::PIPE, Signal::XFSZ, Signal::URG];
        own.contains(signal)
    };
    let mut signals = passed_on_and(&[]);
    signals.retain(|signal| !is_own(signal));
    signals
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
    let caught = Caught::default();
    for signal in signals {
        let number = signal.as_raw();
        // The standard library has that one ignored, whatever it was.
        let is_ignored = if *signal == Signal::PIPE {
            inherited::ignores_pipe()
        } else {
            ignored & bit(number) != 0
        };
        if !is_ignored {
            register(number, Arc::clone(&writer), caught.clone())?;
        }
    }
    Ok(Signals {
        pipe: File::from(reader),
        read: 0,
        caught,
    })
}

fn bit(number: i32) -> u64 {
    1 << (number - 1)
}

#[expect(unsafe_code, reason = "a handler of a signal")]
fn register(number: i32, writer: Arc<OwnedFd>, caught: Caught) -> io::Result<()> {
    let own_pid = std::process::id();
    let tell = move |info: &libc::siginfo_t| {
        // A process that sends one is told by 0 or less; `SI_KERNEL` and reasons of the system are above.
        let sender = if info.si_code > 0 {
            caught.of_system.fetch_or(bit(number), Relaxed);
            Sender::System
        } else {
            // SAFETY: a process has sent it, and that has a number. Of a timer it is the timer's, which is small.
            let pid = unsafe { info.si_pid() };
            if pid.unsigned_abs() == own_pid {
                Sender::Itself
            } else {
                Sender::Process
            }
        };
        let message = [u8::try_from(number).unwrap_or(0), sender as u8];
        // That for a broken pipe, with each write.
        if (number, sender) == (libc::SIGPIPE, Sender::Itself) {
            return;
        }
        caught.count.fetch_add(1, Relaxed);
        if rustix::io::write(&*writer, &message).is_err() {
            caught.count.fetch_sub(1, Relaxed);
        }
    };
    // SAFETY: it makes one system call, and allocates, locks and panics nowhere.
    unsafe { signal_hook_registry::register_sigaction(number, tell) }.map(drop)
}

/// What has been caught so far. The handler says so: where a command has died of a signal that came to the whole group, it was here before
/// its death could be seen, and it may wait in the pipe still.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caught {
    of_system: Arc<AtomicU64>,
    count: Arc<AtomicU64>,
}

impl Caught {
    /// Whether the system has sent it to this process.
    pub(crate) fn is_of_system(&self, signal: Signal) -> bool {
        self.of_system.load(Relaxed) & bit(signal.as_raw()) != 0
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }
}

/// Where they come.
#[derive(Debug)]
pub(crate) struct Signals {
    pipe: File,
    /// How many have been read from it.
    read: u64,
    caught: Caught,
}

impl Signals {
    /// Waits for the next one; `None` if there will be none.
    pub(crate) fn next(&mut self) -> Option<Came> {
        loop {
            let mut message = [0; 2];
            self.pipe.read_exact(&mut message).ok()?;
            self.read += 1;
            if let Some(signal) = signal(message[0].into()) {
                let from = match message[1] {
                    sender if sender == Sender::System as u8 => Sender::System,
                    sender if sender == Sender::Itself as u8 => Sender::Itself,
                    _ => Sender::Process,
                };
                return Some(Came {
                    signal,
                    from,
                    count: self.read,
                });
            }
        }
    }

    pub(crate) fn caught(&self) -> Caught {
        self.caught.clone()
    }
}

/// Does what a signal does to a process that does not catch it: what was waited for has ended, and whoever sends one now means
/// this process.
pub(crate) fn obey(signal: Signal) {
    let number = signal.as_raw();
    if signal_hook::low_level::emulate_default_handler(number).is_err() {
        // It knows no default for some; they all end a process.
        std::process::exit(128 + number);
    }
}

/// Dies of what the command has died of, as a shell ends its loop only if it sees that. A core would be of the wrong program.
pub(crate) fn die_of(signal: Signal) {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
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

/// Stops this process's group as the terminal's key does, and returns when this process was continued. All are stopped at once: who
/// waits for one of them may continue them all, and whoever stopped itself after that would stay so.
pub(crate) fn stop_group_until(continued: &Receiver<()>) {
    while continued.try_recv().is_ok() {}
    let Ok(before) = set_tstp(None) else {
        return stop_until(continued);
    };
    let _ = kill_current_process_group(Signal::TSTP);
    let _ = continued.recv_timeout(Duration::from_secs(1));
    let _ = set_tstp(Some(&before));
}

/// Sets what is done on SIGTSTP, the system's default if that is nothing else, and returns what was before.
#[expect(unsafe_code, reason = "nobody else gives a signal back to the system")]
fn set_tstp(action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: numbers, and addresses that may be none; all zero it is the default.
    let (default, mut before): (libc::sigaction, libc::sigaction) = unsafe { mem::zeroed() };
    let action = action.unwrap_or(&default);
    // SAFETY: it is the default, or what was there before.
    let done = unsafe { libc::sigaction(libc::SIGTSTP, action, &raw mut before) };
    if done == 0 {
        Ok(before)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Those that this process ignores, a bit for each, from proc(5).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
