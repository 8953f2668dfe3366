//! A command in this process's group: whatever the terminal sends to one it sends to the other.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use circular_core::CommandEnd;
use rustix::process::{Pid, Signal, kill_process};

use crate::args::RingOptions;
use crate::output::stderr::say;
use crate::run::after;
use crate::run::command::{self, Became, Process, Since};
use crate::run::groups::is_of_session;
use crate::run::mirror::Mirror;
use crate::run::recorder::{Origin, Recorder, name_of};
use crate::run::recording::{Feed, Recording};
use crate::run::relay::{Relayed, Stream, relay};
use crate::run::signals::{self, Came, stop_until};
use crate::run::streams::{self, Made};
use crate::run::terminal::fit;

/// Runs it to its end, and returns the exit status.
///
/// # Errors
///
/// It is not started, as what it needs is refused.
pub(crate) fn run(record: &RingOptions, words: &[OsString]) -> io::Result<u8> {
    let out = streams::make("stdout", io::stdout())?;
    let err = streams::make_stderr()?;
    // Where its standard input is a terminal, it has its keys from there.
    let prints_on = |made: &&Made| made.is_terminal && is_of_session(&made.stream.to);
    let reads_there = err.iter().chain([&out]).find(prints_on);
    let mirror = reads_there
        .filter(|_| !io::stdin().is_terminal())
        .and_then(|made| Mirror::of(&made.stream.from));
    let wanted = signals::passed_on_and(&[Signal::WINCH, Signal::TSTP, Signal::CONT]);
    let mut signals = signals::catch(&wanted)?;
    let caught = signals.caught();
    let (ended, ends) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;

    let mut command = command::of(words);
    command
        .stdout(out.commands.try_clone()?)
        .stderr(err.as_ref().unwrap_or(&out).commands.try_clone()?);
    let started = command.stdin(Stdio::inherit()).spawn();
    // The command's sides are its own from here on.
    drop(command);
    let child = match started {
        Ok(child) => child,
        Err(error) => {
            return Ok(command::not_started(&words[0], &error));
        }
    };
    let pid = Pid::from_child(&child);
    let path = command::path_of(&words[0]);
    let origin = Origin {
        name: name_of(words[0].as_ref()),
        command: Some((path, child.id())),
        rest_of: None,
    };
    let recorder = Recorder::start(record, &origin);

    let mut terminals = Vec::new();
    let mut relays = Vec::new();
    let made: Vec<Made> = [Some(out), err].into_iter().flatten().collect();
    let heard = made.iter().map(|made| made.stream.heard()).collect();
    let first = made.first().map(|made| &made.stream.from);
    let (recording, feeds) = Recording::start(&recorder, heard, first);
    for (made, feed) in made.into_iter().zip(feeds) {
        let Made {
            commands,
            stream,
            is_terminal,
        } = made;
        drop(commands);
        if is_terminal {
            terminals.push((stream.from.try_clone()?, stream.to.try_clone()?));
        }
        let mirrors = mirror.clone().filter(|_| is_terminal);
        let on_read = move || {
            if let Some(mirror) = &mirrors {
                mirror.look();
            }
        };
        relays.push(start(stream, feed, ended.try_clone()?, on_read));
    }
    if let Some(mirror) = &mirror {
        mirror.start(ended);
    }
    let process = Process::new(pid);
    let (continues, continued) = mpsc::channel();
    let (receiver, their_mirror) = (process.clone(), mirror.clone());
    let their_recorder = recorder.clone();
    thread::spawn(move || {
        while let Some(came) = signals.next() {
            if came.signal == Signal::CONT {
                let _ = continues.send(());
            } else {
                pass_on(
                    came,
                    &receiver,
                    &terminals,
                    their_mirror.as_deref(),
                    &their_recorder,
                );
            }
        }
    });

    let end = wait(pid, &continued, mirror.as_deref())?;
    process.has_ended(&caught);
    drop(ends);
    recorder.ended(end);
    finish(relays, recording, record, &origin, &recorder, None);
    if let Some(mirror) = mirror {
        mirror.turn_off();
    }
    if let CommandEnd::Killed(number) = end {
        // What came to this process as well is for whoever waits for it too: a shell ends its loop only if it sees that.
        for signal in [Signal::INT, Signal::QUIT] {
            if signal.as_raw() == number && caught.is_of_system(signal) {
                signals::die_of(signal);
            }
        }
    }
    Ok(command::exit_status(end))
}

/// Relays a stream on a thread of its own.
pub(crate) fn start(
    stream: Stream,
    feed: Feed,
    ended: OwnedFd,
    on_read: impl Fn() + Send + 'static,
) -> JoinHandle<Relayed> {
    thread::spawn(move || relay(stream, &feed, ended, on_read))
}

/// Waits until all that the command has printed is passed on and recorded, and leaves the rest to another process.
pub(crate) fn finish(
    relays: Vec<JoinHandle<Relayed>>,
    recording: Recording,
    record: &RingOptions,
    origin: &Origin,
    recorder: &Recorder,
    held: Option<OwnedFd>,
) {
    let mut open = Vec::new();
    for relay in relays {
        let left = relay.join().ok().and_then(|relayed| relayed.left);
        open.extend(left);
    }
    recording.join();
    recorder.close();
    if !open.is_empty() {
        let origin = Origin {
            rest_of: recorder.id(),
            ..origin.clone()
        };
        if let Err(error) = after::go_on(open, record, &origin, held) {
            say(format_args!(
                "circular: what the command left behind is cut off: {error}"
            ));
        }
    }
}

/// The group has what the system sent; what a process sent was for this one alone.
fn pass_on(
    came: Came,
    process: &Process,
    terminals: &[(OwnedFd, OwnedFd)],
    mirror: Option<&Mirror>,
    recorder: &Recorder,
) {
    if came.is_own() {
        return;
    }
    let is_size = came.signal == Signal::WINCH && came.is_of_system();
    if is_size {
        for (ours, real) in terminals {
            fit(ours, real);
        }
    }
    // Of the new size it has heard before its own terminal had it.
    let is_for_it = !came.is_of_system() || is_size && !terminals.is_empty();
    if process.had_ended(came) {
        mirror.inspect(|mirror| mirror.turn_off());
        recorder.record_and_close();
        signals::obey(came.signal);
    } else if is_for_it {
        process.signal(came.signal);
    }
}

/// Waits for its end. When it is stopped, so is this process, as whoever waits for this one is to see that; it goes on with
/// this one.
fn wait(pid: Pid, continued: &Receiver<()>, mirror: Option<&Mirror>) -> io::Result<CommandEnd> {
    loop {
        match command::wait(pid)? {
            Became::Ended(end) => return Ok(end),
            Became::Stopped(_) => {
                // The group may have been continued already, and been stopped again.
                let mut since = command::since_stopped(pid);
                while since != Some(Since::Continued) {
                    mirror.inspect(|mirror| mirror.turn_off());
                    stop_until(continued);
                    mirror.inspect(|mirror| mirror.turn_on());
                    since = command::since_stopped(pid);
                    if since.is_none() {
                        let _ = kill_process(pid, Signal::CONT);
                        break;
                    }
                }
            }
        }
    }
}
