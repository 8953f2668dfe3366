//! What the files of dumps are called.

use super::stamp::Stamp;
use crate::file::names::sanitise;
use crate::text::fixed_text::FixedText;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why dumps are made. Those of each cause are kept by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    Panic,
    Trigger,
    /// Somebody asked for one.
    Request,
}

/// No name is longer, in bytes: 64 of a program, with pid, time and ending. Some encrypted file systems have no more room.
pub(super) const LONGEST: usize = 143;

/// Whether a dump has got to its end, which its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Partial,
    Whole,
}

/// What a dump's file is: the text, or the image that may go with it or stand in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Image,
}

/// What tells the dumps of one program apart; a text and the image beside it have the same. Ordered by time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) stamp: Stamp,
    pub(super) pid: u32,
}

/// The names that one program's dumps of one cause have.
#[derive(Debug)]
pub(super) struct Names {
    /// Sanitised: `[A-Za-z0-9._-]`, 1 to 64 bytes, first one neither `.` nor `-`.
    program: String,
    cause: Cause,
}

impl Names {
    pub(super) fn new(program: &str, cause: Cause) -> Self {
        Self {
            program: sanitise(program),
            cause,
        }
    }

    fn name(&self, state: State, form: Form, id: Id) -> Name<'_> {
        Name {
            names: self,
            state,
            form,
            id,
        }
    }

    /// Makes `path` that of a dump in `dir`, in the memory that it has.
    pub(super) fn set_path(
        &self,
        path: &mut PathBuf,
        dir: &Path,
        (state, form, id): (State, Form, Id),
    ) {
        let mut name = FixedText::<LONGEST>::new();
        let _ = write!(name, "{}", self.name(state, form, id));
        path.as_mut_os_string().clear();
        path.push(dir);
        path.push(name.as_str());
    }

    /// Which dump `name` is, if it is one to the letter: not that of another program, one with leading
    /// zeros in the pid, or of the 30th of February.
    pub(super) fn parse(&self, name: &str) -> Option<(State, Form, Id)> {
        let (state, rest) = match name.strip_prefix('.') {
            Some(hidden) => (State::Partial, hidden.strip_suffix(".partial")?),
            None => (State::Whole, name),
        };
        let (form, stem) = match (rest.strip_suffix(".ring"), state) {
            (Some(stem), _) => (Form::Image, stem),
            (None, State::Partial) => (Form::Text, rest),
            (None, State::Whole) => (Form::Text, rest.strip_suffix(".log")?),
        };
        let stem = stem.strip_suffix(self.cause.suffix())?;
        let rest = stem
            .strip_prefix(self.program.as_str())?
            .strip_prefix('-')?;
        // Times have no `-`. So "svc" does not take the "1" of "svc-1-<pid>-<time>" for a pid.
        let (pid, stamp) = rest.split_once('-')?;
        let id = Id {
            stamp: Stamp::parse(stamp)?,
            pid: pid.parse().ok()?,
        };
        let mut exact = FixedText::<LONGEST>::new();
        let _ = write!(exact, "{}", self.name(state, form, id));
        (exact.as_str() == name).then_some((state, form, id))
    }
}

impl Cause {
    /// What stands in a dump's name, between the time and the ending.
    fn suffix(self) -> &'static str {
        match self {
            Cause::Panic => "",
            Cause::Trigger => ".trigger",
            Cause::Request => ".request",
        }
    }
}

/// One dump's name.
struct Name<'a> {
    names: &'a Names,
    state: State,
    form: Form,
    id: Id,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Id { stamp, pid } = self.id;
        let (program, suffix) = (&self.names.program, self.names.cause.suffix());
        let (hidden, ending) = match (self.state, self.form) {
            (State::Whole, Form::Text) => ("", ".log"),
            (State::Whole, Form::Image) => ("", ".ring"),
            (State::Partial, Form::Text) => (".", ".partial"),
            (State::Partial, Form::Image) => (".", ".ring.partial"),
        };
        write!(f, "{hidden}{program}-{pid}-{stamp}{suffix}{ending}")
    }
}
