//! A write allocates nothing: of any size, with and without readers, and when it must wait.
//!
//! The allocator of this binary counts what each thread asks for, so what readers and the harness
//! do meanwhile does not matter.

#![expect(unsafe_code, reason = "a global allocator is unsafe to implement")]

use circular_core::{DumpTrigger, Level, Meta, Policy, Redacted, Ring, SECRET_KEYS, redact_keys};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::io::{self, IoSlice, Write};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

#[path = "common/watchdog.rs"]
mod watchdog;

thread_local! {
    /// How often this thread has asked for memory. Without a destructor, so it can be counted up
    /// until the thread is gone.
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` asks for memory.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ASKED.get();
    work();
    ASKED.get() - before
}

/// Writes of every kind and of every size up to the ring's, and of a few beyond it.
fn write_all_sizes(mut ring: &Ring, bytes: &[u8]) {
    let capacity = ring.capacity();
    // Every size of a small ring; of a large one those around powers of two.
    let sizes = (1..=capacity)
        .filter(|size| capacity <= 4096 || size.is_power_of_two() || (size + 16).is_power_of_two());
    for size in sizes.chain([capacity * 3]) {
        ring.write_all(&bytes[..size]).unwrap();
        let meta = Meta::new().level(Level::Info).target("some::module");
        ring.record(meta, &bytes[..size]).unwrap();
        let (first, second) = bytes[..size].split_at(size / 3);
        let slices = [IoSlice::new(first), IoSlice::new(second)];
        assert_eq!(ring.write_vectored(&slices).unwrap(), size);
    }
}

#[test]
fn the_count_sees_an_allocation() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
}

#[test]
fn a_write_without_readers_allocates_nothing() {
    for capacity in [4096, 1 << 20] {
        let ring = Ring::new(capacity).unwrap();
        let bytes = vec![b'x'; capacity * 3];
        // The very first write of the thread too.
        assert_eq!(allocations(|| write_all_sizes(&ring, &bytes)), 0);
    }
}

#[test]
fn a_write_with_readers_that_never_hold_it_back_allocates_nothing() {
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let bytes = vec![b'x'; 3 * 4096];
    // More than a few, who are all woken at once.
    let sinks: Vec<_> = (0..16)
        .map(|_| handle.reader().spawn(io::sink()).unwrap())
        .collect();
    let _unread = handle.reader().open();
    let mut task = handle.reader().open_async().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(task.poll_recv(&mut context).is_pending());
    for _ in 0..10 {
        assert_eq!(allocations(|| write_all_sizes(&ring, &bytes)), 0);
    }
    handle.close();
    for sink in sinks {
        sink.join().unwrap().unwrap();
    }
}

/// A lossless reader that takes only what fills the ring, so that the writer has to wait for it
/// again and again.
#[test]
fn a_write_that_waits_for_room_allocates_nothing() {
    const LEN: usize = 100;
    // 16 bytes of header, and 104 of whole words.
    const FIT: u64 = 4096 / 120;
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::Block).open();
    let writer = {
        let handle = handle.clone();
        thread::spawn(move || {
            let waits = || handle.stats().waits.count;
            let mut asked = 0;
            while waits() < 100 {
                asked += allocations(|| (&ring).write_all(&[b'x'; LEN]).unwrap());
            }
            asked
        })
    };
    let mut received = 0;
    while !handle.is_closed() {
        if handle.stats().written - received < FIT && !handle.is_closed() {
            thread::yield_now();
            continue;
        }
        // Only the first few: the ring is full again at once.
        received += reader.try_recv().map_or(0, |batch| batch.len() as u64);
    }
    assert_eq!(writer.join().unwrap(), 0);
}

#[test]
fn a_formatted_record_allocates_nothing_once_the_thread_has_made_one() {
    let ring = Ring::new(1 << 20).unwrap();
    let long = "x".repeat(20_000);
    let meta = Meta::new().level(Level::Info).target("some::module");
    let format_some = || {
        let took = Duration::from_millis(1234);
        ring.record_fmt(meta, format_args!("request {} took {took:?}: {long}\n", 17))
            .unwrap();
        writeln!(&ring, "{:>10} {:?}", 1.5, Some("text")).unwrap();
        writeln!(&ring, "no arguments").unwrap();
    };
    format_some();
    assert_eq!(allocations(|| (0..1000).for_each(|_| format_some())), 0);
}

#[test]
fn a_refused_write_allocates_nothing() {
    let ring = Ring::new(4096).unwrap();
    ring.handle().close();
    assert_eq!(
        allocations(|| (0..1000).for_each(|_| assert!((&ring).write(b"late").is_err()))),
        0
    );
    assert_eq!(ring.handle().stats().refused, 1000);
}

#[test]
fn a_write_in_a_panic_allocates_nothing() {
    struct Writes<'a>(&'a Ring, &'a Cell<u64>);
    impl Drop for Writes<'_> {
        fn drop(&mut self) {
            self.1.set(allocations(|| {
                self.0.record(Meta::new(), b"unwinding").unwrap()
            }));
        }
    }
    let ring = Ring::new(4096).unwrap();
    let asked = Cell::new(u64::MAX);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _writes = Writes(&ring, &asked);
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(asked.get(), 0);
}

/// Whether it wakes the thread that dumps, finds it awake, or is below the level.
#[test]
fn a_trigger_that_is_told_allocates_nothing() {
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let builder = DumpTrigger::builder(&ring.handle()).sink(io::sink());
    let trigger = builder.interval(Duration::ZERO).start().unwrap();
    let log = |level| {
        ring.record(Meta::new().level(level), b"a line\n").unwrap();
        trigger.observe(level);
    };
    // The very first time of a thread too.
    let asked = thread::scope(|scope| {
        let first = scope.spawn(|| allocations(|| log(Level::Error)));
        first.join().unwrap()
    });
    assert_eq!(asked, 0);
    while trigger.stats().dumps < 100 {
        assert_eq!(allocations(|| Level::ALL.into_iter().for_each(log)), 0);
    }
}

/// A signal is noted and taken back, a file is cut and its memory replaced: handlers on this thread, in the midst of what it does.
#[test]
#[cfg(target_os = "linux")]
fn a_handler_allocates_nothing() {
    extern "C" fn takes(_: libc::c_int) {}

    let dir = std::env::temp_dir().join(format!("circular-no-allocation-{}", std::process::id()));
    std::fs::create_dir(&dir).unwrap();
    // SAFETY: a function that does nothing.
    unsafe { libc::signal(libc::SIGFPE, takes as *const () as usize) };
    let builder = Ring::builder().capacity(64 << 10).crash_note(true);
    let ring = builder.mapped_in(&dir, "shop").build().unwrap();
    let handle = ring.handle();
    let path = handle.path().unwrap();
    ring.record(Meta::new(), b"before\n").unwrap();
    // SAFETY: numbers only, and there is a handler.
    let asked = allocations(|| assert_eq!(unsafe { libc::raise(libc::SIGFPE) }, 0));
    assert_eq!(asked, 0);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(4096).unwrap();
    let asked = allocations(|| {
        for _ in 0..1000 {
            ring.record(Meta::new(), &[b'x'; 100]).unwrap();
        }
    });
    assert_eq!(asked, 0);
    assert_eq!(handle.stats().lost_memory, 1);
    drop(ring);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// A handler that comes back: the note is written, and taken back.
#[cfg(target_os = "linux")]
#[test]
fn a_noted_signal_and_the_writes_beside_it_allocate_nothing() {
    extern "C" fn mend(_: libc::c_int) {}
    let dir = std::env::temp_dir().join(format!("circular-no-allocation-{}", std::process::id()));
    std::fs::create_dir(&dir).unwrap();
    // SAFETY: a function that is there as long as the program, and does nothing.
    unsafe { libc::signal(libc::SIGFPE, mend as *const () as usize) };
    let builder = Ring::builder().capacity(1 << 20).crash_note(true);
    let ring = builder.mapped_in(&dir, "shop").build().unwrap();
    let bytes = vec![b'x'; 3 << 20];
    let asked = allocations(|| {
        for _ in 0..10 {
            // SAFETY: it takes a number only.
            unsafe { libc::raise(libc::SIGFPE) };
        }
        write_all_sizes(&ring, &bytes);
    });
    assert_eq!(asked, 0);
    std::fs::remove_dir_all(dir).unwrap();
}

/// It is asked of every record that leaves, and nearly all have nothing to hide.
#[test]
fn a_look_for_secrets_that_finds_none_asks_for_no_memory() {
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(1 << 16).unwrap();
    for line in [
        "read 12 bytes from https://example.com:8080/a@2x.png\n",
        "token bucket refilled, the password is wrong\n",
        "{\"type\":\"token\",\"list\":[{\"a\":[1,(2)]}],\"msg\":\"no \\\"token\\\" here\"}\n",
        "Bearer tokens, and basic authentication; -----BEGIN CERTIFICATE-----\n",
        "api%5Fkey pass%77ord a%3A%2F%2F\n",
    ] {
        ring.record(Meta::new().target("shop::token"), line.as_bytes())
            .unwrap();
    }
    let hide = redact_keys(SECRET_KEYS);
    let held = ring.handle().snapshot();
    let asked = allocations(|| {
        for record in held.records() {
            assert_eq!(hide(&record), Redacted::Keep);
        }
    });
    assert_eq!(asked, 0);
}
