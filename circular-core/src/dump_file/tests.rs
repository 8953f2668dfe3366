use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

use super::{DumpDir, DumpFile, Finished, Partial, Stamp, rename_new};

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
        DumpDir::new(self.0.clone(), program)
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

fn dump(dumps: &DumpDir, now: SystemTime, text: &str) -> Finished {
    let mut file = dumps.create(now).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.finish().unwrap()
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
    let dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"one\n").unwrap();
    assert_eq!(temp.names(), [partial_name("svc", NOON)]);
    file.write_all(b"two\n").unwrap();
    file.flush().unwrap();

    let finished = file.finish().unwrap();
    assert!(finished.prune_error.is_none(), "{finished:?}");
    assert_eq!(finished.path, temp.0.join(whole_name("svc", NOON)));
    assert_eq!(temp.names(), [whole_name("svc", NOON)]);
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "one\ntwo\n");
}

#[test]
fn an_unfinished_dump_leaves_nothing() {
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"half a rec").unwrap();
    drop(file);
    assert!(temp.names().is_empty(), "{:?}", temp.names());
}

#[test]
fn a_dump_dropped_by_a_panic_leaves_nothing() {
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
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
    let dumps = temp.dumps("svc");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;

    let file = dumps.create(noon()).unwrap();
    assert_eq!(mode(&temp.0.join(partial_name("svc", NOON))), 0o600);
    assert_eq!(mode(&file.finish().unwrap().path), 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_at_either_name_is_not_followed() {
    use std::os::unix::fs::symlink;
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
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

    let finished = dump(&dumps, noon(), "secret");
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
    let dumps = temp.dumps("svc");
    let first = dump(&dumps, noon(), "first");
    // From the start: where there are no hard links, the end is too late to find out for sure.
    let mut file = dumps.create(noon()).unwrap();
    let next = NOON.replace("789Z", "790Z");
    assert!(temp.has(&partial_name("svc", &next)), "{:?}", temp.names());
    file.write_all(b"second").unwrap();
    let second = file.finish().unwrap();
    assert_eq!(fs::read_to_string(first.path).unwrap(), "first");
    assert_eq!(fs::read_to_string(second.path).unwrap(), "second");
}

#[test]
fn what_somebody_puts_in_the_way_of_a_dump_is_not_replaced() {
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
    let mut file = dumps.create(noon()).unwrap();
    file.write_all(b"mine").unwrap();
    temp.plant(&whole_name("svc", NOON));

    let finished = file.finish().unwrap();
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
    let dumps = temp.dumps("svc");
    let together = Barrier::new(THREADS);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (dumps, together) = (&dumps, &together);
            scope.spawn(move || {
                together.wait();
                let finished = dump(dumps, noon(), &n.to_string());
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
fn names_that_are_all_taken_end_in_an_error() {
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
    for nanos in 123_456_789..123_456_789 + 1000 {
        let time = format!("20240229T123456.{nanos:09}Z");
        // Directories, which no dump is, so they are not cleared away.
        fs::create_dir(temp.0.join(partial_name("svc", &time))).unwrap();
    }
    let error = dumps.create(noon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("are taken"), "{error}");
}

#[test]
fn the_newest_eight_stay_whatever_process_made_them() {
    let temp = TempDir::new();
    // Made newest first, so that their modification times say the opposite of their names; and
    // with pids that say neither.
    for (minute, pid) in (10..22)
        .rev()
        .zip([7, 1, 4_294_967_295_u32, 30, 2, 9, 5, 11, 3, 8, 6, 4])
    {
        temp.plant(&format!(
            "svc-{pid}-20240229T12{minute:02}00.000000000Z.log"
        ));
    }
    let mut expected: Vec<String> = temp.names();
    let minute = |name: &String| name.split_once("T12").unwrap().1[..2].to_string();
    expected.retain(|name| minute(name).as_str() >= "15");
    assert_eq!(expected.len(), 7);
    expected.push(whole_name("svc", NOON));
    expected.sort();

    let finished = dump(&temp.dumps("svc"), noon(), "newest");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    assert_eq!(temp.names(), expected);
}

#[test]
fn a_dump_survives_its_own_prune_after_the_clock_was_set_back() {
    let temp = TempDir::new();
    for second in 0..8 {
        temp.plant(&format!(
            "svc-1-2030010{}T000000.000000000Z.log",
            second + 1
        ));
    }
    let finished = dump(&temp.dumps("svc"), noon(), "mine");
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
    assert_eq!(temp.names().len(), 8);
    assert!(!temp.has("svc-1-20300101T000000.000000000Z.log"));
    assert!(temp.has("svc-1-20300102T000000.000000000Z.log"));
}

#[test]
fn what_is_not_exactly_a_dump_of_this_program_is_not_touched() {
    let temp = TempDir::new();
    let others = [
        // Other programs.
        "svc-1-12-20240101T000000.000000000Z.log",
        "sv-12-20240101T000000.000000000Z.log",
        "SVC-12-20240101T000000.000000000Z.log.log",
        "svcc-12-20240101T000000.000000000Z.log",
        "xsvc-12-20240101T000000.000000000Z.log",
        ".svc-1-12-20240101T000000.000000000Z.partial",
        // Not a pid.
        "svc--20240101T000000.000000000Z.log",
        "svc-012-20240101T000000.000000000Z.log",
        "svc-+12-20240101T000000.000000000Z.log",
        "svc-4294967296-20240101T000000.000000000Z.log",
        "svc-20240101T000000.000000000Z.log",
        // Not a time.
        "svc-12-20240230T000000.000000000Z.log",
        "svc-12-20230229T000000.000000000Z.log",
        "svc-12-20240001T000000.000000000Z.log",
        "svc-12-20241301T000000.000000000Z.log",
        "svc-12-20240100T000000.000000000Z.log",
        "svc-12-20240300T000000.000000000Z.log",
        "svc-12-20240101T240000.000000000Z.log",
        "svc-12-20240101T006000.000000000Z.log",
        "svc-12-20240101T000060.000000000Z.log",
        "svc-12-20240101T000000.00000000Z.log",
        "svc-12-20240101T000000.0000000000Z.log",
        "svc-12-20240101T000000.+00000000Z.log",
        "svc-12-20240101T000000Z.log",
        "svc-12-20240101T000000.000000000.log",
        "svc-12-20240101 000000.000000000Z.log",
        "svc-12-2024é101T000000.000000000Z.log",
        "svc-12-19691231T235959.000000000Z.log",
        "svc-12-00000000T000000.000000000Z.log",
        "svc-12-99999999T999999.999999999Z.log",
        // Neither ending, or half of it.
        "svc-12-20240101T000000.000000000Z",
        "svc-12-20240101T000000.000000000Z.txt",
        "svc-12-20240101T000000.000000000Z.log.gz",
        "svc-12-20240101T000000.000000000Z.partial",
        ".svc-12-20240101T000000.000000000Z.log",
        "svc.log",
        "notes",
    ];
    for name in others {
        temp.plant(name);
    }
    // None of them took one of the eight places.
    for day in 1..8 {
        temp.plant(&format!("svc-12-2024010{day}T000000.000000000Z.log"));
    }
    let finished = dump(&temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    for name in others {
        assert!(temp.has(name), "{name} is gone");
    }
    assert_eq!(temp.names().len(), others.len() + 8);
}

#[cfg(unix)]
#[test]
fn directories_and_links_with_the_name_of_a_dump_are_not_touched() {
    use std::os::unix::fs::symlink;
    let temp = TempDir::new();
    temp.plant("target");
    for day in 1..9 {
        let name = format!("svc-1-2023010{day}T000000.000000000Z.log");
        symlink(temp.0.join("target"), temp.0.join(name)).unwrap();
        let name = format!("svc-2-2023010{day}T000000.000000000Z.log");
        fs::create_dir(temp.0.join(name)).unwrap();
        temp.plant(&format!("svc-3-2023010{day}T000000.000000000Z.log"));
    }
    let stale = ".svc-1-20230101T000000.000000000Z.partial";
    symlink(temp.0.join("target"), temp.0.join(stale)).unwrap();

    let finished = dump(&temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    let names = temp.names();
    let count = |prefix: &str| names.iter().filter(|n| n.starts_with(prefix)).count();
    assert_eq!(
        (count("svc-1-"), count("svc-2-"), count("svc-3-")),
        (8, 8, 7)
    );
    assert!(temp.has(stale) && temp.has("target"));
}

#[test]
fn abandoned_partials_go_and_young_ones_stay() {
    let temp = TempDir::new();
    // `NOON` less ten minutes, to the nanosecond and one more.
    let young = ".svc-77-20240229T122456.123456789Z.partial";
    let stale = ".svc-77-20240229T122456.123456788Z.partial";
    let ancient = ".svc-1-19700101T000000.000000000Z.partial";
    let future = ".svc-77-20990101T000000.000000000Z.partial";
    let other = ".svc-1-77-20240101T000000.000000000Z.partial";
    for name in [young, stale, ancient, future, other] {
        temp.plant(name);
    }
    let finished = dump(&temp.dumps("svc"), noon(), "mine");
    assert!(finished.prune_error.is_none(), "{finished:?}");
    let mut expected = [young, future, other, &whole_name("svc", NOON)];
    expected.sort_unstable();
    assert_eq!(temp.names(), expected);
}

/// A program that is killed amid each of its dumps, again and again, fills no disk.
#[test]
fn no_more_than_eight_unfinished_ones_stay() {
    let temp = TempDir::new();
    let partial = |second: u32| format!(".svc-77-20240229T1234{second:02}.000000000Z.partial");
    (0..40).map(partial).for_each(|name| temp.plant(&name));
    let unfinished = temp.dumps("svc");
    let unfinished = unfinished.create(noon()).unwrap();
    let mut expected: Vec<_> = (32..40).map(partial).collect();
    expected.push(
        unfinished
            .partial
            .path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
    );
    expected.sort_unstable();
    assert_eq!(temp.names(), expected);
}

#[test]
fn a_missing_directory_is_named_with_what_to_do() {
    let temp = TempDir::new();
    let missing = temp.0.join("missing");
    let error = DumpDir::new(missing.clone(), "svc")
        .create(noon())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    let start = format!("cannot create a dump in {}: ", missing.display());
    assert!(text.starts_with(&start), "{text}");
    assert!(
        text.ends_with("; create the directory or choose another"),
        "{text}"
    );
    assert!(!missing.exists());
}

#[cfg(unix)]
#[test]
fn a_file_in_place_of_the_directory_is_named_with_what_to_do() {
    let temp = TempDir::new();
    temp.plant("file");
    let path = temp.0.join("file");
    let error = DumpDir::new(path.clone(), "svc")
        .create(noon())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADirectory);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains("choose a directory"), "{text}");
    assert_eq!(fs::read_to_string(path).unwrap(), "planted");
}

/// The superuser may write anywhere, so it is first seen whether this user may.
#[cfg(unix)]
#[test]
fn a_directory_that_is_not_writable_is_named_with_what_to_do() {
    let temp = TempDir::new();
    set_mode(&temp.0, 0o500);
    let allowed = fs::write(temp.0.join("probe"), "").is_ok();
    let dumps = temp.dumps("svc");
    match dumps.create(noon()) {
        Ok(_) => assert!(allowed),
        Err(error) => {
            assert!(!allowed, "{error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let text = error.to_string();
            assert!(text.contains(&temp.0.display().to_string()), "{text}");
            assert!(text.contains("make the directory writable"), "{text}");
        }
    }
}

/// As above: the superuser can list the directory all the same.
#[cfg(unix)]
#[test]
fn what_keeps_the_prune_from_its_work_is_told_and_the_dump_is_whole() {
    let temp = TempDir::new();
    set_mode(&temp.0, 0o300);
    let allowed = fs::read_dir(&temp.0).is_ok();
    let finished = dump(&temp.dumps("svc"), noon(), "mine");
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
    match finished.prune_error {
        None => assert!(allowed),
        Some(error) => {
            assert!(!allowed, "{error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let text = error.to_string();
            assert!(text.contains(&temp.0.display().to_string()), "{text}");
        }
    }
}

#[test]
fn several_prune_errors_are_counted() {
    let errors = |n: usize| {
        let error = |n| std::io::Error::new(ErrorKind::PermissionDenied, format!("reason {n}"));
        super::summary((0..n).map(error).collect())
    };
    assert!(errors(0).is_none());
    assert_eq!(errors(1).unwrap().to_string(), "reason 0");
    let three = errors(3).unwrap();
    assert_eq!(three.kind(), ErrorKind::PermissionDenied);
    assert_eq!(three.to_string(), "reason 0 (and 2 more such errors)");
}

/// `/dev/full` takes no byte, like a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_partial_removed() {
    let temp = TempDir::new();
    let dumps = temp.dumps("svc");
    let DumpFile {
        dir, id, partial, ..
    } = dumps.create(noon()).unwrap();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let path = temp.0.join(partial_name("svc", NOON));
    let mut file = DumpFile {
        dir,
        id,
        file: full,
        partial,
    };
    assert!(path.exists());
    let error = file.write_all(b"record").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains("make room"), "{text}");
    drop(file);
    assert!(temp.names().is_empty());
}

#[test]
fn a_directory_that_went_away_before_the_end_is_told() {
    let temp = TempDir::new();
    let inner = temp.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let dumps = DumpDir::new(inner.clone(), "svc");
    let file = dumps.create(noon()).unwrap();
    fs::remove_file(inner.join(partial_name("svc", NOON))).unwrap();
    let error = file.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains(&inner.display().to_string()),
        "{error}"
    );
    assert!(fs::read_dir(inner).unwrap().next().is_none());
}

#[test]
fn a_partial_is_removed_once() {
    let temp = TempDir::new();
    temp.plant("name");
    let path = temp.0.join("name");
    let mut partial = Partial {
        path: path.clone(),
        pending: true,
    };
    partial.remove().unwrap();
    assert!(!path.exists());
    // Now another thread's.
    temp.plant("name");
    partial.remove().unwrap();
    drop(partial);
    assert!(path.exists());
}

#[test]
fn program_names_are_made_fit_for_files() {
    let long = "x".repeat(300);
    let accents = "é".repeat(300);
    let cases = [
        ("svc", "svc"),
        ("my-Service_2.0", "my-Service_2.0"),
        ("", "program"),
        (".", "_"),
        ("..", "_."),
        (".hidden", "_hidden"),
        ("-rf", "_rf"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("/usr/bin/svc", "_usr_bin_svc"),
        ("C:\\svc.exe", "C__svc.exe"),
        ("a b\tc\nd\0e", "a_b_c_d_e"),
        ("\u{1b}[31mred", "__31mred"),
        ("größe", "gr__e"),
        ("日本", "__"),
        (&long, &long[..64]),
        (&accents, &"_".repeat(64)),
    ];
    for (program, expected) in cases {
        assert_eq!(super::sanitise(program), expected, "{program:?}");
    }
}

#[test]
fn the_longest_name_fits_a_file_system() {
    let temp = TempDir::new();
    let program = "x".repeat(300);
    let finished = dump(&temp.dumps(&program), noon(), "mine");
    assert!(finished.path.file_name().unwrap().len() <= 143 - ".partial".len());
    assert_eq!(fs::read_to_string(finished.path).unwrap(), "mine");
}

#[test]
fn a_relative_directory_is_pinned() {
    let here = env::current_dir().unwrap();
    assert_eq!(
        DumpDir::new(PathBuf::from("logs"), "svc").dir,
        here.join("logs")
    );
    assert_eq!(DumpDir::new(PathBuf::new(), "svc").dir, here);
}

/// From `date -u -d @SECONDS`.
#[test]
fn times_are_written_in_utc() {
    let cases = [
        (0, "19700101T000000"),
        (68_169_599, "19720228T235959"),
        (68_169_600, "19720229T000000"),
        (94_694_399, "19721231T235959"),
        (946_684_799, "19991231T235959"),
        (946_684_800, "20000101T000000"),
        (951_782_399, "20000228T235959"),
        (951_782_400, "20000229T000000"),
        (951_868_800, "20000301T000000"),
        (978_307_199, "20001231T235959"),
        (1_000_000_000, "20010909T014640"),
        (1_234_567_890, "20090213T233130"),
        (1_709_164_799, "20240228T235959"),
        (1_709_164_800, "20240229T000000"),
        (1_709_251_200, "20240301T000000"),
        (1_735_689_599, "20241231T235959"),
        (1_735_689_600, "20250101T000000"),
        (2_147_483_647, "20380119T031407"),
        (2_147_483_648, "20380119T031408"),
        (4_007_836_799, "20961231T235959"),
        (4_102_444_799, "20991231T235959"),
        (4_102_444_800, "21000101T000000"),
        (4_107_542_399, "21000228T235959"),
        (4_107_542_400, "21000301T000000"),
        (4_294_967_296, "21060207T062816"),
        (13_574_563_200, "24000229T000000"),
        (253_402_300_799, "99991231T235959"),
    ];
    for (seconds, expected) in cases {
        let stamp = Stamp::new(UNIX_EPOCH + Duration::new(seconds, 7));
        let text = format!("{expected}.000000007Z");
        assert_eq!(stamp.to_string(), text);
        assert_eq!(Stamp::parse(&text), Some(stamp));
    }
}

#[test]
fn times_without_a_name_are_clamped() {
    let first = "19700101T000000.000000000Z";
    let last = "99991231T235959.999999999Z";
    let text = |time| Stamp::new(time).to_string();
    assert_eq!(text(UNIX_EPOCH - Duration::from_nanos(1)), first);
    assert_eq!(text(UNIX_EPOCH - Duration::from_secs(1 << 30)), first);
    let end = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert_eq!(text(end), last);
    assert_eq!(text(end + Duration::new(1 << 33, 5)), last);
    assert_eq!(Stamp::LAST.next(), Stamp::LAST);
}

#[test]
fn the_next_nanosecond_may_be_in_the_next_year() {
    let end = UNIX_EPOCH + Duration::new(946_684_799, 999_999_999);
    let next = Stamp::new(end).next().to_string();
    assert_eq!(next, "20000101T000000.000000000Z");
}
