//! A ring's file is cut while its program runs: the program goes on, and what it writes from then on is read in it.
#![cfg(target_os = "linux")]

use circular_core::{
    DumpReport, DumpTo, DumpTrigger, FileRecvError, Handle, Level, Notice, Policy, Reader, Ring,
    RingFile, RingState, Snapshot, Start, TryRecvError,
};
use shared_dir::Dir;
use std::collections::BTreeSet;
use std::env;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumped.rs"]
mod dumped;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;

const CAPACITY: u64 = 64 << 10;
/// Where DATA begins.
const DATA: u64 = 0x10000;
/// All of it; only IDENTITY is left; LIVE and INDEX are; half of DATA is, and as much but for some bytes.
const CUTS: [u64; 5] = [
    0,
    4096,
    DATA,
    DATA + CAPACITY / 2,
    DATA + CAPACITY / 2 - 1000,
];

/// A record that tells its number, in as many bytes as only that number has.
fn record(number: u64) -> Vec<u8> {
    let mut bytes = format!("{number}:").into_bytes();
    let len = usize::try_from(number * 7919 % 400).unwrap();
    let filling = b'a' + u8::try_from(number % 26).unwrap();
    bytes.resize(bytes.len() + len, filling);
    bytes.push(b'\n');
    bytes
}

/// Which record it is, if it is one.
#[track_caller]
fn number(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let number = text
        .split(':')
        .next()
        .and_then(|digits| digits.parse().ok());
    let number: u64 = number.unwrap_or_else(|| panic!("no record: {text:?}"));
    assert_eq!(text, String::from_utf8_lossy(&record(number)));
    number
}

fn ring(dir: &Dir) -> Ring {
    let capacity = usize::try_from(CAPACITY).unwrap();
    let builder = Ring::builder().capacity(capacity).crash_note(true);
    builder.mapped_in(&dir.0, "shop").build().unwrap()
}

fn path(handle: &Handle) -> PathBuf {
    handle.path().unwrap().to_path_buf()
}

fn cut(path: &Path, len: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(len).unwrap();
}

/// Writes so many, from `from` on.
fn write(ring: &Ring, from: u64, count: u64) {
    for number in from..from + count {
        let mut ring = ring;
        ring.write_all(&record(number)).unwrap();
    }
}

/// What a reader gets until there is no more, and how many it missed.
fn rest(reader: &mut Reader) -> (Vec<u64>, u64) {
    let (mut got, mut missed) = (Vec::new(), 0);
    loop {
        match reader.try_recv() {
            Ok(batch) => {
                missed += batch.missed().records;
                got.extend(batch.records().map(|record| number(record.bytes())));
            }
            Err(TryRecvError::Empty | TryRecvError::Closed) => return (got, missed),
        }
    }
}

fn in_snapshot(handle: &Handle) -> Vec<u64> {
    numbers(&handle.snapshot())
}

fn numbers(snapshot: &Snapshot) -> Vec<u64> {
    let records = snapshot.records();
    records.map(|record| number(record.bytes())).collect()
}

/// For each cut, and for rings that are empty, in their first lap, in its second half, and further on.
fn each(work: impl Fn(&Ring, u64, u64)) {
    let _watchdog = watchdog::minutes(5);
    for len in CUTS {
        for before in [0, 1, 100, 220, 700, 760, 820, 880, 950] {
            static COUNT: AtomicU64 = AtomicU64::new(0);
            let dir = Dir::new(&format!("cut-{}", COUNT.fetch_add(1, SeqCst)));
            let ring = ring(&dir);
            write(&ring, 0, before);
            work(&ring, len, before);
        }
    }
}

#[test]
fn what_is_written_after_a_cut_is_read() {
    for count in [1, 2, 40] {
        each(|ring, len, before| {
            let handle = ring.handle();
            let place = format!("cut to {len} after {before}, then {count}");
            let mut waiting = handle.reader().start(Start::Newest).open();
            let mut lagging = handle.reader().start(Start::Last(200)).open();
            let lossless = handle.reader().policy(Policy::Block);
            let mut lossless = lossless.start(Start::Newest).open();
            cut(&path(&handle), len);
            write(ring, before, count);
            let written: Vec<u64> = (before..before + count).collect();
            assert_eq!(rest(&mut waiting), (written.clone(), 0), "{place}");
            assert_eq!(rest(&mut lossless), (written.clone(), 0), "{place}");
            let (got, missed) = rest(&mut lagging);
            assert!(got.ends_with(&written), "{place}: {got:?}");
            assert_eq!(
                got.len() as u64 + missed,
                before.min(200) + count,
                "{place}"
            );
            let found = in_snapshot(&handle);
            assert!(found.ends_with(&written), "{place}: {found:?}");
            let mut from = handle.reader().start(Start::Last(count)).open();
            assert_eq!(rest(&mut from), (written, 0), "{place}");
            let stats = handle.stats();
            assert_eq!(stats.written, before + count, "{place}");
            assert!(stats.lost_memory <= 1, "{place}");
        });
    }
}

