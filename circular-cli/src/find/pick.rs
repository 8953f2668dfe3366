//! Which rings somebody means: by a program's name, a ring's id, a pid, or a path.
//!
//! A name means the ring of it that runs, else the newest. If several run they are replicas: some commands take them all,
//! and others list them and say what to type.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, next_in, typed};
use crate::find::named;
use crate::find::rings::{self, Found, Listing, LookedAt};

/// What was typed, and the rings that it means.
#[derive(Debug)]
pub(crate) struct Picked {
    /// The best first; there is one at least.
    pub(crate) rings: Vec<Found>,
    /// It was a path: what else there is of the program is beside that.
    pub(crate) is_by_path: bool,
}

/// Returns the rings that `typed` means. What is listed for that is kept for the next.
///
/// # Errors
///
/// There is none, or it cannot be read.
pub(crate) fn pick(
    typed: impl AsRef<OsStr>,
    dirs: &[PathBuf],
    previous: bool,
    listed: &mut Option<Listing>,
) -> Result<Picked, Failure> {
    let typed = typed.as_ref();
    let path = Path::new(typed);
    if typed.as_encoded_bytes().contains(&b'/') {
        return by_path(path, dirs, previous);
    }
    // Names are text; what is not is none.
    let typed = &*typed.to_string_lossy();
    let listing = match listed {
        Some(listing) => listing,
        None => listed.insert(rings::list(dirs)?),
    };
    let of_program = listing.of_program(typed);
    if let Some(best) = of_program.first() {
        let rings = if previous {
            vec![before(best, listing, dirs)?]
        } else {
            let running = of_program.iter().filter(|ring| ring.is_running());
            let running: Vec<Found> = running.map(|&ring| ring.clone()).collect();
            if running.is_empty() {
                vec![(*best).clone()]
            } else {
                running
            }
        };
        return Ok(Picked {
            rings,
            is_by_path: false,
        });
    }
    let Some(ring) = by_number(typed, listing) else {
        // A file here, without a slash.
        if path.is_file() {
            return by_path(path, dirs, previous);
        }
        return Err(no_such(typed, listing, dirs));
    };
    let ring = if previous {
        before(&ring, listing, dirs)?
    } else {
        ring
    };
    Ok(Picked {
        rings: vec![ring],
        is_by_path: false,
    })
}

/// As [`pick`], where one ring is wanted.
///
/// # Errors
///
/// As [`pick`]; and several run, which the text lists. `command` is what to type before the id of one.
pub(crate) fn pick_one(
    typed: impl AsRef<OsStr>,
    dirs: &[PathBuf],
    previous: bool,
    command: &str,
) -> Result<Picked, Failure> {
    let typed = typed.as_ref();
    let picked = pick(typed, dirs, previous, &mut None)?;
    if picked.rings.len() > 1 {
        let line = |ring: &Found| {
            let (pid, path) = (ring.pid(), ring.file.path().display());
            format!("\n  {}  pid {pid}  {path}", ring.id())
        };
        let several: String = picked.rings.iter().map(line).collect();
        let id = picked.rings[0].id();
        return Err(Failure::usage(
            format!("several rings of {typed:?} run:{several}"),
            next_in(&format!("{command} {id}"), dirs),
        ));
    }
    Ok(picked)
}

fn by_path(path: &Path, dirs: &[PathBuf], previous: bool) -> Result<Picked, Failure> {
    let ring = named::open(path).map_err(|refusal| {
        let next = match (refusal.kind, refusal.next) {
            (ErrorKind::PermissionDenied, _) => format!("sudo circular dump {}", typed(path)),
            (ErrorKind::NotFound, _) => next_in("circular ls", dirs),
            (_, Some(next)) => next,
            (_, None) => format!("circular check {}", typed(path)),
        };
        let (path, why) = (path.display(), refusal.why);
        Failure::usage(format!("{path} cannot be read as a ring: {why}"), next)
    })?;
    let ring = if previous {
        let dirs = if dirs.is_empty() {
            vec![ring.dir().to_path_buf()]
        } else {
            dirs.to_vec()
        };
        before(&ring, &rings::list(&dirs)?, &dirs)?
    } else {
        ring
    };
    Ok(Picked {
        rings: vec![ring],
        is_by_path: true,
    })
}

/// The ring with that id, or else the best one of the process with that number.
fn by_number(typed: &str, listing: &Listing) -> Option<Found> {
    let rings = || listing.rings.iter();
    let is_id = typed.len() == 16 && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let (true, Ok(id)) = (is_id, u64::from_str_radix(typed, 16)) {
        let of_id = rings().filter(|ring| ring.info.ring == id);
        // An image of a ring has its id.
        return of_id.min_by_key(|ring| ring.info.is_copy).cloned();
    }
    let pid: u64 = typed.parse().ok()?;
    // What ps(1) shows of a command with a recorder is that of either.
    let of_pid = rings().filter(|ring| ring.pid() == pid || ring.info.pid == pid);
    let best = of_pid.max_by_key(|ring| (ring.is_running(), !ring.info.is_copy, ring.info.created));
    best.cloned()
}

