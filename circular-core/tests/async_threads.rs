//! Tasks that read hold no thread each: a ring has one for all of them, for as long as there is one.
//!
//! In a binary of its own, where no other test's threads come and go.

#![cfg(target_os = "linux")]

use circular_core::Ring;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::task::{Context, Wake, Waker};
use std::thread;

#[path = "common/watchdog.rs"]
mod watchdog;

const READERS: usize = 1000;

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

fn wait_for_threads(count: usize) {
    while threads() != count {
        thread::yield_now();
    }
}

struct Tell(SyncSender<()>);

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        self.0.send(()).unwrap();
    }
}

#[test]
fn a_thousand_readers_share_one_thread() {
    let _watchdog = watchdog::minutes(5);
    let before = threads();
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    assert_eq!(threads(), before, "a ring without readers has none");
    let (tell, told) = mpsc::sync_channel(READERS);
    let waker = Waker::from(Arc::new(Tell(tell)));
    let mut context = Context::from_waker(&waker);
    for _ in 0..3 {
        let mut readers: Vec<_> = (0..READERS)
            .map(|_| handle.reader().open_async().unwrap())
            .collect();
        for round in 0..3 {
            for reader in &mut readers {
                while reader.poll_recv(&mut context).is_ready() {}
            }
            assert_eq!(threads(), before + 1, "in round {round}");
            ring.write_all(b"for all of them").unwrap();
            for _ in 0..READERS {
                told.recv().unwrap();
            }
        }
        // It goes with the last one, asleep or not.
        let last = readers.pop();
        drop(readers);
        assert_eq!(threads(), before + 1);
        drop(last);
        wait_for_threads(before);
    }
    // Or with the ring, if nobody waits.
    let reader = handle.reader().open_async().unwrap();
    drop((ring, reader));
    wait_for_threads(before);
}