/// Whoever looks first, and finds what lies in front of the cut.
#[test]
fn a_ring_that_is_cut_while_nobody_writes_is_looked_at_as_before() {
    type Look = dyn Fn(&Handle, &Dir) -> Vec<u64>;
    let cases: [&Look; 4] = [
        &|handle, _| in_snapshot(handle),
        &|handle, _| {
            let mut reader = handle.reader().start(Start::Last(20)).open();
            let (got, missed) = rest(&mut reader);
            assert_eq!(missed, 0);
            got
        },
        &|handle, dir| {
            let path = dir.0.join("image");
            let file = std::fs::File::create(&path).unwrap();
            handle.write_image(file).unwrap();
            numbers(&RingFile::open(path).unwrap().snapshot().unwrap())
        },
        &|handle, _| {
            let mut text = Vec::new();
            handle.dump_to(DumpTo::sink(&mut text)).write().unwrap();
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            lines.map(number).collect()
        },
    ];
    for (case, look) in cases.iter().enumerate() {
        let dir = Dir::new(&format!("cut-idle-{case}"));
        let ring = ring(&dir);
        let handle = ring.handle();
        write(&ring, 0, 20);
        cut(&path(&handle), DATA + CAPACITY / 2);
        let all: Vec<u64> = (0..20).collect();
        assert_eq!(look(&handle, &dir), all, "{case}");
    }
}

/// What a text dump has, and what its notices tell, each of which has this reason.
fn in_text(text: &str, why: &str) -> (Vec<u64>, u64) {
    let (mut got, mut missed) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let Some(told) = line.strip_prefix("--- missed ") else {
            got.push(number(line.as_bytes()));
            continue;
        };
        assert!(told.ends_with(why), "{told}");
        let count = told.split(' ').next().unwrap();
        missed += count.parse::<u64>().unwrap();
    }
    (got, missed)
}

