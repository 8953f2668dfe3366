//! A ring that is written as an image has in it what the ring had, for all that reads the files of rings.

use circular_core::{Cursor, Level, Meta, Part, Policy, Ring, RingFile, RingState, Start};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[path = "common/images.rs"]
mod images;
#[path = "common/watchdog.rs"]
mod watchdog;

use images::{All, Dir, all_of, read};

fn held(ring: &Ring) -> Vec<All> {
    let snapshot = ring.handle().snapshot();
    snapshot.records().map(all_of).collect()
}

/// Both ways to look at a file find what the ring holds, and its end where the ring's is.
#[track_caller]
fn assert_same(ring: &Ring, file: &RingFile) {
    let expected = held(ring);
    let snapshot = file.snapshot().unwrap();
    let found: Vec<All> = snapshot.records().map(all_of).collect();
    assert_eq!(found, expected);
    let mut reader = file.reader().open();
    assert_eq!(read(&mut reader), expected);
    assert_eq!(reader.cursor(), ring.handle().cursor());
}

#[test]
fn whatever_a_ring_was_written_with_is_in_its_image() {
    let dir = Dir::new();
    let long_target = "t".repeat(Meta::MAX_TARGET);
    let levels = [
        None,
        Some(Level::Trace),
        Some(Level::Info),
        Some(Level::Error),
    ];
    for capacity in [4096, 12 << 10, 256 << 10] {
        let ring = Ring::new(capacity).unwrap();
        assert_same(&ring, &dir.image_of(&ring, "empty.ring"));
        let mut seed = capacity as u64;
        // The large one often enough for a few laps, the small ones for many.
        let steps = if capacity < 100_000 { 200 } else { 40 };
        for step in 0..steps {
            for _ in 0..capacity / 4096 * 3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let random = usize::try_from(seed >> 33).unwrap();
                // Now and then one that covers blocks of the index, or most of a small ring.
                let most = if random % 61 == 0 { 4000 } else { 200 };
                let mut meta = Meta::new().level(levels[random % 4]);
                meta = match random / 4 % 3 {
                    0 => meta,
                    1 => meta.target("shop::db"),
                    _ => meta.target(&long_target[..random % long_target.len()]),
                };
                if random % 2 == 0 {
                    meta = meta.time(UNIX_EPOCH + Duration::from_nanos(seed >> 8));
                }
                ring.record(meta, &vec![b'a' + (step % 26) as u8; random / 7 % most + 1])
                    .unwrap();
            }
            assert_same(&ring, &dir.image_of(&ring, "shop.ring"));
        }
        assert!(ring.handle().stats().overwritten > 0);
    }
}

/// The record of record lengths has no room beside it.
#[test]
fn a_record_of_any_length_up_to_the_rings_is_one_there_too() {
    let dir = Dir::new();
    for before in [0, 1, 5] {
        for len in [4080, 4079, 4000, 2048, 1024, 1] {
            let ring = Ring::new(4096).unwrap();
            for _ in 0..before {
                (&ring).write_all(b"a short one\n").unwrap();
            }
            (&ring).write_all(&vec![b'x'; len]).unwrap();
            let file = dir.image_of(&ring, "shop.ring");
            assert_same(&ring, &file);
            let snapshot = file.snapshot().unwrap();
            assert_eq!(snapshot.records().last().unwrap().bytes().len(), len);
        }
    }
}

#[test]
fn parts_stay_parts() {
    let dir = Dir::new();
    let ring = Ring::new(8192).unwrap();
    let text: Vec<u8> = (b'a'..=b'z').cycle().take(20_000).collect();
    ring.record(Meta::new().level(Level::Warn).target("long"), &text)
        .unwrap();
    let file = dir.image_of(&ring, "shop.ring");
    assert_same(&ring, &file);
    let snapshot = file.snapshot().unwrap();
    let parts: Vec<Part> = snapshot.records().map(|record| record.part()).collect();
    assert_eq!(parts.last(), Some(&Part::Last));
    assert_eq!(parts[0], Part::Middle, "the first is overwritten");
    assert!(text.ends_with(snapshot.bytes()));

    let ring = Ring::new(8192).unwrap();
    (&ring).write_all(&text[..8192]).unwrap();
    let snapshot = dir.image_of(&ring, "shop.ring").snapshot().unwrap();
    assert!(text[..8192].ends_with(snapshot.bytes()));
}

