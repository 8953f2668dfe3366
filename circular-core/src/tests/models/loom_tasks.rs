//! Tasks that wait, and the waker thread that wakes them: invariant 5 for asynchronous readers.

use super::{model, name, reader_of, ring, write, write_info, writer};
use crate::api::async_reader::AsyncReader;
use crate::read::core::Outcome;
use crate::read::idle::Idle;
use crate::record::level::Level;
use crate::ring::policy::{Policy, Start};
use crate::select::Select;
use crate::sink::notice::Notice;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Wakes the thread that polls.
#[derive(Default)]
struct Flag {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    fn wait(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

fn task(shared: &Arc<crate::ring::shared::Shared>) -> AsyncReader {
    let core = reader_of(shared, Start::Oldest, Policy::Skip, Select::default());
    AsyncReader::start(core, Notice::None).unwrap()
}

/// Polls until so many records were delivered or missed.
fn receive(task: &mut AsyncReader, total: u64) -> Vec<u8> {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let (mut names, mut missed) = (Vec::new(), 0);
    while names.len() as u64 + missed < total {
        match task.poll_recv(&mut context) {
            Poll::Ready(Ok(batch)) => {
                missed += batch.missed().records;
                names.extend(batch.records().map(name));
            }
            Poll::Ready(Err(closed)) => panic!("{closed}"),
            Poll::Pending => flag.wait(),
        }
    }
    names
}

#[test]
fn loom_a_task_that_waits_is_woken_by_a_record() {
    model(Some(3), ["all received"], |[all]| {
        let shared = ring(2);
        let mut task = task(&shared);
        let writer = writer(&shared, [1, 2]);
        all.occurred_if(receive(&mut task, 2).len() == 2);
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_task_that_waits_is_woken_by_close() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let mut task = task(&shared);
        let closer = Arc::clone(&shared);
        let closer = thread::spawn(move || closer.close());
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        while task.poll_recv(&mut context).is_pending() {
            flag.wait();
        }
        closer.join().unwrap();
    });
}

/// It does not follow writers for as long as they go on: it asks to be polled again, and lets others
/// have their turn.
#[test]
fn loom_a_task_that_filters_everything_out_comes_back() {
    model(
        Some(3),
        ["came back", "had everything"],
        |[came_back, all]| {
            let shared = ring(4);
            let (start, policy) = (Start::Oldest, Policy::Skip);
            let mut core = reader_of(&shared, start, policy, Select::at_least(Level::Warn));
            let writer = Arc::clone(&shared);
            let writer = thread::spawn(move || (0..3).for_each(|_| write_info(&writer)));
            let flag = Arc::new(Flag::default());
            let mut waker = Some(Waker::from(Arc::clone(&flag)));
            assert_eq!(core.recv(Idle::Wake(&mut waker)), Outcome::Drained);
            // There is no waker thread here: nobody else calls it.
            let woken = *flag.woken.lock().unwrap();
            came_back.occurred_if(woken);
            all.occurred_if(!woken);
            writer.join().unwrap();
        },
    );
}

/// Neither is left without the thread that wakes it, whoever starts it and whoever leaves.
#[test]
fn loom_a_task_that_leaves_takes_the_waker_thread_from_nobody() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let first = task(&shared);
        let leaver = thread::spawn(move || drop(first));
        let mut second = task(&shared);
        assert!(write(&shared, 1));
        assert_eq!(receive(&mut second, 1), [1]);
        leaver.join().unwrap();
    });
}

/// Loom fails if a thread is still asleep in the end, and the waker thread is one.
#[test]
fn loom_a_task_that_waits_and_is_dropped_lets_the_waker_thread_end() {
    model(Some(3), ["waited"], |[waited]| {
        let shared = ring(2);
        let mut task = task(&shared);
        let waker = Waker::from(Arc::new(Flag::default()));
        let mut context = Context::from_waker(&waker);
        waited.occurred_if(task.poll_recv(&mut context).is_pending());
        thread::yield_now();
        drop(task);
    });
}

#[test]
fn loom_two_first_tasks_at_once_share_a_waker_thread() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        assert!(write(&shared, 1));
        let other = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let mut task = task(&other);
            assert_eq!(receive(&mut task, 1), [1]);
        });
        let mut task = task(&shared);
        assert_eq!(receive(&mut task, 1), [1]);
        drop(task);
        other.join().unwrap();
    });
}