/// From the oldest record on that is left: what is there, and what is not, which was nobody's being slow.
#[test]
fn what_was_lost_is_counted_and_told_as_that() {
    let lost = "the ring's file was cut, or its disk was full ---\n";
    let is_part = AtomicBool::new(false);
    each(|ring, len, before| {
        let handle = ring.handle();
        let place = format!("cut to {len} after {before}");
        cut(&path(&handle), len);
        write(ring, before, 40);
        let mut text = Vec::new();
        let report = handle.dump_to(DumpTo::sink(&mut text)).write().unwrap();
        let (got, told) = in_text(std::str::from_utf8(&text).unwrap(), lost);
        let first = got.first().copied().unwrap();
        assert_eq!(report.records, got.len() as u64, "{place}");
        assert_eq!(report.missed.records, told, "{place}");
        assert_eq!(report.records + told, before + 40 - first, "{place}");

        let from_there = handle.reader().start(Start::Last(before + 40 - first));
        let (also, missed) = rest(&mut from_there.open());
        assert_eq!((also, missed), (got.clone(), told), "{place}");

        let mut bytes = Vec::new();
        let image = handle.write_image(&mut bytes).unwrap();
        let behind = in_snapshot(&handle);
        assert_eq!(image.records, behind.len() as u64, "{place}");
        let all = |report: &DumpReport| report.records + report.missed.records;
        assert_eq!(all(&image), all(&report), "{place}");
        is_part.fetch_or(behind.len() < got.len(), SeqCst);

        handle.close();
        let mut stream = Vec::new();
        let json = handle.reader().notice(Notice::Json);
        json.write_to(&mut stream).unwrap();
        let stream = String::from_utf8(stream).unwrap();
        let told_of = |line: &&str| line.starts_with(r#"{"missed":"#);
        let notices: Vec<&str> = stream.lines().filter(told_of).collect();
        assert_eq!(notices.is_empty(), told == 0, "{place}");
        for notice in notices {
            assert!(notice.ends_with(r#","lost_memory":true}}"#), "{notice}");
        }
    });
    assert!(is_part.load(SeqCst), "nothing was left in front of a cut");
}

/// It does not begin again with what lies in front of the cut.
#[test]
fn a_trigger_goes_on_behind_what_was_lost() {
    let dir = Dir::new("cut-trigger");
    let ring = ring(&dir);
    let (sink, dumps) = dumped::sink();
    let trigger = DumpTrigger::builder(&ring.handle()).sink(sink);
    let trigger = trigger.interval(Duration::ZERO).start().unwrap();
    let dump = || {
        trigger.observe(Level::Error);
        dumps.recv().unwrap()
    };
    // Over half of the ring, so that the end of the first dump is behind the cut.
    write(&ring, 0, 230);
    let first = dump();
    assert_eq!(in_text(&first, "").0.last(), Some(&229));
    write(&ring, 230, 20);
    cut(&path(&ring.handle()), DATA + CAPACITY / 2);
    write(&ring, 250, 40);
    let (got, missed) = in_text(&dump(), "full ---\n");
    assert_eq!((got, missed), ((250..290).collect(), 20));
}

/// Several laps later nothing is left of it.
#[test]
fn a_ring_that_was_cut_goes_on_for_ever() {
    each(|ring, len, before| {
        let handle = ring.handle();
        let mut reader = handle.reader().start(Start::Newest).open();
        cut(&path(&handle), len);
        let mut next = before;
        for _ in 0..60 {
            write(ring, next, 50);
            let written: Vec<u64> = (next..next + 50).collect();
            assert_eq!(rest(&mut reader), (written.clone(), 0));
            let found = in_snapshot(&handle);
            assert!(found.ends_with(&written), "{len}, {next}: {found:?}");
            next += 50;
        }
        let found = in_snapshot(&handle);
        let all: Vec<u64> = (next - found.len() as u64..next).collect();
        assert!(found.len() > 200, "{} in {CAPACITY} bytes", found.len());
        assert_eq!(found, all);
        assert_eq!(handle.stats().lost_memory, 1, "cut to {len} after {before}");
    });
}

/// In the page that a file on a disk is cut in, the system puts zeroes behind the end each time when it writes that back.
#[test]
fn nothing_is_taken_away_later_where_a_page_was_cut() {
    let _watchdog = watchdog::minutes(5);
    for (round, len) in [8192 + 100, DATA + 100, DATA + CAPACITY / 2 - 1000]
        .into_iter()
        .enumerate()
    {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let dir = dir.join(format!("cut-page-{}-{round}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let dir = Dir(dir);
        let ring = ring(&dir);
        let handle = ring.handle();
        write(&ring, 0, 700);
        let mut reader = handle.reader().start(Start::Newest).open();
        cut(&path(&handle), len);
        let mut next = 700;
        for _ in 0..8 {
            write(&ring, next, 100);
            let before = in_snapshot(&handle);
            std::fs::File::open(path(&handle))
                .unwrap()
                .sync_all()
                .unwrap();
            let written: Vec<u64> = (next..next + 100).collect();
            assert_eq!(rest(&mut reader), (written, 0), "cut to {len}");
            assert_eq!(in_snapshot(&handle), before, "cut to {len}");
            next += 100;
        }
    }
}

/// What was written since the first time is no longer in the file.
#[test]
fn a_second_cut_takes_nothing() {
    let _watchdog = watchdog::minutes(5);
    let cuts = [
        (DATA + CAPACITY / 2, DATA + 8192),
        (DATA + CAPACITY / 2 + 100, DATA + 8192 + 100),
        (DATA, 8192),
        (0x8000, 0),
    ];
    for (first, second) in cuts {
        for before in [720, 900, 1000, 1100] {
            let dir = Dir::new(&format!("cut-twice-{first}-{second}-{before}"));
            let ring = ring(&dir);
            let handle = ring.handle();
            let place = format!("cut to {first} and {second}, at {before}");
            write(&ring, 0, 700);
            let mut reader = handle.reader().start(Start::Newest).open();
            cut(&path(&handle), first);
            write(&ring, 700, before - 700);
            let (got, missed) = rest(&mut reader);
            assert!(got.last() == Some(&(before - 1)), "{place}");
            assert_eq!(got.len() as u64 + missed, before - 700, "{place}");
            let found = in_snapshot(&handle);
            cut(&path(&handle), second);
            assert_eq!(in_snapshot(&handle), found, "{place}");
            write(&ring, before, 1);
            assert!(in_snapshot(&handle).ends_with(&[before - 1, before]));
            write(&ring, before + 1, 149);
            let found = in_snapshot(&handle);
            let newest: Vec<u64> = (before..before + 150).collect();
            assert!(found.ends_with(&newest), "{place}");
            assert_eq!(rest(&mut reader), (newest, 0), "{place}");
            assert_eq!(handle.stats().lost_memory, 1, "{place}");
        }
    }
}

#[test]
fn readers_may_be_the_first_to_meet_the_hole() {
    each(|ring, len, before| {
        let handle = ring.handle();
        let mut lagging = handle.reader().start(Start::Oldest).open();
        cut(&path(&handle), len);
        let found = in_snapshot(&handle);
        let mut oldest = handle.reader().start(Start::Oldest).open();
        let (mut got, mut missed) = rest(&mut lagging);
        let _ = rest(&mut oldest);
        write(ring, before, 3);
        let written = [before, before + 1, before + 2];
        let (more, missed_later) = rest(&mut lagging);
        got.extend(more);
        missed += missed_later;
        assert!(
            got.ends_with(&written),
            "cut to {len} after {before}: {got:?}"
        );
        assert!(missed + got.len() as u64 <= before + 3);
        assert!(rest(&mut oldest).0.ends_with(&written));
        assert!(found.len() as u64 <= before);
        assert!(in_snapshot(&handle).ends_with(&written));
    });
}

/// A record in parts goes over what is there and what is not.
#[test]
fn a_long_record_is_whole() {
    each(|ring, len, before| {
        let handle = ring.handle();
        let mut reader = handle.reader().start(Start::Newest).open();
        cut(&path(&handle), len);
        let long: Vec<u8> = (0..CAPACITY / 4 * 3)
            .map(|at| b'a' + u8::try_from(at / 7 % 26).unwrap())
            .collect();
        let mut out = ring;
        out.write_all(&long).unwrap();
        write(ring, before, 1);
        let mut got = Vec::new();
        while let Ok(batch) = reader.try_recv() {
            assert!(batch.missed().is_empty());
            got.extend_from_slice(batch.bytes());
        }
        let end = got.split_off(long.len());
        assert!(got == long, "cut to {len} after {before}");
        assert_eq!(number(&end), before);
    });
}

/// What one has written in new memory is not taken away by the other's.
#[test]
fn two_threads_that_meet_the_hole_at_once_replace_it_once() {
    let _watchdog = watchdog::minutes(5);
    for round in 0..200 {
        let dir = Dir::new(&format!("at-once-{round}"));
        let ring = ring(&dir);
        let handle = ring.handle();
        write(&ring, 0, 700);
        cut(&path(&handle), CUTS[round % CUTS.len()]);
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            for number in [700, 701] {
                let (ring, handle, barrier) = (&ring, &handle, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    if number == 700 {
                        handle.stats();
                    }
                    write(ring, number, 1);
                });
            }
        });
        assert_eq!(handle.stats().lost_memory, 1);
        let mut found = in_snapshot(&handle);
        let mut newest = found.split_off(found.len() - 2);
        newest.sort_unstable();
        assert_eq!(newest, [700, 701]);
    }
}

/// Of a disk that is full; here the signal is sent, with what the system would say. The file is as it was then, and whoever
/// reads it finds what belongs together.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_page_that_cannot_be_had_takes_the_file_along() {
    let _watchdog = watchdog::minutes(5);
    let dir = Dir::new("no-page");
    let ring = ring(&dir);
    let handle = ring.handle();
    let file = RingFile::open(path(&handle)).unwrap();
    write(&ring, 0, 700);
    let mut waiting = handle.reader().start(Start::Newest).open();
    let numbers = || -> Vec<u64> {
        let snapshot = file.snapshot().unwrap();
        let numbers = snapshot.records().map(|record| number(record.bytes()));
        numbers.collect()
    };
    let before = numbers();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let name = file.path().file_name().unwrap().to_str().unwrap();
    let line = maps.lines().find(|line| line.ends_with(name)).unwrap();
    let begin = u64::from_str_radix(line.split('-').next().unwrap(), 16).unwrap();
    send_bus_error(begin + DATA + 8 * 4096 + 5);
    write(&ring, 700, 100);
    assert_eq!(rest(&mut waiting), ((700..800).collect(), 0));
    assert!(in_snapshot(&handle).ends_with(&[798, 799]));
    assert_eq!(numbers(), before, "the file is as it was");
    assert_eq!(file.state().unwrap(), RingState::Detached);
    let (inside, outside) = (handle.stats(), file.stats().unwrap());
    assert_eq!((inside.lost_memory, outside.lost_memory), (1, 1));
    assert_eq!((inside.written, outside.written), (800, 700));
    let mut follower = file.reader().open();
    let told = loop {
        match follower.recv() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(
        told.to_string().contains("goes on in its own memory"),
        "{told}"
    );
    assert!(matches!(follower.recv(), Ok(_) | Err(FileRecvError::Ended)));
    // The same when it is over.
    let mut late = file.reader().open();
    drop(waiting);
    drop(handle);
    drop(ring);
    assert!(matches!(file.state().unwrap(), RingState::Unknown(_)));
    let mut told = 0;
    loop {
        match late.recv() {
            Ok(_) => {}
            Err(FileRecvError::Ended) => break,
            Err(_) => told += 1,
        }
    }
    assert_eq!(told, 1);
}

/// What the kernel does for a page that is not to be had.
#[cfg(target_pointer_width = "64")]
#[expect(unsafe_code, reason = "the standard library sends no signals")]
fn send_bus_error(address: u64) {
    const NO_SUCH_ADDRESS: u64 = 2;
    let signal = libc::SIGBUS;
    // Number and error; code; address.
    let mut info = [0_u64; 16];
    info[..3].copy_from_slice(&[7, NO_SUCH_ADDRESS, address]);
    // SAFETY: it touches no memory.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    let (call, process) = (libc::SYS_rt_tgsigqueueinfo, std::process::id());
    // SAFETY: numbers, and as much as a signal's information is, which lives during the call.
    let sent = unsafe { libc::syscall(call, process, thread, signal, info.as_mut_ptr()) };
    assert_eq!(sent, 0);
}

#[test]
fn those_who_look_at_the_file_are_told() {
    let _watchdog = watchdog::minutes(5);
    for len in CUTS {
        let dir = Dir::new(&format!("told-{len}"));
        let ring = ring(&dir);
        let file = RingFile::open(path(&ring.handle())).unwrap();
        write(&ring, 0, 300);
        assert_eq!(file.state().unwrap(), RingState::Running);
        cut(file.path(), len);
        write(&ring, 300, 300);
        assert_eq!(file.state().unwrap(), RingState::Detached, "{len}");
        let told = file.state().unwrap().to_string();
        assert!(told.starts_with("running, but part of its file is gone"));
        assert!(file.info().is_cut);
        if len >= DATA {
            assert_eq!(file.stats().unwrap().lost_memory, 1);
        } else {
            // It does not say that nothing was written.
            let told = file.stats().unwrap_err().to_string();
            assert!(told.contains("somebody has cut the file"), "{told}");
        }
        let stats = ring.handle().stats();
        assert_eq!((stats.lost_memory, stats.written), (1, 600));
        drop(ring);
        // Nothing of that has come to the file.
        let state = file.state().unwrap();
        let RingState::Unknown(why) = &state else {
            panic!("cut to {len}: {state}");
        };
        assert!(why.contains("part of its file was gone") || why.contains("its file was cut"));
    }
}

/// Then its length says nothing, and nobody can say how the program has ended.
#[test]
fn who_follows_a_file_that_was_cut_and_made_as_long_again_comes_to_an_end() {
    let _watchdog = watchdog::minutes(5);
    for len in [0, 1, 4096] {
        for is_met in [true, false] {
            let dir = Dir::new(&format!("grown-{len}-{is_met}"));
            let ring = ring(&dir);
            let file = RingFile::open(path(&ring.handle())).unwrap();
            let mut reader = file.reader().open();
            write(&ring, 0, 300);
            let before = std::fs::metadata(file.path()).unwrap().len();
            cut(file.path(), len);
            if is_met {
                write(&ring, 300, 300);
            }
            cut(file.path(), before);
            assert_eq!(file.state().unwrap(), RingState::Detached, "{len}");
            if is_met {
                drop(ring);
                assert!(matches!(file.state().unwrap(), RingState::Unknown(_)));
            }
            let wait = Duration::from_secs(20);
            let told = loop {
                match reader.recv_timeout(wait) {
                    Ok(_) => {}
                    Err(error) => break error.to_string(),
                }
            };
            assert!(told.contains("somebody has cut the file"), "{len}: {told}");
            let end = reader.recv_timeout(wait).err();
            assert!(matches!(end, Some(FileRecvError::Ended)), "{len}: {end:?}");
        }
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let path = PathBuf::from(env::var_os("CIRCULAR_TEST_RING").unwrap());
    if role == "is limited" {
        return go_on_with_a_limit();
    }
    assert_eq!(role, "follows");
    let mut reader = RingFile::open(path).unwrap().reader().open();
    let mut stderr = io::stderr();
    writeln!(stderr, "follows").unwrap();
    loop {
        match reader.recv() {
            Ok(batch) => {
                for record in batch.records() {
                    number(record.bytes());
                }
            }
            Err(FileRecvError::Ended) => break,
            Err(error) => writeln!(stderr, "{error}").unwrap(),
        }
    }
    writeln!(stderr, "has ended").unwrap();
}

/// A write above the limit is a signal that ends the program: that of the handler, which says in the file what has happened.
#[test]
fn a_limit_on_the_length_of_files_does_not_end_the_program() {
    let _watchdog = watchdog::minutes(2);
    let mut command = child::command("is limited");
    let output = command.env("CIRCULAR_TEST_RING", "").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[expect(unsafe_code, reason = "the standard library has no limits")]
fn go_on_with_a_limit() {
    let dir = Dir::new("limited");
    let ring = ring(&dir);
    write(&ring, 0, 300);
    cut(&path(&ring.handle()), DATA);
    let limit = libc::rlimit {
        rlim_cur: 4096,
        rlim_max: 4096,
    };
    // SAFETY: a valid limit.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
    write(&ring, 300, 300);
    assert_eq!(ring.handle().stats().lost_memory, 1);
}

/// Four threads write, one reads in a way that loses nothing, one as it comes, and three processes follow.
#[test]
fn a_file_is_cut_while_all_are_at_work() {
    let _watchdog = watchdog::minutes(10);
    for round in 0..2 {
        for len in CUTS {
            cut_at_work(len, round);
        }
    }
}

fn cut_at_work(len: u64, round: u32) {
    const AFTER: u64 = 3000;
    let dir = Dir::new(&format!("work-{len}-{round}"));
    let ring = ring(&dir);
    let handle = ring.handle();
    let path = path(&handle);
    let followers: Vec<_> = (0..3)
        .map(|_| {
            let mut command = child::command("follows");
            command.env("CIRCULAR_TEST_RING", &path);
            let mut follower = command.stdin(Stdio::null()).spawn().unwrap();
            let mut said = BufReader::new(follower.stderr.take().unwrap());
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            assert_eq!(line, "follows\n");
            (follower, said)
        })
        .collect();
    let (next, is_cut) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut lossless = handle.reader().policy(Policy::Block).open();
    let mut skipping = handle.reader().open();
    thread::scope(|scope| {
        let read = |reader: &mut Reader| {
            let mut got = Vec::new();
            while let Ok(batch) = reader.recv() {
                got.extend(batch.records().map(|record| number(record.bytes())));
            }
            got
        };
        let lossless = scope.spawn(move || read(&mut lossless));
        let skipping = scope.spawn(move || read(&mut skipping));
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut after = Vec::new();
                    while (after.len() as u64) < AFTER {
                        // What is begun from now on must be read.
                        let is_after = is_cut.load(SeqCst);
                        let number = next.fetch_add(1, SeqCst);
                        (&ring).write_all(&record(number)).unwrap();
                        if is_after {
                            after.push(number);
                        }
                    }
                    after
                })
            })
            .collect();
        while next.load(SeqCst) < 2000 + u64::from(round) * 37 {
            thread::yield_now();
        }
        cut(&path, len);
        is_cut.store(true, SeqCst);
        let after = writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap());
        let after: BTreeSet<u64> = after.collect();
        handle.close();
        let got: BTreeSet<u64> = lossless.join().unwrap().into_iter().collect();
        let lost: Vec<_> = after.difference(&got).collect();
        assert!(lost.is_empty(), "cut to {len}: {lost:?} of {}", after.len());
        assert!(!skipping.join().unwrap().is_empty());
        assert_eq!(handle.stats().lost_memory, 1);
        let found: BTreeSet<u64> = in_snapshot(&handle).into_iter().collect();
        assert!(found.len() > 100 && found.is_subset(&after), "cut to {len}");
    });
    for (mut follower, mut said) in followers {
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(follower.wait().unwrap().success(), "{rest}");
        assert!(rest.ends_with("has ended\n"), "{rest}");
        assert!(rest.contains("somebody has cut the file"), "{rest}");
    }
    let file = RingFile::open(&path);
    assert_eq!(file.is_err(), len < 4096);
    drop(ring);
}
