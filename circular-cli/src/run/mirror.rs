//! A program that reads its keys from the terminal that it prints to, while its standard input is none: `… | less`, `… | vim -`.
//!
//! What it prints to is a terminal of ours, and keys are typed on the real one. Such a program sets its terminal before it
//! reads a key, to have keys one by one and unseen. So where the settings of the command's terminal are not those that it began with, the
//! real one passes keys on unseen, and they are typed on the command's, which knows what to do with them.
//!
//! Invariant: while the settings are those of the beginning, no key is taken, as it may be for somebody else, such as the password
//! of `ssh … | circular run -- …`; and whenever this process is stopped or ends, the real terminal is as it was found. Keys that are
//! signals stay the real terminal's, and reach the whole group.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use crate::run::groups::is_in_foreground;

/// The two terminals.
#[derive(Debug)]
pub(crate) struct Mirror {
    ours: File,
    real: File,
    /// What the command's was set to.
    began: Termios,
    /// What the real one was set to.
    found: Termios,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the command's is set to, if the real one is set for that.
    applied: Option<Termios>,
    /// This process is about to stop, or to end.
    is_off: bool,
}

/// How often it is asked whether the settings have changed where nothing was printed since, and this process is in the foreground.
const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

impl Mirror {
    /// Of our side of a command's terminal; `None` if this session has no terminal that could be typed on.
    pub(crate) fn of(ours: impl AsFd) -> Option<Arc<Self>> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let real = File::from(open("/dev/tty", flags, Mode::empty()).ok()?);
        let ours = File::from(ours.as_fd().try_clone_to_owned().ok()?);
        Some(Arc::new(Self {
            began: tcgetattr(&ours).ok()?,
            found: tcgetattr(&real).ok()?,
            ours,
            real,
            state: Mutex::default(),
        }))
    }

    /// Sets the real terminal for what the command's is set to, if that has changed; returns whether keys are to be passed on.
    pub(crate) fn look(&self) -> bool {
        let mut state = self.lock();
        let Ok(now) = tcgetattr(&self.ours) else {
            return false;
        };
        if state.is_off || !is_in_foreground(&self.real) {
            return false;
        }
        if are_alike(&now, &self.began) {
            self.give_back(&mut state);
            return false;
        }
        let is_applied = |applied: &Termios| {
            are_alike(applied, &now) && applied.output_modes == now.output_modes
        };
        if !state.applied.as_ref().is_some_and(is_applied) {
            self.set(&self.passing(&now));
            state.applied = Some(now);
        }
        true
    }

    /// This process is about to stop, or to end.
    pub(crate) fn turn_off(&self) {
        let mut state = self.lock();
        state.is_off = true;
        if is_in_foreground(&self.real) {
            self.give_back(&mut state);
        }
        // Whoever has it now sets it anew.
        state.applied = None;
    }

    /// It goes on.
    pub(crate) fn turn_on(&self) {
        self.lock().is_off = false;
        self.look();
    }

    /// Passes on keys, on a thread of its own, until `ended` hangs up.
    pub(crate) fn start(self: &Arc<Self>, ended: OwnedFd) {
        let mirror = Arc::clone(self);
        thread::spawn(move || mirror.pass_keys(&ended));
    }

    fn pass_keys(&self, ended: &OwnedFd) {
        let mut typed = [0; 4096];
        loop {
            let passes = self.look();
            let mut fds = [
                PollFd::new(ended, PollFlags::IN),
                PollFd::new(&self.real, PollFlags::IN),
            ];
            let watched = if passes { &mut fds[..] } else { &mut fds[..1] };
            let _ = poll(watched, Some(&LOOK_AGAIN));
            if !fds[0].revents().is_empty() {
                return;
            }
            // It may have waited over a stop, or over a change: what is typed now may be another's.
            if !passes || fds[1].revents().is_empty() || !self.look() {
                continue;
            }
            match rustix::io::read(&self.real, &mut typed) {
                Ok(0) => {
                    // It has gone.
                    if fds[1].revents().contains(PollFlags::HUP) {
                        return;
                    }
                }
                Ok(count) => {
                    if (&self.ours).write_all(&typed[..count]).is_err() {
                        return;
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Makes it as it was found, if it is not.
    fn give_back(&self, state: &mut State) {
        if state.applied.take().is_some() {
            self.set(&self.found);
        }
    }

    /// What the real one is set to, so that keys come through it unchanged and unseen, but for those that are signals, or hold up what is
    /// printed there.
    fn passing(&self, now: &Termios) -> Termios {
        let mut passing = self.found.clone();
        passing.make_raw();
        passing.control_modes = self.found.control_modes;
        let flow = InputModes::IXON | InputModes::IXOFF | InputModes::IXANY;
        passing.input_modes |= now.input_modes & flow;
        let signals = LocalModes::ISIG | LocalModes::NOFLSH | LocalModes::TOSTOP;
        passing.local_modes |= now.local_modes & signals;
        // What is printed is processed here and not there: as the program has it, as far as it has changed that.
        passing.output_modes = self.found.output_modes ^ self.began.output_modes ^ now.output_modes;
        passing.special_codes = now.special_codes.clone();
        passing.special_codes[SpecialCodeIndex::VMIN] = 1;
        passing.special_codes[SpecialCodeIndex::VTIME] = 0;
        passing
    }

    /// At once, without waiting for what is printed, which would be held up by that.
    fn set(&self, settings: &Termios) {
        let set = || tcsetattr(&self.real, OptionalActions::Now, settings);
        let _ = rustix::io::retry_on_intr(set);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.turn_off();
    }
}

/// Whether keys come alike.
fn are_alike(one: &Termios, other: &Termios) -> bool {
    (one.input_modes, one.local_modes) == (other.input_modes, other.local_modes)
        && CODES
            .iter()
            .all(|&code| one.special_codes[code] == other.special_codes[code])
}

const CODES: [SpecialCodeIndex; 17] = [
    SpecialCodeIndex::VINTR,
    SpecialCodeIndex::VQUIT,
    SpecialCodeIndex::VERASE,
    SpecialCodeIndex::VKILL,
    SpecialCodeIndex::VEOF,
    SpecialCodeIndex::VTIME,
    SpecialCodeIndex::VMIN,
    SpecialCodeIndex::VSWTC,
    SpecialCodeIndex::VSTART,
    SpecialCodeIndex::VSTOP,
    SpecialCodeIndex::VSUSP,
    SpecialCodeIndex::VEOL,
    SpecialCodeIndex::VREPRINT,
    SpecialCodeIndex::VDISCARD,
    SpecialCodeIndex::VWERASE,
    SpecialCodeIndex::VLNEXT,
    SpecialCodeIndex::VEOL2,
];
