//! What all threads of a round share.
//!
//! A round is one ring, from its making to its close. Writers, readers and sinks meet here, and this
//! knows none of them: who comes is the crew's affair, and when it ends the scenario's.

use crate::ledger::Ledger;
use circular_core::{Cursor, Handle};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) struct Round {
    pub(crate) handle: Handle,
    pub(crate) ledger: Ledger,
    cursors: Mutex<Vec<Cursor>>,
    /// Writers end.
    pub(crate) stop: AtomicBool,
    /// Changes whenever something moves.
    pub(crate) moves: Arc<AtomicU64>,
}

impl Round {
    /// Nobody has written to the ring yet.
    pub(crate) fn new(handle: Handle, moves: &Arc<AtomicU64>) -> Self {
        Self {
            handle,
            ledger: Ledger::default(),
            cursors: Mutex::default(),
            stop: AtomicBool::new(false),
            moves: Arc::clone(moves),
        }
    }

    /// Where readers left off, for others to go on from.
    pub(crate) fn cursors(&self) -> MutexGuard<'_, Vec<Cursor>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
