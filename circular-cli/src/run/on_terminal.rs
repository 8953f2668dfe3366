//! A command on a terminal of its own, with this process between that and the real one.
//!
//! Invariant: whenever this process is stopped or ends, the real terminal is as it was found.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;

use circular_core::CommandEnd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_current_process_group, kill_process_group};

use crate::args::RingOptions;
use crate::run::beside::{finish, start};
use crate::run::command::{self, Process, Reached};
use crate::run::groups::{is_in_foreground, is_watched};
use crate::run::inherited;
use crate::run::keyboard::Keyboard;
use crate::run::recorder::{Origin, Recorder, name_of};
use crate::run::recording::Recording;
use crate::run::relay::Stream;
use crate::run::session::Told;
use crate::run::signals::{self, Signals, stop_group_until, stop_until};
use crate::run::streams;
use crate::run::terminal::{Pair, Real, fit, has_gone};

/// Whether that is how a command is to be run.
pub(crate) fn is_one() -> bool {
    streams::is_one_terminal(io::stdin(), io::stdout()) && is_in_foreground(io::stdin())
}

/// What it takes, made before there is a command: what fails until then changes nothing for it.
pub(crate) struct Stage {
    real: Arc<Real>,
    keyboard: Keyboard,
    /// Our side of the command's terminal.
    terminal: OwnedFd,
    streams: Vec<Stream>,
    signals: Signals,
    /// The beginning of what the session tells.
    ours: UnixStream,
    ended: OwnedFd,
    ends: OwnedFd,
}

/// Makes the terminals, and starts the session that is to start the command.
///
/// # Errors
///
/// What that needs is refused. Nothing runs then.
pub(crate) fn set(words: &[OsString]) -> io::Result<Stage> {
    let real = Arc::new(Real::of(io::stdin())?);
    let main = Pair::like(io::stdin())?;
    let keyboard = Keyboard::of(main.ours.try_clone()?);
    let terminal = main.ours.try_clone()?;
    let out = Stream {
        target: "stdout",
        from: Arc::new(main.ours),
        to: io::stdout().as_fd().try_clone_to_owned()?,
        has_returns: true,
    };
    let (mut streams, mut commands_err) = (vec![out], main.commands.try_clone()?);
    if let Some(err) = streams::make_stderr()? {
        commands_err = err.commands;
        streams.push(err.stream);
    }

    let caught = signals::passed_on_and(&[Signal::WINCH, Signal::TSTP, Signal::CONT]);
    let signals = signals::catch(&caught)?;

    let (ended, ends) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;

    let (ours, theirs) = UnixStream::pair()?;
    fcntl_setfd(&theirs, FdFlags::empty())?;
    let mut leader = Command::new("/proc/self/exe");
    leader.arg0("circular");
    leader
        .arg("__session")
        .arg(format!("--tell={}", theirs.as_raw_fd()))
        .arg("--")
        .args(words);
    leader
        .stdin(main.commands.try_clone()?)
        .stdout(main.commands)
        .stderr(commands_err);
    inherited::give(&mut leader);
    leader.spawn()?;
    // The command's sides are its own from here on.
    drop((leader, theirs));
    Ok(Stage {
        real,
        keyboard,
        terminal,
        streams,
        signals,
        ours,
        ended,
        ends,
    })
}