/// The run before that of a ring.
fn before(ring: &Found, listing: &Listing, dirs: &[PathBuf]) -> Result<Found, Failure> {
    // Of what a command left behind, it is the run before the command's.
    let commands = ring.info.rest_of.and_then(|id| {
        let mut others = listing.rings.iter();
        others.find(|other| other.info.ring == id && !other.info.is_copy)
    });
    let info = &commands.unwrap_or(ring).info;
    let named = info.previous.and_then(|id| {
        let mut others = listing.rings.iter();
        others.find(|other| {
            let info = &other.info;
            // Of several that run at once, the one that was made before is not a run before.
            info.ring == id && !info.is_copy && info.rest_of.is_none() && !other.is_running()
        })
    });
    let older = || {
        let is_older = |other: &&Found| {
            let other_info = &other.info;
            other_info.program == info.program
                && other_info.created < info.created
                && !other.is_running()
                && !other_info.is_copy
                && other_info.rest_of.is_none()
        };
        let others = listing.rings.iter().filter(is_older);
        others.max_by_key(|other| other.info.created)
    };
    named.or_else(older).cloned().ok_or_else(|| {
        let program = &info.program;
        Failure::usage(
            format!(
                "there is no ring of a run of \"{program}\" before the one of pid {}",
                ring.pid()
            ),
            next_in("circular ls", dirs),
        )
    })
}

/// There is none of that name: where it was looked for, and what there is.
fn no_such(typed: &str, listing: &Listing, dirs: &[PathBuf]) -> Failure {
    if listing.rings.is_empty() {
        return none_at_all(listing);
    }
    let places = places(listing);
    Failure::usage(
        format!(
            "no program, ring, pid or file is called \"{typed}\"; it was looked for in{places}"
        ),
        next_in("circular ls", dirs),
    )
}

/// Returns the refusal of who wants rings, where there is none.
pub(crate) fn none_at_all(listing: &Listing) -> Failure {
    let asked = listing.places.iter().filter(|looked| looked.place.is_asked);
    let asked: Vec<_> = asked.map(|looked| looked.place.path.clone()).collect();
    let places = places(listing);
    let mut unread = listing.unreadable.iter();
    let mut places_unread = listing.places.iter();
    let denied = ErrorKind::PermissionDenied;
    let is_denied = unread.any(|file| file.error.kind() == denied)
        || places_unread.any(|looked| {
            let error = looked.error.as_ref();
            error.is_some_and(|error| error.kind() == denied)
        });
    Failure::usage(
        format!("there is no ring at all that can be read; it was looked for in{places}"),
        if is_denied {
            // What a variable says, sudo does not pass on.
            next_in("sudo circular ls", &asked)
        } else {
            format!("{} -- COMMAND", next_in("circular run", &asked))
        },
    )
}

/// Returns where it was looked for, and what was there and could not be read.
pub(crate) fn places(listing: &Listing) -> String {
    /// There may be many of one kind.
    const MOST: usize = 3;
    let unread = listing.unreadable.iter().take(MOST);
    let unread = unread.map(|file| {
        let (path, why) = (file.path.display(), rings::why(&file.path, &file.error));
        format!("\n  {path}: {why}")
    });
    let unread: String = unread.collect();
    let look = |looked: &LookedAt| {
        let (dir, why) = (looked.place.path.display(), looked.place.why);
        match &looked.error {
            None => format!("\n  {dir} ({why})"),
            Some(error) => format!("\n  {dir} ({why}): {error}"),
        }
    };
    let places: String = listing.places.iter().map(look).collect();
    match listing.unreadable.len() {
        0 => places,
        count => format!("{places}\n{count} files there cannot be read:{unread}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::places::Place;

    #[test]
    fn what_may_not_be_read_is_looked_for_there_by_root() {
        let looked_at = |is_asked, kind: Option<ErrorKind>| Listing {
            places: vec![LookedAt {
                place: Place {
                    path: PathBuf::from("/srv/some rings"),
                    why: "",
                    is_asked,
                },
                error: kind.map(std::io::Error::from),
            }],
            rings: Vec::new(),
            unreadable: Vec::new(),
        };
        let denied = Some(ErrorKind::PermissionDenied);
        for (is_asked, kind, next) in [
            (true, denied, "sudo circular ls -D '/srv/some rings'"),
            (false, denied, "sudo circular ls"),
            (true, None, "circular run -D '/srv/some rings' -- COMMAND"),
            (false, None, "circular run -- COMMAND"),
        ] {
            let text = none_at_all(&looked_at(is_asked, kind)).to_string();
            let last = text.lines().last().unwrap();
            assert_eq!(last, format!("Try: {next}"));
        }
    }
}
