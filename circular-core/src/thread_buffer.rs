//! A buffer of the thread's, for text that must be whole before it goes into the ring.
//!
//! Invariant: formatting runs the caller's code, so it is never done under the lock, and whatever
//! that code does, log, panic, end the thread, the buffer is either out on loan or back.

use std::cell::Cell;

/// What a buffer that grew beyond it shrinks back to.
const USUAL: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// Hands `work` an empty buffer, the thread's if it is free.
///
/// A record that is made while another is being formatted, and one that is made when the thread's
/// own variables are gone, get a new one.
pub(crate) fn with<R>(work: impl FnOnce(&mut String) -> R) -> R {
    let mut loan = Loan(BUFFER.try_with(Cell::take).unwrap_or_default());
    loan.0.clear();
    work(&mut loan.0)
}

/// Whether this thread is past the end of its variables.
pub(crate) fn is_gone() -> bool {
    BUFFER.try_with(|_| ()).is_err()
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
