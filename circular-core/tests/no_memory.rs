//! Looking at a ring where there is no memory for it: an error, or a loss that is told, and not the end of
//! the program.

#![expect(unsafe_code, reason = "an allocator is")]

use circular_core::{Handle, Meta, Notice, OutOfMemory, PanicDump, Policy, Ring, Start};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::panic;
use std::ptr;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const RING: usize = 1 << 20;
/// A record that needs more than a reader's buffer.
const LONG: usize = 100_000;

thread_local! {
    /// What this thread can have at once, in bytes.
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

struct Limited;

fn is_there(size: usize) -> bool {
    size <= MOST.get()
}

// SAFETY: it is the system's, or there is no memory.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_there(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !is_there(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_there(size) {
            return ptr::null_mut();
        }
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

/// Runs `work` where there is no more memory at once than so many bytes.
fn with_at_most<R>(bytes: usize, work: impl FnOnce() -> R) -> R {
    MOST.set(bytes);
    let done = work();
    MOST.set(usize::MAX);
    done
}

/// A ring with a long record between two short ones.
fn ring() -> Ring {
    let ring = Ring::new(RING).unwrap();
    write_around_a_long_one(&ring);
    ring
}

fn write_around_a_long_one(ring: &Ring) {
    ring.record(Meta::new(), b"before\n").unwrap();
    let mut long = vec![b'x'; LONG - 1];
    long.push(b'\n');
    ring.record(Meta::new(), &long).unwrap();
    ring.record(Meta::new(), b"after\n").unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_reader_of_a_file_goes_without_what_there_is_no_memory_for() {
    use circular_core::{FileRecvError, RingFile};

    let dir = format!("/dev/shm/circular-test-no-memory-{}", std::process::id());
    std::fs::create_dir(&dir).unwrap();
    let builder = Ring::builder().capacity(RING);
    let ring = builder.mapped_in(&dir, "shop").build().unwrap();
    write_around_a_long_one(&ring);
    let file = RingFile::open(ring.handle().path().unwrap()).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();

    let mut reader = file.reader().open();
    let (mut text, mut missed) = (Vec::new(), Vec::new());
    with_at_most(90_000, || {
        while let Ok(batch) = reader.try_recv() {
            text.extend_from_slice(batch.bytes());
            missed.push(batch.missed());
        }
    });
    assert!(text == b"before\nafter\n");
    missed.retain(|missed| !missed.is_empty());
    assert_eq!(missed.len(), 1);
    assert_eq!((missed[0].records, missed[0].bytes), (1, LONG as u64));
    assert_eq!(reader.damaged(), 0);

    let error = with_at_most(90_000, || file.snapshot().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    // Not even for the window through which a file is looked at.
    let mut reader = file.reader().open();
    let error = with_at_most(10_000, || reader.try_recv().map(|_| ()).unwrap_err());
    assert!(matches!(error, FileRecvError::Io(error) if error.kind() == ErrorKind::OutOfMemory));
    // It tries again.
    assert!(reader.try_recv().unwrap().bytes() == b"before\n");
}

#[test]
fn a_snapshot_is_an_error_or_of_what_there_is_memory_for() {
    let ring = Ring::new(RING).unwrap();
    let handle = ring.handle();
    for number in 0..20_000 {
        writeln!(&ring, "line {number:05}").unwrap();
    }
    let all = handle.try_snapshot().unwrap();
    assert_eq!(all.bytes(), handle.snapshot().bytes());
    let error = with_at_most(100_000, || handle.try_snapshot().map(|_| ()).unwrap_err());
    let OutOfMemory { bytes, .. } = error;
    assert!(bytes > 100_000 && error.to_string().contains(&bytes.to_string()));
    assert_eq!(io::Error::from(error).kind(), ErrorKind::OutOfMemory);
    // The newest, and whole.
    let part = with_at_most(100_000, || handle.snapshot());
    assert!(!part.is_empty() && all.bytes().ends_with(part.bytes()));
    assert!(with_at_most(100, || handle.snapshot()).is_empty());
    // For what is known of each record there may be none though there is for their bytes.
    let bytes = all.bytes().len();
    let held = with_at_most(bytes * 2, || handle.snapshot());
    assert!(all.bytes().ends_with(held.bytes()));
}

#[test]
fn a_reader_is_an_error() {
    let ring = ring();
    let reader = || ring.handle().reader();
    with_at_most(1000, || {
        assert!(reader().try_open().is_err());
        let kinds = [
            reader()
                .open_async()
                .map(|_| ())
                .map_err(|error| error.kind()),
            reader()
                .write_to(io::sink())
                .map(|_| ())
                .map_err(|error| error.kind()),
            reader()
                .spawn(io::sink())
                .map(|_| ())
                .map_err(|error| error.kind()),
        ];
        assert_eq!(kinds, [Err(ErrorKind::OutOfMemory); 3]);
    });
    assert_eq!(ring.handle().stats().readers.len(), 0, "none has joined");
}

/// However large it is: who reads goes on behind it, and is told.
#[test]
fn a_long_record_is_missed_and_told() {
    let ring = ring();
    let handle = ring.handle();
    for policy in [Policy::Skip, Policy::Block] {
        let mut reader = handle.reader().policy(policy).open();
        with_at_most(LONG / 2, || {
            assert_eq!(reader.recv().unwrap().bytes(), b"before\n");
            let mut missed = reader.recv().unwrap();
            if missed.is_empty() {
                assert_eq!(
                    (missed.missed().records, missed.missed().bytes),
                    (1, LONG as u64)
                );
                missed = reader.recv().unwrap();
            }
            assert_eq!(missed.bytes(), b"after\n");
        });
        assert_eq!(reader.missed().records, 1);
    }
    // And where there is memory again, it comes.
    let mut reader = handle.reader().start(Start::Last(2)).open();
    assert_eq!(reader.recv().unwrap().bytes().len(), LONG);
}

#[test]
fn a_sink_is_told_why() {
    let ring = ring();
    let handle = ring.handle();
    handle.close();
    let told = |notice| {
        let mut text = Vec::new();
        let reader = handle.reader().notice(notice);
        with_at_most(LONG / 2, || reader.write_to(&mut text)).unwrap();
        String::from_utf8(text).unwrap()
    };
    assert_eq!(
        told(Notice::Text),
        format!(
            "before\n--- missed 1 records ({LONG} bytes): no memory for a record of {LONG} bytes ---\n\
             after\n"
        )
    );
    assert_eq!(
        told(Notice::Json),
        format!(
            "before\n{{\"missed\":{{\"records\":1,\"bytes\":{LONG},\"no_memory_for\":{LONG}}}}}\n\
             after\n"
        )
    );
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {}));
    let ring = ring();
    let handle: Handle = ring.handle();
    let dump = PanicDump::builder(&handle).program(PROGRAM);
    assert_eq!(role, "panics");
    dump.dir(dumps::dir()).install();
    MOST.set(LONG / 2);
    panic!("as asked");
}

#[test]
fn a_dump_says_what_it_lacks_and_why() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("panics");
    let text = dumps.texts().remove(0);
    let lacks = format!(
        "before\n--- missed 1 records ({LONG} bytes): no memory for a record of {LONG} bytes ---\nafter\n"
    );
    assert!(text.starts_with(&lacks), "{text}");
    assert!(text.ends_with("\nas asked\n"), "{text}");
    let told = format!(", missed 1 records ({LONG} bytes) for want of memory, to ");
    assert!(ended.reports()[0].contains(&told), "{}", ended.stderr);
}

/// A trigger's buffer is made when it is started.
#[test]
fn a_trigger_is_an_error() {
    let ring = ring();
    let builder = circular_core::DumpTrigger::builder(&ring.handle()).sink(io::sink());
    let error = with_at_most(1000, || builder.start().map(|_| ()).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    ring.handle().close();
    assert!(ring.handle().join_timeout(Duration::from_secs(60)));
}
