//! Fields that are being written, in memory of the thread's.
//!
//! Invariant: whatever a value does meanwhile, log, panic, end the thread, the draft is either out on loan or back.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// Memory for fields that is larger than this, in bytes, is not kept for another span.
pub(super) const LARGEST_SPARE: usize = 2048;

/// What a draft that grew beyond it is dropped at.
const LARGEST: usize = 2 * LARGEST_SPARE;

/// Fields that are being written.
#[allow(
    unreachable_pub,
    reason = "a public trait's type is bound by it, which Rust 1.85 does not see"
)]
pub trait Draft: Default + 'static {
    /// Where the thread keeps one.
    fn place() -> &'static LocalKey<Cell<Self>>;

    /// Bytes of memory that are kept for it.
    fn size(&self) -> usize;

    /// Forgets the fields and keeps the memory.
    fn clear(&mut self);
}

/// The thread's draft, or a new one if that is out, or the thread's variables are gone. Goes back when it is dropped,
/// which frees what is there by then.
pub(super) struct Loan<D: Draft>(D);

impl<D: Draft> Loan<D> {
    pub(super) fn new() -> Self {
        Self(D::place().try_with(Cell::take).unwrap_or_default())
    }
}

impl<D: Draft> Drop for Loan<D> {
    fn drop(&mut self) {
        if self.0.size() <= LARGEST {
            let mut draft = std::mem::take(&mut self.0);
            draft.clear();
            let _ = D::place().try_with(|place| place.set(draft));
        }
    }
}

impl<D: Draft> Deref for Loan<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.0
    }
}

impl<D: Draft> DerefMut for Loan<D> {
    fn deref_mut(&mut self) -> &mut D {
        &mut self.0
    }
}
