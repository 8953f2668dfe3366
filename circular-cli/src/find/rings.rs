//! The rings that are there.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use circular_core::{CommandEnd, OpenError, RingFile, RingInfo, RingState};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::failure::{Failure, next_in, typed};
use crate::find::places::{Place, places};

/// A ring, with what was known of it when it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) file: RingFile,
    pub(crate) info: RingInfo,
    /// What has become of who writes it.
    pub(crate) state: RingState,
    /// How the command has ended whose output that records, and when.
    pub(crate) command_end: Option<(CommandEnd, SystemTime)>,
}

/// What was found, and where it was looked for.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) places: Vec<LookedAt>,
    /// By program, the oldest first.
    pub(crate) rings: Vec<Found>,
    /// What is called like a ring, and cannot be read as one.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// A directory that was looked at.
#[derive(Debug)]
pub(crate) struct LookedAt {
    pub(crate) place: Place,
    /// Why it could not be.
    pub(crate) error: Option<io::Error>,
}

/// A file that is no ring for us, and why.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) path: PathBuf,
    pub(crate) error: OpenError,
}

impl Found {
    /// Opens the ring, or image, at a path; what is a link is none.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::of(RingFile::open(path)?))
    }

    /// What is known of a ring now.
    pub(crate) fn of(file: RingFile) -> Self {
        let state = file.state();
        Self {
            info: file.info(),
            state: state.unwrap_or_else(|error| RingState::Unknown(error.to_string())),
            command_end: file.command_end().unwrap_or_default(),
            file,
        }
    }

    /// Whether its program may still write to it.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, RingState::Running | RingState::Detached)
    }

    /// The process whose log it is: the command's, where that of a command is recorded.
    pub(crate) fn pid(&self) -> u64 {
        self.info.command_pid.unwrap_or(self.info.pid)
    }

    /// The other rings of the same run: of a command, one has what it printed until it ended, and one what it left behind.
    pub(crate) fn others_of_run<'a>(&self, listing: &'a Listing) -> Vec<&'a Found> {
        let is_other = |other: &&Found| {
            let (one, other) = (&self.info, &other.info);
            !other.is_copy && (one.rest_of == Some(other.ring) || other.rest_of == Some(one.ring))
        };
        listing.rings.iter().filter(is_other).collect()
    }

    /// The directory that it is in.
    pub(crate) fn dir(&self) -> &Path {
        match self.file.path().parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        }
    }

    /// Its id, as it is in its file's name and as it is typed.
    pub(crate) fn id(&self) -> String {
        format!("{:016x}", self.info.ring)
    }
}

/// Looks at all directories that are asked for, or at the default ones.
///
/// # Errors
///
/// One that was asked for cannot be read.
pub(crate) fn list(asked: &[PathBuf]) -> Result<Listing, Failure> {
    open_more();
    let mut listing = Listing {
        places: Vec::new(),
        rings: Vec::new(),
        unreadable: Vec::new(),
    };
    for place in places(asked) {
        let error = listing.look_at(&place.path).err();
        if let (Some(error), true) = (&error, place.is_asked) {
            let (dir, why) = (place.path.display(), place.why);
            let next = if error.kind() == io::ErrorKind::PermissionDenied {
                next_in("sudo circular ls", std::slice::from_ref(&place.path))
            } else {
                format!("ls -ld {}", typed(&place.path))
            };
            return Err(Failure::failed(
                format!("cannot read the directory {dir} ({why}): {error}"),
                next,
            ));
        }
        listing.places.push(LookedAt { place, error });
    }
    listing.rings.sort_by_key(|ring| {
        let info = &ring.info;
        (info.program.clone(), info.created, info.ring)
    });
    Ok(listing)
}

/// Returns why a file is no ring for us, without its path, which its text begins with.
pub(crate) fn why(path: &Path, error: &OpenError) -> String {
    let text = error.to_string();
    let path = format!("{}: ", path.display());
    text.strip_prefix(&path).unwrap_or(&text).to_owned()
}

/// Has this process open as many files as it may: a ring is one, and the usual 1024, or less, are fewer than a machine's programs may have.
fn open_more() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where that is refused, what is too much is told as what cannot be read.
    let _ = setrlimit(Resource::Nofile, most);
}

impl Listing {
    fn look_at(&mut self, dir: &Path) -> io::Result<()> {
        let entries = fs::read_dir(dir)?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            // One that is being made has a hidden name.
            if name.is_some_and(|name| name.ends_with(".ring") && !name.starts_with('.')) {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            match Found::open(&path) {
                Ok(ring) => self.rings.push(ring),
                // Pruned since.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.unreadable.push(Unreadable { path, error }),
            }
        }
        Ok(())
    }

    /// Returns the rings of a program, the best to look at first: those that run, then others, then copies and what commands
    /// have left behind; of these the newest.
    pub(crate) fn of_program(&self, program: &str) -> Vec<&Found> {
        let is_of = |ring: &&Found| ring.info.program == program;
        let mut rings: Vec<_> = self.rings.iter().filter(is_of).collect();
        rings.sort_by_key(|ring| {
            let is_beside = ring.info.is_copy || ring.info.rest_of.is_some();
            (
                Reverse(ring.is_running()),
                is_beside,
                Reverse(ring.info.created),
            )
        });
        rings
    }
}
