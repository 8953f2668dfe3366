//! Memory for the words of a ring, from the program's allocator.

use crate::error::BuildError;
use crate::format::word::WORD;
use crate::sys::sync::{self, AtomicU64};
use std::alloc::{self, Layout};
use std::ptr;

/// Zeroed memory for `bytes` bytes, a multiple of [`WORD`]. The system hands the pages out when
/// they are first written.
#[expect(
    unsafe_code,
    reason = "the only way to have pages that the system zeroes on demand"
)]
pub(crate) fn zeroed(bytes: usize) -> Result<Box<[AtomicU64]>, BuildError> {
    let count = bytes / WORD;
    let Ok(layout) = Layout::array::<AtomicU64>(count) else {
        return Err(BuildError::TooLarge { capacity: bytes });
    };
    if count == 0 {
        return Err(BuildError::ZeroCapacity);
    }
    if sync::IS_MODEL {
        // loom's atomics are larger than a word, so they cannot be made of zeroed memory.
        return Ok((0..count).map(|_| AtomicU64::new(0)).collect());
    }
    // SAFETY: the layout has a size above zero.
    let memory = unsafe { alloc::alloc_zeroed(layout) };
    if memory.is_null() {
        return Err(BuildError::OutOfMemory { capacity: bytes });
    }
    let words = ptr::slice_from_raw_parts_mut(memory.cast::<AtomicU64>(), count);
    // SAFETY: `words` is a whole allocation of the global allocator with the layout of a boxed
    // slice of `count` words, owned by nobody else, and all zeroes are valid atomics.
    Ok(unsafe { Box::from_raw(words) })
}