/// Whoever has followed the ring can go on in the image, and is told what it missed.
#[test]
fn a_cursor_of_the_ring_means_the_same_in_its_image() {
    let dir = Dir::new();
    let ring = Ring::new(8192).unwrap();
    let handle = ring.handle();
    let mut cursors = Vec::new();
    for number in 0..1000 {
        if number % 100 == 0 || number > 990 {
            cursors.push(handle.cursor());
        }
        writeln!(&ring, "line {number}").unwrap();
    }
    cursors.push(handle.cursor());
    let file = dir.image_of(&ring, "shop.ring");
    for cursor in cursors {
        let start = Start::After(cursor);
        let (mut inside, mut outside) = (
            handle.reader().start(start).open(),
            file.reader().start(start).open(),
        );
        let (mut expected, mut missed) = (Vec::new(), 0);
        while let Ok(batch) = inside.try_recv() {
            missed += batch.missed().records;
            expected.extend(batch.records().map(all_of));
        }
        assert_eq!(read(&mut outside), expected);
        assert!(!outside.restarted());
        assert_eq!(outside.missed().records, missed, "after {cursor}");
        let (seq, bytes) = (cursor.seq() + missed, outside.missed().bytes);
        let read: usize = expected.iter().map(|record| record.3.len()).sum();
        let end = outside.cursor();
        assert_eq!(end.seq(), seq + expected.len() as u64);
        let all = cursor.bytes().unwrap() + bytes + read as u64;
        assert_eq!(end.bytes(), Some(all), "after {cursor}");
    }
    let since = SystemTime::now() - Duration::from_secs(3600);
    for start in [Start::Newest, Start::Last(7), Start::Since(since)] {
        let mut inside = handle.reader().start(start).open();
        let mut expected = Vec::new();
        while let Ok(batch) = inside.try_recv() {
            expected.extend(batch.records().map(all_of));
        }
        let mut outside = file.reader().start(start).open();
        assert_eq!(read(&mut outside), expected, "{start}");
    }
}

fn sum(text: &[u8]) -> u64 {
    let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    text.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Four writers never pause. Each record says whose it is, which of those it is, and has a checksum.
#[test]
fn while_others_write_no_record_is_torn_or_invented_and_what_is_missing_is_told() {
    const WRITERS: usize = 4;
    let _watchdog = watchdog::minutes(10);
    let dir = Dir::new();
    // The small one is overtaken nearly each time.
    for capacity in [16 << 10, 1 << 20] {
        let ring = Ring::new(capacity).unwrap();
        let handle = ring.handle();
        let beginning = handle.cursor();
        let (is_over, written) = (AtomicBool::new(false), AtomicU64::new(0));
        let mut found = 0;
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (ring, is_over, written) = (&ring, &is_over, &written);
                scope.spawn(move || {
                    let target = format!("writer{writer}");
                    let meta = Meta::new().level(Level::Info).target(&target);
                    for number in 0_u64.. {
                        let filling = "x".repeat(usize::try_from(number % 301).unwrap());
                        let text = format!("{writer} {number} {filling}");
                        let line = format!("{text} {:016x}\n", sum(text.as_bytes()));
                        ring.record(meta, line.as_bytes()).unwrap();
                        written.fetch_add(1, SeqCst);
                        if is_over.load(SeqCst) {
                            break;
                        }
                    }
                });
            }
            let mut sum_up = || {
                while written.load(SeqCst) < 20_000 {
                    thread::yield_now();
                }
                for _ in 0..30 {
                    let path = dir.0.join("shop.ring");
                    let before = handle.cursor();
                    let report = match handle.write_image(File::create(&path).unwrap()) {
                        Ok(report) => report,
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                            continue;
                        }
                    };
                    let file = RingFile::open(&path).unwrap();
                    let mut reader = file.reader().start(Start::After(beginning)).open();
                    let records = read(&mut reader);
                    assert_eq!(records.len() as u64, report.records);
                    check(&records, WRITERS);
                    let (first, last) = (records[0].0, records[records.len() - 1].0);
                    // All that was written when it began is in it, or was overtaken.
                    assert!(last + 1 >= before.seq(), "{last} of {before}");
                    assert_eq!(reader.missed().records, first);
                    let bytes: usize = records.iter().map(|record| record.3.len()).sum();
                    let all = reader.missed().bytes + bytes as u64;
                    assert_eq!(reader.cursor().bytes(), Some(all));
                    found += 1;
                }
            };
            // The writers must end whatever happens.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut sum_up));
            is_over.store(true, SeqCst);
            outcome.unwrap();
        });
        assert!(found > 0 && handle.stats().overwritten > 0);
        assert_same(&ring, &dir.image_of(&ring, "shop.ring"));
    }
}

