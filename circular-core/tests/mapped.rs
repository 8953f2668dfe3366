//! A ring in a file, from inside and from outside.
#![cfg(target_os = "linux")]

use circular_core::{
    FileRecvError, Level, Meta, Part, Policy, Record, Ring, RingFile, RingState, Start,
};
use std::fs;
use std::future::Future as _;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A directory of the test's own, in memory, and gone when it is dropped.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path =
            Path::new("/dev/shm").join(format!("circular-test-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn ring(&self, capacity: usize) -> Ring {
        let builder = Ring::builder().capacity(capacity);
        builder.mapped_in(&self.0, "shop").build().unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(ring: &Ring) -> RingFile {
    RingFile::open(ring.handle().path().unwrap()).unwrap()
}

#[test]
fn what_is_written_is_seen_from_outside_and_after_the_end() {
    let dir = Dir::new("seen");
    let mut ring = dir.ring(1 << 20);
    let file = open(&ring);
    assert!(file.snapshot().unwrap().is_empty());
    writeln!(ring, "one").unwrap();
    ring.record(Meta::new().level(Level::Warn).target("db"), b"two\n")
        .unwrap();

    let snapshot = file.snapshot().unwrap();
    assert_eq!(snapshot.bytes(), b"one\ntwo\n");
    let second = snapshot.records().nth(1).unwrap();
    assert_eq!((second.level(), second.target()), (Some(Level::Warn), "db"));
    assert_eq!(second.seq(), 1);
    assert_eq!(file.state().unwrap(), RingState::Running);

    let info = file.info();
    assert_eq!((&*info.program, info.capacity), ("shop", 1 << 20));
    assert_eq!(info.pid, u64::from(std::process::id()));
    assert_eq!(info.previous, None);
    assert!(!info.is_copy && !info.is_cut);

    let stats = file.stats().unwrap();
    assert_eq!((stats.written, stats.bytes, stats.overwritten), (2, 8, 0));

    drop(ring);
    assert_eq!(file.state().unwrap(), RingState::Closed);
    assert_eq!(file.snapshot().unwrap().bytes(), b"one\ntwo\n");
    let next = dir.ring(1 << 20);
    assert_eq!(open(&next).info().previous, Some(info.ring));
    assert_eq!(
        file.next_run().unwrap().unwrap().info().ring,
        open(&next).info().ring
    );
}

/// What a record says of itself.
fn all_of(record: Record<'_>) -> (u64, Option<Level>, String, Vec<u8>, SystemTime, Part) {
    (
        record.seq(),
        record.level(),
        record.target().to_owned(),
        record.bytes().to_vec(),
        record.time(),
        record.part(),
    )
}

/// As the in-process readers do, at every start and with every filter.
#[test]
fn a_reader_of_the_file_gets_what_a_reader_of_the_ring_gets() {
    let dir = Dir::new("same");
    let ring = dir.ring(64 << 10);
    let file = open(&ring);
    let handle = ring.handle();
    let levels = [None, Some(Level::Debug), Some(Level::Error)];
    let mut seed = 1_u64;
    for number in 0..5000_usize {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let len =
            usize::try_from(seed >> 33).unwrap() % if number % 97 == 0 { 30_000 } else { 200 };
        let mut meta = Meta::new().target(if number % 3 == 0 { "shop::db" } else { "hyper" });
        if let Some(level) = levels[number % 3] {
            meta = meta.level(level);
        }
        ring.record(meta, format!("{number} {}\n", "x".repeat(len)).as_bytes())
            .unwrap();
        if number % 500 != 499 {
            continue;
        }
        let early = handle.cursor();
        let time = handle.snapshot().records().last().unwrap().time();
        for start in [
            Start::Oldest,
            Start::Newest,
            Start::Last(1),
            Start::Last(50),
            Start::Since(time),
            Start::Since(time - Duration::from_millis(1)),
            Start::After(early),
            Start::After("00000000000000ff.17.340".parse().unwrap()),
        ] {
            for filter in ["trace", "error", "shop=debug", "off"] {
                let targets: circular_core::Targets = filter.parse().unwrap();
                let mut inside = handle.reader().start(start).filter(targets.clone()).open();
                let mut outside = file.reader().start(start).filter(targets).open();
                let (mut expected, mut got) = (Vec::new(), Vec::new());
                while let Ok(batch) = inside.try_recv() {
                    expected.extend(batch.records().map(all_of));
                }
                while let Ok(batch) = outside.try_recv() {
                    got.extend(batch.records().map(all_of));
                }
                assert_eq!(got, expected, "{start} {filter}");
                assert_eq!(outside.cursor().to_string(), inside.cursor().to_string());
                assert_eq!(outside.restarted(), inside.restarted());
            }
        }
        let snapshot = file.snapshot().unwrap();
        assert_eq!(snapshot.bytes(), handle.snapshot().bytes());
    }
}

#[test]
fn a_reader_follows_and_ends_with_the_ring() {
    let dir = Dir::new("follows");
    let mut ring = dir.ring(1 << 20);
    let mut reader = open(&ring).reader().open();
    assert!(matches!(reader.try_recv(), Err(FileRecvError::Empty)));
    let brief = Duration::from_millis(1);
    assert!(matches!(
        reader.recv_timeout(brief),
        Err(FileRecvError::Empty)
    ));
    let writer = std::thread::spawn(move || {
        for number in 0..1000 {
            writeln!(ring, "{number}").unwrap();
        }
    });
    let mut seqs = Vec::new();
    while let Ok(batch) = reader.recv() {
        assert!(batch.missed().is_empty());
        seqs.extend(batch.records().map(|record| record.seq()));
    }
    writer.join().unwrap();
    assert_eq!(seqs, (0..1000).collect::<Vec<u64>>());
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
}

/// A slow one is told how much it missed, and what it gets is whole.
#[test]
fn received_and_missed_are_what_was_written() {
    let dir = Dir::new("flat-out");
    let ring = dir.ring(64 << 10);
    let mut reader = open(&ring).reader().open();
    const COUNT: u64 = 300_000;
    let writer = std::thread::spawn(move || {
        for number in 0..COUNT {
            let len = usize::try_from(number % 100).unwrap();
            let text = format!("{number:08} {}", "x".repeat(len));
            ring.record(Meta::new(), text.as_bytes()).unwrap();
        }
    });
    let (mut received, mut missed) = (0, 0);
    while let Ok(batch) = reader.recv() {
        missed += batch.missed().records;
        for record in batch.records() {
            let seq = record.seq();
            assert_eq!(seq, received + missed);
            let len = usize::try_from(seq % 100).unwrap();
            let text = format!("{seq:08} {}", "x".repeat(len));
            assert_eq!(record.bytes(), text.as_bytes());
            received += 1;
        }
    }
    writer.join().unwrap();
    assert_eq!(received + missed, COUNT);
    assert_eq!(reader.missed().records, missed);
    assert_eq!(reader.damaged(), 0);
}

#[test]
fn what_the_ring_counts_is_seen_from_outside() {
    let dir = Dir::new("counts");
    let mut ring = dir.ring(4096);
    let file = open(&ring);
    let handle = ring.handle();
    let patience = Duration::from_millis(1);
    let mut reader = handle.reader().policy(Policy::BlockFor(patience)).open();
    for _ in 0..100 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    while reader.try_recv().is_ok() {}
    handle.close();
    assert!(ring.write_all(b"refused").is_err());
    let (inside, outside) = (handle.stats(), file.stats().unwrap());
    assert_eq!(outside.demotions, 1);
    assert_eq!(outside.refused, 1);
    assert_eq!(outside.waits, inside.waits);
    assert_eq!(outside.written, inside.written);
    assert_eq!(outside.overwritten, inside.overwritten);
}

#[test]
fn a_ring_that_can_have_no_file_is_on_the_heap_if_it_may() {
    let dir = Dir::new("no-file");
    let nowhere = dir.0.join("nowhere");
    let builder = || Ring::builder().capacity(4096).mapped_in(&nowhere, "shop");
    let error = builder().build().unwrap_err();
    assert!(matches!(error, circular_core::BuildError::Mapping(_)));
    assert!(error.to_string().contains("nowhere"), "{error}");
    let mut ring = builder().or_heap().build().unwrap();
    writeln!(ring, "all the same").unwrap();
    let handle = ring.handle();
    assert_eq!(handle.path(), None);
    let why = handle.mapping_error().unwrap().to_string();
    assert!(why.contains("nowhere"), "{why}");
    assert_eq!(handle.snapshot().bytes(), b"all the same\n");
    assert!(dir.ring(4096).handle().mapping_error().is_none());
}

/// A record above a quarter of the ring would take what it overwrites with it if the program were killed amid it.
#[test]
fn a_long_record_goes_through_in_parts() {
    let dir = Dir::new("parts");
    let ring = dir.ring(64 << 10);
    let whole = vec![b'x'; (16 << 10) - 16];
    ring.record(Meta::new(), &whole).unwrap();
    assert_eq!(ring.handle().snapshot().record_count(), 1);
    ring.record(Meta::new(), &vec![b'y'; (16 << 10) - 15])
        .unwrap();
    let snapshot = open(&ring).snapshot().unwrap();
    assert_eq!(snapshot.record_count(), 3);
    assert_eq!(snapshot.bytes().len(), whole.len() * 2 + 1);
}

#[test]
fn what_is_no_ring_is_refused_with_the_reason() {
    let dir = Dir::new("refused");
    let ring = dir.ring(4096);
    let path = ring.handle().path().unwrap().to_path_buf();
    let other = dir.0.join("other.ring");
    let refused = |path: &Path| RingFile::open(path).unwrap_err().to_string();
    assert!(refused(&other).contains("No such file"));
    assert!(refused(&dir.0).contains("no file"));
    fs::write(&other, "a text").unwrap();
    assert!(refused(&other).contains("no ring"));
    let kind = |path: &Path| RingFile::open(path).unwrap_err().kind();
    assert_eq!(kind(&other), ErrorKind::InvalidData);
    let mut later = fs::read(&path).unwrap();
    // The number of the format.
    later[0x008] = 2;
    fs::write(&other, later).unwrap();
    assert!(refused(&other).contains("read it with a newer one"));
    assert_eq!(kind(&other), ErrorKind::Unsupported);
    fs::write(&other, &fs::read(&path).unwrap()[..100]).unwrap();
    assert!(refused(&other).contains("only 100 bytes are left"));
    let link = dir.0.join("link.ring");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(refused(&link).contains("it is a link"));

    let listed = RingFile::list(&dir.0).unwrap();
    let paths: Vec<&Path> = listed.iter().map(|listed| &*listed.path).collect();
    assert_eq!(paths, [&*path]);
    assert!(listed[0].ring.is_ok());
}

#[test]
fn a_copy_is_known_for_one() {
    let dir = Dir::new("copy");
    let mut ring = dir.ring(4096);
    writeln!(ring, "one").unwrap();
    let copy = dir.0.join("copy.ring");
    fs::copy(ring.handle().path().unwrap(), &copy).unwrap();
    let file = RingFile::open(&copy).unwrap();
    assert!(file.info().is_copy);
    assert_eq!(file.state().unwrap(), RingState::Copy);
    let mut reader = file.reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"one\n");
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
}

/// What a follower still has to hear is that; the program that writes to what is gone is another matter.
#[test]
fn a_follower_of_a_file_that_is_cut_is_told_so() {
    let dir = Dir::new("cut");
    let mut ring = dir.ring(64 << 10);
    let path = ring.handle().path().unwrap().to_path_buf();
    writeln!(ring, "one").unwrap();
    let before = open(&ring);
    assert!(!before.info().is_cut);
    let mut reader = before.reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"one\n");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(70_000).unwrap();
    let error = loop {
        match reader.recv() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, FileRecvError::Io(_)));
    let told = error.to_string();
    assert!(told.contains("somebody has cut the file"), "{told}");
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
    assert!(before.info().is_cut);

    // What is left of it can be read, and who comes later is told the same.
    let file = RingFile::open(&path).unwrap();
    assert!(file.info().is_cut);
    assert_eq!(file.snapshot().unwrap().bytes(), b"one\n");
    let mut late = file.reader().open();
    assert_eq!(late.recv().unwrap().bytes(), b"one\n");
    assert_eq!(late.recv().unwrap_err().to_string(), told);
    assert!(matches!(late.recv(), Err(FileRecvError::Ended)));
    drop(ring);
    // In a copy as well, of which nobody says what has become of its program.
    let copy = dir.0.join("copy");
    fs::copy(&path, &copy).unwrap();
    let mut reader = RingFile::open(&copy).unwrap().reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"one\n");
    let told = reader.recv().unwrap_err().to_string();
    assert!(told.contains("or has not copied all of it"), "{told}");
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
}

