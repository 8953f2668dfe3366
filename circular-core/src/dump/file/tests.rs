//! Making a dump: its names, its permissions, and that nothing else is replaced.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

use super::dir::DumpDir;
use super::names::Cause;
use super::{DumpFile, rename_new};

/// 2024-02-29 12:34:56.123456789 UTC.
const NOON_SECONDS: u64 = 1_709_164_800 + 12 * 3600 + 34 * 60 + 56;
const NOON: &str = "20240229T123456.123456789Z";

fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::new(NOON_SECONDS, 123_456_789)
}

/// A new directory, gone with everything in it when dropped.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("circular-dump-file-{}-{next}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    fn dumps(&self, program: &str) -> DumpDir {
        DumpDir::new(self.0.clone(), program, Cause::Panic)
    }

    fn trigger_dumps(&self, program: &str) -> DumpDir {
        DumpDir::new(self.0.clone(), program, Cause::Trigger)
    }

    fn plant(&self, name: &str) {
        fs::write(self.0.join(name), "planted").unwrap();
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).symlink_metadata().is_ok()
    }

    /// What is in it, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        #[cfg(unix)]
        set_mode(&self.0, 0o700);
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A whole dump, and what its prune said.
#[derive(Debug)]
struct Finished {
    path: PathBuf,
    prune_error: Option<std::io::Error>,
}

fn dump(dumps: &mut DumpDir, now: SystemTime, text: &str) -> Finished {
    let mut file = dumps.create(now).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    finish(file)
}

fn finish(mut file: DumpFile<'_>) -> Finished {
    let prune_error = file.finish().unwrap();
    Finished {
        path: file.dir.last().to_owned(),
        prune_error,
    }
}

fn whole_name(program: &str, time: &str) -> String {
    format!("{program}-{}-{time}.log", process::id())
}

fn partial_name(program: &str, time: &str) -> String {
    format!(".{program}-{}-{time}.partial", process::id())
}

#[test]
fn a_dump_is_hidden_until_it_is_whole() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"one\n").unwrap();
    assert_eq!(temp.names(), [partial_name("svc", NOON)]);
    file.write_all(b"two\n").unwrap();
    file.flush().unwrap();

    let finished = finish(file);
    assert!(finished.prune_error.is_none(), "{finished:?}");
    assert_eq!(finished.path, temp.0.join(whole_name("svc", NOON)));
    assert_eq!(temp.names(), [whole_name("svc", NOON)]);
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "one\ntwo\n");
}

#[test]
fn an_unfinished_dump_leaves_nothing() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"half a rec").unwrap();
    drop(file);
    assert!(temp.names().is_empty(), "{:?}", temp.names());
}

#[test]
fn a_dump_dropped_by_a_panic_leaves_nothing() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let result = thread::scope(|scope| {
        let dumping = scope.spawn(|| {
            let _file = dumps.create(noon()).unwrap();
            // Unwinds without the panic hook, which would print.
            std::panic::resume_unwind(Box::new("while dumping"));
        });
        dumping.join()
    });
    assert!(result.is_err());
    assert!(temp.names().is_empty(), "{:?}", temp.names());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_dump() {
    use std::os::unix::fs::PermissionsExt;
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;

    let file = dumps.create(noon()).unwrap();
    assert_eq!(mode(&temp.0.join(partial_name("svc", NOON))), 0o600);
    assert_eq!(mode(&finish(file).path), 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_at_either_name_is_not_followed() {
    use std::os::unix::fs::symlink;
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    temp.plant("victim");
    let later = |nanos: u32| format!("20240229T123456.{nanos:09}Z");
    // One link to a file, one that leads nowhere and that a careless open would make a file of.
    symlink(
        temp.0.join("victim"),
        temp.0.join(partial_name("svc", NOON)),
    )
    .unwrap();
    let nowhere = temp.0.join(partial_name("svc", &later(123_456_790)));
    symlink(temp.0.join("nowhere"), nowhere).unwrap();
    // And the same for the name that the dump would get in the end.
    let whole = temp.0.join(whole_name("svc", &later(123_456_791)));
    symlink(temp.0.join("victim"), whole).unwrap();
    let whole = temp.0.join(whole_name("svc", &later(123_456_792)));
    symlink(temp.0.join("nowhere"), whole).unwrap();

    let finished = dump(&mut dumps, noon(), "secret");
    let expected = whole_name("svc", &later(123_456_793));
    assert_eq!(finished.path, temp.0.join(expected));
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "secret");
    assert_eq!(
        fs::read_to_string(temp.0.join("victim")).unwrap(),
        "planted"
    );
    assert!(!temp.has("nowhere"));
    assert_eq!(temp.names().len(), 6, "{:?}", temp.names());
}

#[test]
fn a_dump_replaces_no_other() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let first = dump(&mut dumps, noon(), "first");
    // From the start: where there are no hard links, the end is too late to find out for sure.
    let mut file = dumps.create(noon()).unwrap();
    let next = NOON.replace("789Z", "790Z");
    assert!(temp.has(&partial_name("svc", &next)), "{:?}", temp.names());
    file.write_all(b"second").unwrap();
    let second = finish(file);
    assert_eq!(fs::read_to_string(first.path).unwrap(), "first");
    assert_eq!(fs::read_to_string(second.path).unwrap(), "second");
}

