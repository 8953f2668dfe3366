//! A hook whose dumps would come to nothing is refused when it is installed, and not found out at the panic.

use circular_core::{PanicDump, Ring};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::panic;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[allow(dead_code, reason = "not all of it is used")]
#[path = "common/child.rs"]
mod child;
#[allow(dead_code, reason = "not all of it is used")]
#[path = "common/dumps.rs"]
mod dumps;

use dumps::{Dumps, PROGRAM};

/// The hook is the process's, and tests are its threads.
static ONE_BY_ONE: Mutex<()> = Mutex::new(());

fn install(ring: &Ring, dir: &Path) -> io::Result<circular_core::PanicDumpHook> {
    let builder = PanicDump::builder(&ring.handle()).program(PROGRAM);
    builder.dir(dir).try_install()
}

#[test]
fn a_directory_that_does_not_work_is_told_at_once_and_no_hook_is_set() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let _one_by_one = ONE_BY_ONE.lock().unwrap();
    panic::set_hook(Box::new(|_| {
        CALLS.fetch_add(1, SeqCst);
    }));
    let dumps = Dumps::new();
    let file = dumps.0.join("a file");
    fs::write(&file, "").unwrap();
    let ring = Ring::new(1 << 16).unwrap();
    for (dir, kind) in [
        (dumps.0.join("missing"), ErrorKind::NotFound),
        (file.clone(), ErrorKind::NotADirectory),
    ] {
        let error = install(&ring, &dir).unwrap_err();
        assert_eq!(error.kind(), kind);
        // Which, and what to do about it.
        let text = error.to_string();
        assert!(
            text.contains(&dir.display().to_string()) && text.contains(';'),
            "{text}"
        );
    }
    let caught = panic::catch_unwind(|| panic!("not recorded"));
    drop(panic::take_hook());
    assert!(caught.is_err());
    assert_eq!(CALLS.load(SeqCst), 1, "the hook that was there");
    assert_eq!(ring.handle().stats().written, 0);
}

#[test]
fn one_that_works_is_as_it_was_and_the_hook_is_set() {
    let _one_by_one = ONE_BY_ONE.lock().unwrap();
    panic::set_hook(Box::new(|_| {}));
    let dumps = Dumps::new();
    let old = (0..10).map(|number| {
        format!(
            "{PROGRAM}-1-1999123{}T000000.00000000{number}Z.log",
            number / 5
        )
    });
    for name in old {
        fs::write(dumps.0.join(name), "an old one").unwrap();
    }
    let abandoned = format!(".{PROGRAM}-1-19991231T000000.000000000Z.partial");
    fs::write(dumps.0.join(&abandoned), "of a program that was killed").unwrap();
    let ring = Ring::new(1 << 16).unwrap();
    let hook = install(&ring, &dumps.0).unwrap();
    assert!(hook.is_installed());
    assert_eq!(fs::read_dir(&dumps.0).unwrap().count(), 11);
    let caught = panic::catch_unwind(|| panic!("recorded"));
    drop(panic::take_hook());
    assert!(caught.is_err());
    let texts = dumps.texts();
    assert!(
        texts.iter().any(|text| text.contains("recorded")),
        "{texts:?}"
    );
    assert!(
        !dumps.0.join(abandoned).exists(),
        "the first dump removes it"
    );
}

/// As on a full disk, where a file can be made and not written.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_takes_no_bytes_is_told_at_once_and_left_as_it_was() {
    if child::role().is_some() {
        return;
    }
    let dumps = Dumps::new();
    let output = dumps.command("has no room").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("refused: "), "{text}");
    assert_eq!(
        fs::read_dir(&dumps.0).unwrap().count(),
        0,
        "something is left"
    );
}

#[cfg(target_os = "linux")]
#[test]
#[expect(unsafe_code, reason = "the standard library has no limits")]
fn as_child() {
    if child::role().is_none() {
        return;
    }
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: a valid limit, for this process alone.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const none) };
    let ring = Ring::new(1 << 16).unwrap();
    let error = install(&ring, &dumps::dir()).unwrap_err();
    // Not through the harness, which would have it in a file.
    let _ = writeln!(io::stderr(), "refused: {error}");
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    // SAFETY: it does not return. What measures coverage could not write its file.
    unsafe { libc::_exit(0) };
}