#[test]
fn a_file_that_is_removed_is_followed_to_its_end() {
    let dir = Dir::new("removed");
    let mut ring = dir.ring(64 << 10);
    let path = ring.handle().path().unwrap().to_path_buf();
    let file = open(&ring);
    let mut reader = file.reader().open();
    fs::remove_file(&path).unwrap();
    writeln!(ring, "one").unwrap();
    assert_eq!(reader.recv().unwrap().bytes(), b"one\n");
    assert_eq!(file.state().unwrap(), RingState::Running);
    drop(ring);
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
}

/// By a hand-made waker: no runtime is needed.
#[test]
fn a_task_follows_too() {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake};
    use std::thread::{self, Thread};

    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);

    let dir = Dir::new("task");
    let ring = dir.ring(64 << 10);
    let mut reader = open(&ring).reader().open_async().unwrap();
    let writer = thread::spawn(move || {
        for number in 0..100 {
            writeln!(&ring, "{number}").unwrap();
            thread::yield_now();
        }
    });
    let mut seqs = Vec::new();
    loop {
        let received = {
            let mut recv = pin!(reader.recv());
            loop {
                match recv.as_mut().poll(&mut context) {
                    Poll::Ready(received) => {
                        break received.map(|batch| {
                            batch
                                .records()
                                .map(|record| record.seq())
                                .collect::<Vec<_>>()
                        });
                    }
                    Poll::Pending => thread::park(),
                }
            }
        };
        match received {
            Ok(batch) => seqs.extend(batch),
            Err(FileRecvError::Ended) => break,
            Err(error) => panic!("{error}"),
        }
    }
    writer.join().unwrap();
    assert_eq!(seqs, (0..100).collect::<Vec<u64>>());
}

