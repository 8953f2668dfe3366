//! Files of earlier versions are read for ever: `tests/golden` has rings, and beside each the text of what must be found
//! in it, which was made from the list of writes (`examples/golden`). The reader in `docs/read_ring.py`, which was written
//! from `docs/FORMAT.md` alone, must find the same, there and in a ring that is being written.

use circular_core::{FileRecvError, Level, Part, Record, RingFile};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// As a killed program left it, in the third case amid a record, in the fourth by a crash that it noted, and one that was
/// closed before it was once full.
const GOLDEN: [&str; 4] = ["open", "closed", "cut_amid", "noted"];

fn golden(name: &str, extension: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    dir.join(name).with_extension(extension)
}

/// What must be found, a line for each record, without the first line.
fn expected(name: &str) -> Vec<String> {
    let text = fs::read_to_string(golden(name, "txt")).unwrap();
    let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    assert!(lines.len() > 15);
    lines
}

fn line(record: &Record<'_>) -> String {
    let level = record.level().map_or("none", Level::as_str);
    let part = match record.part() {
        Part::Whole => "whole",
        Part::First => "first",
        Part::Middle => "middle",
        Part::Last => "last",
    };
    // The coarse clock's may be later than it says.
    let is_coarse = record.is_since(record.time() + Duration::from_millis(10));
    let time = if is_coarse {
        String::from("coarse")
    } else {
        let time = record.time().duration_since(UNIX_EPOCH).unwrap();
        time.as_nanos().to_string()
    };
    let (seq, target, text) = (record.seq(), record.target(), record.text());
    format!("{seq}\t{level}\t{part}\t{target}\t{time}\t{text:?}")
}

