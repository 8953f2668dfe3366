//! A line that is far longer than any other leaves no memory behind.
//!
//! The allocator of this binary counts what each thread has.

#![expect(unsafe_code, reason = "a global allocator is unsafe to implement")]

use circular_core::Ring;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;

thread_local! {
    /// Bytes that this thread has asked for and not given back.
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

fn count(more: usize, less: usize) {
    // What another thread asked for, and this one gives back, is nothing here.
    let held = (HELD.get() + more).saturating_sub(less);
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: what the caller promises is passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: what the caller promises is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a thread may keep for the next line.
const KEPT: usize = 64 * 1024;
const LONG: usize = 4 << 20;

#[test]
fn a_thread_gives_back_what_one_long_line_took() {
    let mut ring = Ring::new(8 << 20).unwrap();
    let long = "x".repeat(LONG);
    let held = HELD.get();
    MOST.set(held);
    writeln!(ring, "{long}").unwrap();
    assert!(MOST.get() - held > LONG, "it is formatted in memory first");
    assert!(HELD.get() - held <= KEPT, "{} bytes", HELD.get() - held);
    // And the next line is whole.
    let short = "short";
    writeln!(ring, "{short}").unwrap();
    let snapshot = ring.handle().snapshot();
    assert_eq!(snapshot.bytes(), format!("{long}\nshort\n").as_bytes());
}