/// As code does that polls by itself and goes through a batch in several steps.
#[test]
fn a_batch_can_be_had_once_more_and_tells_no_loss_twice() {
    use std::task::{Context, Poll, Waker};

    let dir = Dir::new("again");
    let ring = dir.ring(4096);
    let file = open(&ring);
    assert_eq!(file.cursor().unwrap().seq(), 0);
    let mut reader = file.reader().open_async().unwrap();
    for number in 0..500 {
        writeln!(&ring, "number {number}").unwrap();
    }
    assert_eq!(file.cursor().unwrap(), ring.handle().cursor());
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(batch)) = reader.poll_recv(&mut context) else {
        panic!("there is something");
    };
    let (bytes, missed) = (batch.bytes().to_vec(), batch.missed());
    assert!(missed.records > 0 && !bytes.is_empty());
    assert_eq!(reader.batch().bytes(), bytes);
    assert!(reader.batch().missed().is_empty());
    assert_eq!(
        reader.batch().cursor_before(0).seq(),
        missed.records,
        "what was missed lies before the first"
    );
    while reader.cursor() != ring.handle().cursor() {
        assert!(reader.poll_recv(&mut context).is_ready());
    }
    assert!(reader.poll_recv(&mut context).is_pending());
    assert!(reader.batch().is_empty());

    let mut reader = file.reader().open();
    let first = reader.try_recv().unwrap().bytes().to_vec();
    assert_eq!(reader.batch().bytes(), first);
    drop(ring);
    assert_eq!(file.cursor().unwrap().seq(), 500);
}