/// In a row, whole, and each writer's in its order.
fn check(records: &[All], writers: usize) {
    let mut last = vec![None; writers];
    for (record, following) in records.iter().zip(&records[1..]) {
        assert_eq!(record.0 + 1, following.0);
    }
    for (seq, level, target, bytes, ..) in records {
        let line = std::str::from_utf8(bytes).unwrap().strip_suffix('\n');
        let (text, checksum) = line.unwrap().rsplit_once(' ').unwrap();
        assert_eq!(checksum, format!("{:016x}", sum(text.as_bytes())), "{seq}");
        let mut fields = text.split(' ');
        let mut field = || fields.next().unwrap().parse::<u64>().unwrap();
        let (writer, number) = (field(), field());
        assert_eq!(
            (*level, target),
            (Some(Level::Info), &format!("writer{writer}"))
        );
        let last = &mut last[usize::try_from(writer).unwrap()];
        assert!(last.is_none_or(|last| last + 1 == number), "{seq}");
        *last = Some(number);
    }
}

#[test]
fn it_says_whose_ring_it_is_and_that_it_is_a_copy() {
    let dir = Dir::new();
    let ring = Ring::new(64 << 10).unwrap();
    (&ring).write_all(b"a line\n").unwrap();
    let before = SystemTime::now();
    let file = dir.image_of(&ring, "shop.ring");
    let info = file.info();
    let executable = std::env::current_exe().unwrap();
    let stem = executable.file_stem().unwrap().to_str().unwrap();
    assert_eq!(info.program, stem[..stem.len().min(64)]);
    assert_eq!(info.executable.as_deref(), Some(&*executable));
    assert_eq!(info.pid, u64::from(std::process::id()));
    assert_eq!(format!("{:016x}", info.ring), id(handle_cursor(&ring)));
    assert_eq!((info.capacity, info.previous), (64 << 10, None));
    assert!(before <= info.created && info.created <= SystemTime::now());
    assert!(info.is_copy && !info.is_cut);
    assert_eq!(file.state().unwrap(), RingState::Copy);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let written = fs::metadata(file.path()).unwrap();
        assert_eq!(info.uid, written.uid());
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(info.host.as_deref(), Some(host.trim_end()));
    }
    // As long as the format has it.
    let len = fs::metadata(file.path()).unwrap().len();
    assert_eq!(len, 0x10000 + (64 << 10) + 4096);
}

/// The offsets as FORMAT.md has them.
#[test]
fn it_has_what_the_format_says_of_images() {
    let ring = Ring::new(4096).unwrap();
    for number in 0..1000 {
        writeln!(&ring, "line {number}").unwrap();
    }
    for state in [1, 2] {
        let mut image = Vec::new();
        ring.handle().write_image(&mut image).unwrap();
        let word = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
        let (committed, reserved, reach) = (word(0x1000), word(0x1008), word(0x11000));
        // 24 bytes each, and 32 from the hundredth on.
        assert_eq!(committed, 100 * 24 + 900 * 32);
        assert_eq!((reserved, reach), (committed, committed));
        assert_eq!(word(0x1040), state);
        // Device, inode, lock kind.
        assert_eq!((word(0x88), word(0x90)), (0, 0));
        assert_eq!(image[0xa0..0xa4], [0; 4]);
        ring.handle().close();
    }
}

fn handle_cursor(ring: &Ring) -> Cursor {
    ring.handle().cursor()
}