#[test]
fn what_an_earlier_version_wrote_is_read() {
    for name in GOLDEN {
        let file = RingFile::open(golden(name, "ring")).unwrap();
        let snapshot = file.snapshot().unwrap();
        let lines: Vec<String> = snapshot.records().map(|record| line(&record)).collect();
        assert_eq!(lines, expected(name), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_reader_gets_what_an_earlier_version_wrote_and_its_end() {
    for name in GOLDEN {
        let file = RingFile::open(golden(name, "ring")).unwrap();
        assert_eq!(file.state().unwrap(), circular_core::RingState::Copy);
        let mut reader = file.reader().open();
        let mut lines = Vec::new();
        let end = loop {
            match reader.recv() {
                Ok(batch) => lines.extend(batch.records().map(|record| line(&record))),
                Err(error) => break error,
            }
        };
        assert!(matches!(end, FileRecvError::Ended));
        assert_eq!((reader.damaged(), lines), (0, expected(name)), "{name}");
    }
}

#[test]
fn what_an_earlier_version_says_of_itself_is_read() {
    let ids = [0xa1, 0xa2, 0xa3, 0xa4];
    for (name, ring) in GOLDEN.into_iter().zip(ids) {
        let info = RingFile::open(golden(name, "ring")).unwrap().info();
        assert_eq!(
            (&*info.program, info.ring, info.previous),
            ("shop", ring, None)
        );
        assert_eq!(
            info.executable.as_deref(),
            Some(Path::new("/usr/local/bin/shop"))
        );
        assert_eq!(info.host.as_deref(), Some("shop-1"));
        assert_eq!((info.pid, info.uid), (4711, 1000));
        assert_eq!(info.writer, "circular-core 0.1.0");
        let created = Duration::from_secs(1_795_475_112);
        assert_eq!(info.created, UNIX_EPOCH + created);
        assert_eq!(info.capacity, if name == "closed" { 8192 } else { 4096 });
        assert!(!info.is_cut);
        assert!(info.is_copy || cfg!(not(unix)));
    }
}

#[cfg(unix)]
mod in_python {
    use super::{GOLDEN, expected, golden};
    use std::io::ErrorKind;
    use std::path::Path;
    use std::process::{Command, Output};

    /// What `docs/read_ring.py` says of the file, if there is a Python.
    #[expect(clippy::print_stderr, reason = "a check that is left out must be seen")]
    fn read(path: &Path) -> Option<Output> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/read_ring.py");
        match Command::new("python3").arg(script).arg(path).output() {
            Ok(output) => Some(output),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let is_ci = std::env::var_os("CI").is_some_and(|ci| ci != "false");
                assert!(!is_ci, "python3 is needed, and is not installed");
                eprintln!(
                    "NOT CHECKED: python3 is not installed, so docs/read_ring.py was not run"
                );
                None
            }
            Err(error) => panic!("python3: {error}"),
        }
    }

    /// The payloads of the expected lines, one after the other.
    fn payloads(lines: &[String]) -> Vec<u8> {
        let payload = |line: &String| {
            let quoted = line.rsplit('\t').next().unwrap().to_owned();
            let inner = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            inner.unwrap().replace("\\n", "\n").into_bytes()
        };
        lines.iter().flat_map(payload).collect()
    }

    #[test]
    fn the_reader_that_was_written_from_the_format_finds_the_same() {
        for name in GOLDEN {
            let Some(output) = read(&golden(name, "ring")) else {
                return;
            };
            let lines = expected(name);
            assert!(output.status.success());
            assert_eq!(output.stdout, payloads(&lines), "{name}");
            let first = lines[0].split('\t').next().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            if first == "0" {
                assert_eq!(said, "", "{name}");
            } else {
                let missing = format!("{first} records are missing from 0 on");
                assert!(said.contains(&missing), "{name}: {said}");
                assert_eq!(said.lines().count(), 1, "{name}: {said}");
            }
        }
    }

    /// Ends the writer, however the test ends.
    #[cfg(target_os = "linux")]
    struct Over<'a>(&'a std::sync::atomic::AtomicBool);

    #[cfg(target_os = "linux")]
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// Its records are whole and in a row, up to what was written when it began to read or later.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_reader_that_was_written_from_the_format_reads_a_live_ring() {
        use circular_core::Ring;
        use std::io::Write;
        use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

        let dir =
            Path::new("/dev/shm").join(format!("circular-test-python-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let builder = Ring::builder().capacity(1 << 20);
        let ring = builder.mapped_in(&dir, "shop").build().unwrap();
        let path = ring.handle().path().unwrap().to_path_buf();
        let (written, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        let line = |number: u64| format!("{number} {}\n", "x".repeat((number % 97) as usize));
        let seen = std::thread::scope(|scope| {
            let _over = Over(&is_over);
            scope.spawn(|| {
                let mut writer = &ring;
                while !is_over.load(SeqCst) {
                    let number = written.load(SeqCst);
                    writer.write_all(line(number).as_bytes()).unwrap();
                    written.store(number + 1, SeqCst);
                }
            });
            // More than a lap.
            while written.load(SeqCst) < 20_000 {
                std::thread::yield_now();
            }
            let look = |_| (written.load(SeqCst), read(&path));
            (0..5).map(look).collect::<Vec<_>>()
        });
        std::fs::remove_dir_all(&dir).unwrap();
        let mut most = 0;
        for (least, output) in seen {
            let Some(output) = output else { return };
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}");
            let text = String::from_utf8(output.stdout).unwrap();
            let mut next = None;
            for got in text.split_inclusive('\n') {
                let number: u64 = got.split(' ').next().unwrap().parse().unwrap();
                assert!(next.is_none_or(|next| next == number), "{number}");
                assert_eq!(got, line(number));
                next = Some(number + 1);
            }
            // A writer that laps the ring while it is read leaves nothing of the copy.
            if let Some(next) = next {
                assert!(next >= least, "{next} of {least}");
                most = most.max(text.lines().count());
            } else {
                assert!(said.contains("nobody knows how many"), "{said}");
            }
        }
        assert!(most > 1000, "{most} lines at most");
    }
}