/// However much is filtered out before it.
#[test]
fn the_one_record_that_passes_is_found() {
    let dir = Dir::new("filtered");
    let ring = dir.ring(10 << 20);
    let file = open(&ring);
    let mut early = file.reader().at_least(Level::Error).open();
    let text = [b'x'; 112];
    for _ in 0..(10 << 20) / 128 {
        ring.record(Meta::new().level(Level::Debug), &text).unwrap();
    }
    ring.record(Meta::new().level(Level::Error), b"the cause\n")
        .unwrap();
    let mut late = file.reader().at_least(Level::Error).open();
    assert_eq!(late.try_recv().unwrap().bytes(), b"the cause\n");
    drop(ring);
    let mut after = file.reader().at_least(Level::Error).open();
    assert_eq!(after.recv().unwrap().bytes(), b"the cause\n");
    // This one is told of what was overwritten meanwhile, too.
    let mut got = Vec::new();
    while let Ok(batch) = early.recv() {
        got.extend_from_slice(batch.bytes());
    }
    assert_eq!(got, b"the cause\n");
}

/// Old ones of the same program that are kept, and copies, are not what comes next.
#[test]
fn the_next_run_is_found_though_some_were_removed_and_others_copied() {
    let dir = Dir::new("next");
    let first = dir.ring(4096);
    let file = open(&first);
    assert!(file.next_run().unwrap().is_none());
    drop(first);
    let name = file.path().file_name().unwrap().to_str().unwrap();
    let copy = dir.0.join(name.replace("shop.", "a-copy-of-shop."));
    fs::copy(file.path(), &copy).unwrap();
    let second = dir.ring(4096);
    let third = dir.ring(4096);
    let next = file.next_run().unwrap().unwrap();
    assert_eq!(next.path(), second.handle().path().unwrap());
    assert!(open(&third).next_run().unwrap().is_none());
    fs::remove_file(second.handle().path().unwrap()).unwrap();
    fs::copy(file.path(), dir.0.join("shop.00000000000000aa.ring")).unwrap();
    let next = file.next_run().unwrap().unwrap();
    assert_eq!(next.path(), third.handle().path().unwrap());
}