/// Runs the command to its end, and returns the exit status.
///
/// # Errors
///
/// The session is not to be heard.
pub(crate) fn run(stage: Stage, record: &RingOptions, words: &[OsString]) -> io::Result<u8> {
    let Stage {
        real,
        keyboard,
        terminal,
        streams,
        mut signals,
        ours,
        ended,
        ends,
    } = stage;
    let held = OwnedFd::from(ours.try_clone()?);
    let mut told = BufReader::new(ours).lines();
    let mut next = || told.next().and_then(|line| Told::parse(&line.ok()?));
    let number = match next() {
        Some(Told::Started(number)) => number,
        Some(Told::Failed(number)) => {
            let error = io::Error::from_raw_os_error(number);
            return Ok(command::not_started(&words[0], &error));
        }
        _ => return Err(io::Error::other("the command's session did not begin")),
    };
    let pid =
        Pid::from_raw(number).ok_or_else(|| io::Error::other("the command has no process"))?;
    let origin = Origin {
        name: name_of(words[0].as_ref()),
        command: Some((command::path_of(&words[0]), number.unsigned_abs())),
        rest_of: None,
    };
    let recorder = Recorder::start(record, &origin);

    // Before anything is passed on: what comes has its line ends already.
    real.hand_over();
    let mut relays = Vec::new();
    let heard = streams.iter().map(Stream::heard).collect();
    let first = streams.first().map(|stream| &stream.from);
    let (recording, feeds) = Recording::start(&recorder, heard, first);
    for (stream, feed) in streams.into_iter().zip(feeds) {
        relays.push(start(stream, feed, ended.try_clone()?, || {}));
    }
    let has_terminal = Arc::new(AtomicBool::new(true));
    let keys = keyboard.keys();
    pass_keys(
        keyboard,
        Arc::clone(&real),
        ended,
        Arc::clone(&has_terminal),
    );
    let (their_terminal, on_signal) = (Arc::clone(&real), Arc::clone(&has_terminal));
    let (process, caught) = (Process::new(pid), signals.caught());
    let (receiver, their_recorder) = (process.clone(), recorder.clone());
    let (continues, continued) = mpsc::channel();
    thread::spawn(move || {
        while let Some(came) = signals.next() {
            match came.signal {
                Signal::WINCH if came.is_of_system() => fit(&terminal, io::stdin()),
                Signal::CONT => {
                    let has = is_in_foreground(io::stdin());
                    on_signal.store(has, Relaxed);
                    if has {
                        their_terminal.hand_over();
                        fit(&terminal, io::stdin());
                    }
                    let _ = continues.send(());
                }
                _ if came.is_own() => {}
                signal if receiver.had_ended(came) => {
                    their_terminal.take_back();
                    their_recorder.record_and_close();
                    signals::obey(signal);
                }
                signal => {
                    let reached = receiver.signal_on_terminal(signal, &terminal);
                    // Where the terminal has gone, the system continues what was stopped there, so that it hears of that.
                    if signal == Signal::HUP && has_gone(io::stdin()) {
                        let _ = receiver.signal_on_terminal(Signal::CONT, &terminal);
                        if reached == Reached::NotOurs {
                            receiver.end_session();
                        }
                    }
                }
            }
        }
    });

    let end = loop {
        match next() {
            Some(Told::Stopped(signal)) => {
                let is_of_key = keys.have_suspended() && signal == Signal::TSTP.as_raw();
                if is_of_key && !is_watched() {
                    // Without us it would not have been stopped.
                    let _ = kill_process_group(pid, Signal::CONT);
                    continue;
                }
                has_terminal.store(false, Relaxed);
                real.take_back();
                if is_of_key {
                    // Who waits for this process, such as make, is stopped as it would have been, or its shell waits for that for ever.
                    stop_group_until(&continued);
                } else {
                    stop_until(&continued);
                }
                // Continued, in the foreground or not: and so is the command.
                let _ = kill_process_group(pid, Signal::CONT);
            }
            Some(Told::Ended(end)) => break end,
            Some(_) => {}
            // Its session has gone, and that ends what is in it.
            None => break CommandEnd::Killed(Signal::HUP.as_raw()),
        }
    };
    process.has_ended(&caught);
    drop(ends);
    recorder.ended(end);
    finish(relays, recording, record, &origin, &recorder, Some(held));
    real.take_back();
    if let (CommandEnd::Killed(number), true) = (end, keys.have_interrupted()) {
        interrupt_others(number);
    }
    Ok(command::exit_status(end))
}

/// Of a key that interrupts, all in the foreground are told, such as the script that this process is in; here only the command was.
/// And a shell ends its script only if what it waited for has died of that.
fn interrupt_others(number: i32) {
    let signal = Signal::from_named_raw(number);
    if let Some(signal @ (Signal::INT | Signal::QUIT)) = signal {
        // This process catches it.
        let _ = kill_current_process_group(signal);
        signals::die_of(signal);
    }
}

/// Passes on what is typed, as long as this process is in the foreground: else reading would stop it.
fn pass_keys(
    mut keyboard: Keyboard,
    real: Arc<Real>,
    ended: OwnedFd,
    has_terminal: Arc<AtomicBool>,
) {
    thread::spawn(move || {
        let (stdin, mut typed) = (io::stdin(), [0; 4096]);
        let mut was_in_foreground = false;
        loop {
            let has = has_terminal.load(Relaxed);
            let mut fds = [
                PollFd::new(&ended, PollFlags::IN),
                PollFd::new(&stdin, PollFlags::IN),
            ];
            let watched = if has { &mut fds[..] } else { &mut fds[..1] };
            let _ = poll(watched, (!has).then_some(&LOOK_AGAIN));
            if !fds[0].revents().is_empty() {
                return;
            }
            if !has {
                // A job that ran already is not continued when it comes to the foreground, so nobody tells. For a moment a shell may
                // give the terminal away, and have it again: so it is looked at twice.
                let is_now = is_in_foreground(&stdin);
                let is_still = was_in_foreground && is_now;
                was_in_foreground = is_now;
                if is_still {
                    has_terminal.store(true, Relaxed);
                    real.hand_over();
                }
                continue;
            }
            // It may have waited over a stop: what is typed now may be the shell's.
            if fds[1].revents().is_empty() || !has_terminal.load(Relaxed) {
                continue;
            }
            if !is_in_foreground(&stdin) {
                has_terminal.store(false, Relaxed);
                continue;
            }
            match rustix::io::read(&stdin, &mut typed) {
                Ok(0) if fds[1].revents().contains(PollFlags::HUP) => return,
                // Of a terminal that is not handed over yet it is the key for an end.
                Ok(0) => {
                    if keyboard.type_in(END_KEY).is_err() {
                        return;
                    }
                }
                Ok(count) => {
                    if keyboard.type_in(&typed[..count]).is_err() {
                        return;
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    });
}

/// Ctrl-D.
const END_KEY: &[u8] = b"\x04";

/// How often it is asked whether this process is in the foreground again.
const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 30_000_000,
};
