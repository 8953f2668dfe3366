//! What ends a program: a store to where nothing is, and a stack that overflows.

use std::hint::black_box;
use std::ptr;

#[inline(never)]
pub(crate) fn null() {
    // SAFETY: it is not; that is what it is for. 16, so that the compiler does not see it.
    unsafe { ptr::write_volatile(black_box(16_usize) as *mut u32, 1) };
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn overflow(depth: u64) -> [u64; 64] {
    let mut frame = [depth; 64];
    let below = overflow(black_box(depth + 1));
    frame[black_box(7)] += below[black_box(9)];
    frame
}

pub(crate) fn over() {
    black_box(overflow(1));
}