#[test]
fn a_mode_that_is_none_is_refused() {
    let dir = Dir::new("mode");
    let build = |mode| {
        let builder = Ring::builder().capacity(4096).mode(mode);
        builder.mapped_in(&dir.0, "shop").build()
    };
    // Decimal; the owner must read it; more than permissions.
    for mode in [640, 0o000, 0o240, 0o4600] {
        let error = build(mode).unwrap_err().to_string();
        assert!(error.contains("0o640"), "{mode:o}: {error}");
    }
    assert!(build(0o644).is_ok());
}

#[test]
fn a_dead_ring_of_which_nothing_is_left_is_an_error_and_not_waited_for() {
    let dir = Dir::new("nothing-left");
    let mut ring = dir.ring(4096);
    writeln!(ring, "one").unwrap();
    let path = ring.handle().path().unwrap().to_path_buf();
    drop(ring);
    let cut = fs::OpenOptions::new().write(true).open(&path).unwrap();
    cut.set_len(4096).unwrap();
    let file = RingFile::open(&path).unwrap();
    assert!(file.info().is_cut);
    assert!(file.snapshot().unwrap().is_empty());
    let mut reader = file.reader().open();
    let told = reader.recv().unwrap_err().to_string();
    assert!(told.contains("somebody has cut the file"), "{told}");
    assert!(matches!(reader.recv(), Err(FileRecvError::Ended)));
}

/// Where nothing is that is cut, nobody looks.
#[test]
fn a_ring_that_is_cut_behind_its_records_is_read_as_before() {
    let dir = Dir::new("cut-behind");
    let ring = dir.ring(64 << 10);
    for number in 0..20 {
        writeln!(&ring, "{number}").unwrap();
    }
    let handle = ring.handle();
    let mut reader = handle.reader().start(Start::Oldest).open();
    let path = handle.path().unwrap();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len((64 << 10) + (32 << 10)).unwrap();
    assert_eq!(handle.snapshot().record_count(), 20);
    assert_eq!(reader.recv().unwrap().len(), 20);
    assert_eq!(handle.stats().written, 20);
}

