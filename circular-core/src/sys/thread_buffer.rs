//! A buffer of the thread's, for text that must be whole before it goes into the ring.
//!
//! Invariant: formatting runs the caller's code, so it is never done under the lock, and whatever
//! that code does, log, panic, end the thread, the buffer is either out on loan or back.

use std::cell::Cell;

/// What a buffer that grew beyond it shrinks back to.
const USUAL: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
    /// Whether this thread has ever had its buffer. Without a destructor, so it can be asked until the
    /// thread is gone.
    static HAD: Cell<bool> = const { Cell::new(false) };
}

/// Hands `work` an empty buffer, the thread's if it is free.
///
/// A record that is made while another is being formatted, and one that is made when the thread's
/// own variables are gone, get a new one.
pub(crate) fn with<R>(work: impl FnOnce(&mut String) -> R) -> R {
    let _ = HAD.try_with(|had| had.set(true));
    let mut loan = Loan(BUFFER.try_with(Cell::take).unwrap_or_default());
    loan.0.clear();
    work(&mut loan.0)
}

/// Whether this thread has its own variables, or is past their end. `None` where it never had this
/// buffer: to ask for it would make one, where it may be too late for that.
pub(crate) fn has_thread_variables() -> Option<bool> {
    let had = HAD.try_with(Cell::get).unwrap_or(false);
    had.then(|| BUFFER.try_with(|_| ()).is_ok())
}

/// Goes back to the thread when it is dropped, by a panic too.
struct Loan(String);

impl Drop for Loan {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if buffer.capacity() > USUAL {
            buffer.clear();
            buffer.shrink_to(USUAL);
        }
        // A thread that is past its variables' end drops it instead. What a loan within this one has
        // put back goes.
        let _ = BUFFER.try_with(|place| place.set(buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_within_a_loan_is_another_buffer() {
        with(|outer| {
            outer.push_str("outer");
            with(|inner| {
                assert!(inner.is_empty());
                inner.push_str("inner");
            });
            assert_eq!(outer, "outer");
        });
        with(|again| assert!(again.is_empty()));
    }

    #[test]
    fn a_panic_gives_the_buffer_back() {
        with(|buffer| buffer.reserve(1000));
        let _ = std::panic::catch_unwind(|| with(|_| std::panic::resume_unwind(Box::new(()))));
        with(|buffer| assert!(buffer.capacity() >= 1000));
    }
}
