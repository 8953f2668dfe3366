//! Rings' files, made by this process and by others that are killed.

use crate::error::MappingError;
use crate::file::make::{Made, Prepared, prepare};
use crate::file::state::{RingState, judge};
use crate::file::wanted::Wanted;
use crate::format::file_header::Identity;
use crate::format::layout::PAGE;
use crate::format::live::{self, Live};
use crate::format::origin::Recorded;
use crate::memory::mapped::Mapping;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::id;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

mod child;
mod in_the_way;
mod life;
mod limits;
mod making;
mod pruning;
mod starts;

/// A directory that goes away, in memory if there is any.
#[derive(Debug)]
pub(super) struct TempDir(PathBuf);

impl TempDir {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let number = NUMBER.fetch_add(1, Relaxed);
        let path = parent.join(format!("circular-test-{}-{number}", id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of what is in it, in order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort_unstable();
        names
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A test may have taken the right to.
        let _ = fs::set_permissions(&self.0, Permissions::from_mode(0o700));
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A small ring of "shop" that keeps two dead ones.
fn wanted(dir: &Path) -> Wanted {
    Wanted {
        dir: Some(dir.to_path_buf()),
        program: String::from("shop"),
        capacity: 64 << 10,
        blocks: 128,
        keep: 2,
        mode: 0o600,
        ring: RandomState::new().build_hasher().finish(),
        notes_crashes: false,
        recorded: Recorded::default(),
    }
}

fn make(wanted: &Wanted) -> Result<Made, MappingError> {
    prepare(wanted).and_then(Prepared::publish)
}

/// As its writer has it, and must to be taken for alive without its lock.
fn map(made: &Made) -> Mapping {
    Mapping::of(&made.file, made.layout.len).unwrap()
}

/// Makes a ring of "shop" that looks as if its process had been killed after so many seconds.
fn dead(dir: &TempDir, seconds: u64) -> PathBuf {
    dead_of(wanted(dir.path()), seconds)
}

fn dead_of(wanted: Wanted, seconds: u64) -> PathBuf {
    let keep_all = Wanted {
        keep: 1000,
        ..wanted
    };
    let made = make(&keep_all).unwrap();
    let identity = Identity {
        // Another process has its pid by now: this one.
        pid_started: made.identity.pid_started - 1,
        ..made.identity
    };
    rewrite(&made.file, &identity);
    let last = SystemTime::UNIX_EPOCH + Duration::from_nanos(identity.created);
    let last = last + Duration::from_secs(seconds);
    made.file.set_modified(last).unwrap();
    made.path
}

fn rewrite(file: &File, identity: &Identity) {
    file.write_all_at(&identity.encode(), 0).unwrap();
}

fn identity(path: &Path) -> Identity {
    let mut page = [0; PAGE];
    let file = File::open(path).unwrap();
    file.read_exact_at(&mut page, 0).unwrap();
    Identity::decode(&page).unwrap()
}

/// What is told of the writer of a file, with whatever was changed in what it says of itself.
fn state_with(path: &Path, change: impl FnOnce(&mut Identity)) -> RingState {
    let mut identity = identity(path);
    change(&mut identity);
    let file = OpenOptions::new().read(true).open(path).unwrap();
    let mut bytes = [0; live::BYTES];
    file.read_exact_at(&mut bytes, 0x1000).unwrap();
    judge(&file, &identity, &Live::decode(&bytes))
}

fn state(path: &Path) -> RingState {
    state_with(path, |_| ())
}

const KILLED: RingState = RingState::Died {
    signal: None,
    thread: None,
    thread_name: None,
    address: None,
    at: None,
    notes_crashes: false,
};