/// What is in it by then is zeroes.
#[test]
fn a_file_that_was_cut_and_grown_again_holds_no_reader_up() {
    for (len, later) in [(0, 0), (0, 50), (4096, 0), (4096, 50), (8192, 400)] {
        let dir = Dir::new(&format!("regrown-{len}-{later}"));
        let ring = dir.ring(64 << 10);
        let write = |count| (0..count).for_each(|number| writeln!(&ring, "{number}").unwrap());
        write(5000);
        let file = open(&ring);
        let mut reader = file.reader().start(Start::Oldest).open();
        assert!(reader.try_recv().is_ok());
        let cut = fs::OpenOptions::new().write(true).open(file.path());
        let cut = cut.unwrap();
        let full = cut.metadata().unwrap().len();
        cut.set_len(len).unwrap();
        cut.set_len(full).unwrap();
        write(later);
        for _ in 0..3 {
            // Whatever it says, it comes back.
            let _ = reader.recv_timeout(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_file_that_was_removed_is_known_to_be() {
    let dir = Dir::new("is-removed");
    let ring = dir.ring(4096);
    let file = open(&ring);
    assert!(!file.is_removed().unwrap());
    fs::remove_file(file.path()).unwrap();
    assert!(file.is_removed().unwrap());
}

/// On a file system with room for two rings and a half: what is kept gives way, and is not in the way.
#[test]
fn kept_rings_give_way_to_the_next_one() {
    const CHILD: &str = "CIRCULAR_TEST_SMALL_DIR";
    if let Some(dir) = std::env::var_os(CHILD) {
        for number in 0..5 {
            let builder = Ring::builder().capacity(1 << 20);
            let mut ring = builder.mapped_in(&dir, "shop").build().unwrap();
            writeln!(ring, "{number}").unwrap();
        }
        let rings = || RingFile::list(&dir).unwrap().len();
        assert_eq!(rings(), 2);
        // One that is too large for all of it is refused before it has taken what there is, and nothing gives way in
        // vain.
        for program in ["other", "shop"] {
            let builder = Ring::builder().capacity(64 << 20);
            let error = builder.mapped_in(&dir, program).build().unwrap_err();
            assert!(error.to_string().contains("tmpfs of 2.5 MiB, "), "{error}");
            assert_eq!(rings(), 2);
        }
        return;
    }
    let dir = Dir::new("gives-way");
    let script = r#"mount -t tmpfs -o size=2560k none "$0" || exit 99; exec "$@""#;
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(&dir.0)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kept_rings_give_way_to_the_next_one",
            "--nocapture",
        ])
        .env(CHILD, &dir.0)
        .output();
    let output = match output {
        Ok(output) if output.status.code() != Some(99) && output.status.code() != Some(1) => output,
        refused => {
            let text = "SKIPPED: this user may not mount a file system of its own";
            let text = format!("{text}: {refused:?}\n");
            std::io::stderr().write_all(text.as_bytes()).unwrap();
            return;
        }
    };
    assert!(output.status.success(), "{output:?}");
}

/// A process that becomes another program has its pid and its start still, and no ring any more.
#[test]
fn a_process_that_has_become_another_program_is_not_taken_for_alive() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    const CHILD: &str = "CIRCULAR_TEST_EXEC_DIR";
    if let Some(dir) = std::env::var_os(CHILD) {
        let builder = Ring::builder().capacity(4096).mapped_in(dir, "shop");
        let ring = builder.build().unwrap();
        writeln!(&ring, "before").unwrap();
        let path = ring.handle().path().unwrap().to_path_buf();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", r#"echo "ring: $0"; exec sleep 1000"#])
            .arg(path);
        panic!("{}", shell.exec());
    }
    let dir = Dir::new("exec");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_process_that_has_become_another_program_is_not_taken_for_alive",
        ])
        .arg("--nocapture")
        .env(CHILD, &dir.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| line.unwrap());
    let path = lines.find_map(|line| line.strip_prefix("ring: ").map(PathBuf::from));
    let file = RingFile::open(path.unwrap()).unwrap();
    let state = file.state().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        matches!(state, RingState::Died { signal: None, .. }),
        "{state}"
    );
    assert_eq!(file.snapshot().unwrap().bytes(), b"before\n");
}
