//! Memory for the words of a ring, from the program's allocator.

use crate::error::BuildError;
use crate::format::word::WORD;
use crate::sys::sync::{self, AtomicU64};
use std::alloc::{self, Layout};
use std::ptr::NonNull;

/// Zeroed memory for `bytes` bytes, a multiple of [`WORD`], until [`free`]. The system hands the pages out when
/// they are first written.
#[expect(
    unsafe_code,
    reason = "the only way to have pages that the system zeroes on demand"
)]
pub(crate) fn zeroed(bytes: usize) -> Result<NonNull<[AtomicU64]>, BuildError> {
    let count = bytes / WORD;
    let Ok(layout) = Layout::array::<AtomicU64>(count) else {
        return Err(BuildError::TooLarge { capacity: bytes });
    };
    if count == 0 {
        return Err(BuildError::ZeroCapacity);
    }
    if sync::IS_MODEL {
        // loom's atomics are larger than a word, so they cannot be made of zeroed memory.
        let words: Box<[AtomicU64]> = (0..count).map(|_| AtomicU64::new(0)).collect();
        return Ok(NonNull::from(Box::leak(words)));
    }
    // SAFETY: the layout has a size above zero.
    let memory = unsafe { alloc::alloc_zeroed(layout) };
    let Some(memory) = NonNull::new(memory.cast::<AtomicU64>()) else {
        return Err(BuildError::OutOfMemory { capacity: bytes });
    };
    // All zeroes are valid atomics.
    Ok(NonNull::slice_from_raw_parts(memory, count))
}

/// Gives back what [`zeroed`] gave.
#[expect(unsafe_code, reason = "the memory is known by its address")]
pub(crate) fn free(words: NonNull<[AtomicU64]>) {
    // SAFETY: `words` is a whole allocation of the global allocator with the layout of a boxed slice of so many
    // words, and who had it, and had it alone, gives it up.
    drop(unsafe { Box::from_raw(words.as_ptr()) });
}