/// The ring's id, in digits.
fn id(cursor: Cursor) -> String {
    cursor.to_string()[..16].to_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn a_ring_in_a_file_has_the_same_name_and_id_in_its_image() {
    let dir = Dir::new();
    let builder = Ring::builder().capacity(1 << 20);
    let ring = builder.mapped_in(&dir.0, "web-shop").build().unwrap();
    for number in 0..50_000 {
        writeln!(&ring, "line {number}").unwrap();
    }
    // The ring's record may be a quarter of it, and no more.
    (&ring).write_all(&vec![b'x'; 700_000]).unwrap();
    let original = RingFile::open(ring.handle().path().unwrap()).unwrap();
    let image = dir.image_of(&ring, "copy.ring");
    assert_same(&ring, &image);
    let (info, of_image) = (original.info(), image.info());
    assert_eq!(of_image.ring, info.ring);
    assert_eq!(of_image.program, "web-shop");
    assert_eq!((of_image.pid, of_image.uid), (info.pid, info.uid));
    assert_eq!(
        (of_image.host, of_image.executable),
        (info.host, info.executable)
    );
    assert_eq!(original.state().unwrap(), RingState::Running);
    assert_eq!(image.state().unwrap(), RingState::Copy);
    // It is not among the program's rings.
    assert_eq!(RingFile::list(&dir.0).unwrap().len(), 1);
    assert!(image.next_run().unwrap().is_none());
}

#[test]
fn its_statistics_are_the_rings() {
    let dir = Dir::new();
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    for number in 0..1000 {
        writeln!(&ring, "line {number}").unwrap();
    }
    // A write from within a sink overtakes the reader that it should have waited for.
    let blocking = handle.reader().policy(Policy::Block);
    let mut hanging = blocking.start(Start::Newest).open();
    let own = ring.clone();
    let fails = handle.reader().start(Start::Newest);
    let sink = fails.spawn(Fails(own)).unwrap();
    ring.record(Meta::new().level(Level::Error), b"set it off\n")
        .unwrap();
    assert!(sink.join().unwrap().is_err());
    assert!(hanging.recv().is_ok());
    handle.close();
    for _ in 0..3 {
        assert!((&ring).write_all(b"late\n").is_err());
    }
    let file = dir.image_of(&ring, "shop.ring");
    assert_same(&ring, &file);
    let (expected, found) = (handle.stats(), file.stats().unwrap());
    assert_eq!(found.capacity, expected.capacity);
    assert_eq!(
        (found.written, found.bytes),
        (expected.written, expected.bytes)
    );
    assert_eq!(found.overwritten, expected.overwritten);
    assert_eq!((found.refused, found.waits), (3, expected.waits));
    assert_eq!(
        (found.overtakes, found.failed_sinks),
        (expected.overtakes, 1)
    );
    assert!(expected.overtakes > 0);
    assert_eq!(found.demotions, expected.demotions);
}

struct Fails(Ring);

impl Write for Fails {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        for _ in 0..100 {
            self.0.record(Meta::new(), &[b'y'; 100])?;
        }
        Err(ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file that crash handlers and other programs find where a sink is slow, says that it is not ready, or fails.
#[test]
fn a_sink_gets_all_of_it_or_its_error_is_told() {
    struct Slow(Vec<u8>, u32, bool);
    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 % 5 {
                0 => Err(ErrorKind::Interrupted.into()),
                1 => Err(ErrorKind::WouldBlock.into()),
                _ => {
                    let count = bytes.len().min(3000);
                    self.0.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            self.2 = true;
            Ok(())
        }
    }
    let dir = Dir::new();
    let ring = Ring::new(64 << 10).unwrap();
    (&ring).write_all(b"a line\n").unwrap();
    let mut slow = Slow(Vec::new(), 0, false);
    ring.handle().write_image(&mut slow).unwrap();
    assert!(slow.2, "it was not flushed");
    let path = dir.0.join("slow.ring");
    fs::write(&path, slow.0).unwrap();
    assert_same(&ring, &RingFile::open(path).unwrap());

    let error = ring.handle().write_image(&mut [0; 100][..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    let error = ring.handle().write_image(Fails(ring.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
}

/// Its own ring's, which is full, for a reader that is never read; and an image of the other way round.
#[test]
fn within_a_sink_and_for_a_sink_nothing_waits() {
    struct Looks(Ring);
    impl Write for Looks {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let handle = self.0.handle();
            self.0.record(Meta::new(), &[b'y'; 500])?;
            handle.flush();
            let report = handle.write_image(io::sink())?;
            assert!(report.records > 0);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let _unread = handle.reader().policy(Policy::Block).open();
    while handle.stats().written < 40 {
        ring.record(Meta::new(), &[b'x'; 80]).unwrap();
    }
    handle.write_image(Looks(ring.clone())).unwrap();
    let reader = handle.reader().spawn(Looks(ring.clone())).unwrap();
    handle.close();
    // The ring is closed, so the sink's own write is refused, if it had not come to that before.
    drop(reader.join().unwrap());
}

/// Written from the format alone; what is missing at the beginning is told by number.
#[test]
#[cfg(unix)]
fn the_reader_in_python_finds_the_same() {
    let dir = Dir::new();
    let ring = Ring::new(64 << 10).unwrap();
    for number in 0..5000 {
        let meta = Meta::new().level(Level::Info).target("shop");
        let line = format!("line {number} {}\n", "x".repeat(number % 50));
        ring.record(meta, line.as_bytes()).unwrap();
    }
    let file = dir.image_of(&ring, "shop.ring");
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/read_ring.py");
    let mut python = std::process::Command::new("python3");
    let output = match python.arg(script).arg(file.path()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let is_ci = std::env::var_os("CI").is_some_and(|ci| ci != "false");
            assert!(!is_ci, "python3 is needed, and is not installed");
            let mut stderr = io::stderr();
            let why = b"NOT CHECKED: python3 is not installed, so docs/read_ring.py was not run\n";
            return stderr.write_all(why).unwrap();
        }
        Err(error) => panic!("python3: {error}"),
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(output.stdout, ring.handle().snapshot().bytes());
    let overwritten = ring.handle().stats().overwritten;
    let missing = format!("{overwritten} records are missing from 0 on");
    assert!(said.contains(&missing), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