#[test]
fn what_somebody_puts_in_the_way_of_a_dump_is_not_replaced() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"mine").unwrap();
    temp.plant(&whole_name("svc", NOON));

    let finished = finish(file);
    assert!(finished.prune_error.is_none(), "{finished:?}");
    assert_eq!(fs::read_to_string(&finished.path).unwrap(), "mine");
    let planted = temp.0.join(whole_name("svc", NOON));
    assert_eq!(fs::read_to_string(planted).unwrap(), "planted");
    assert_eq!(temp.names().len(), 2, "{:?}", temp.names());
}

/// What stands in for a hard link where there are none.
#[test]
fn a_rename_replaces_no_other() {
    let temp = TempDir::new();
    temp.plant("from");
    fs::write(temp.0.join("to"), "there").unwrap();
    let error = rename_new(&temp.0.join("from"), &temp.0.join("to")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(temp.0.join("to")).unwrap(), "there");

    rename_new(&temp.0.join("from"), &temp.0.join("free")).unwrap();
    assert_eq!(temp.names(), ["free", "to"]);
}

#[test]
fn threads_in_one_nanosecond_make_one_dump_each() {
    const THREADS: usize = 8;
    let temp = TempDir::new();
    let together = Barrier::new(THREADS);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (mut dumps, together) = (temp.dumps("svc"), &together);
            scope.spawn(move || {
                together.wait();
                let finished = dump(&mut dumps, noon(), &n.to_string());
                assert!(finished.prune_error.is_none(), "{finished:?}");
            });
        }
    });
    let mut texts: Vec<String> = temp
        .names()
        .iter()
        .map(|name| fs::read_to_string(temp.0.join(name)).unwrap())
        .collect();
    texts.sort();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn a_hidden_name_is_removed_once() {
    let temp = TempDir::new();
    let mut dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.finish().unwrap();
    // Now another thread's.
    temp.plant(&partial_name("svc", NOON));
    drop(file);
    assert!(temp.has(&partial_name("svc", NOON)));
}

#[test]
fn the_longest_name_fits_a_file_system() {
    let temp = TempDir::new();
    let program = "x".repeat(300);
    let finished = dump(&mut temp.dumps(&program), noon(), "mine");
    assert!(finished.path.file_name().unwrap().len() <= 143 - ".partial".len());
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
}

#[test]
fn a_relative_directory_is_pinned() {
    let here = env::current_dir().unwrap();
    assert_eq!(
        DumpDir::new(PathBuf::from("logs"), "svc", Cause::Panic).dir,
        here.join("logs")
    );
    assert_eq!(DumpDir::new(PathBuf::new(), "svc", Cause::Panic).dir, here);
}

mod errors;
mod prune;
