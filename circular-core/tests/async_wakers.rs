//! Wakers of tasks that read: who is woken, and what a waker may do.

use circular_core::{Closed, Handle, Policy, Ring};
use std::io::Write;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

#[path = "common/wakers.rs"]
mod wakers;
#[path = "common/watchdog.rs"]
mod watchdog;

use wakers::{counting, pending};

/// A waker that counts how often it is cloned.
#[expect(unsafe_code, reason = "a clone is seen in a table of functions only")]
mod cloned {
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering::SeqCst;
    use std::sync::{Arc, Condvar, Mutex};
    use std::task::{RawWaker, RawWakerVTable, Waker};

    #[derive(Default)]
    pub(super) struct Task {
        clones: AtomicU64,
        woken: Mutex<bool>,
        changed: Condvar,
    }

    impl Task {
        pub(super) fn clones(&self) -> u64 {
            self.clones.load(SeqCst)
        }

        pub(super) fn await_wake(&self) {
            let woken = self.woken.lock().unwrap();
            drop(self.changed.wait_while(woken, |woken| !*woken).unwrap());
        }

        fn wake(&self) {
            *self.woken.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    pub(super) fn counting() -> (Arc<Task>, Waker) {
        let task = Arc::new(Task::default());
        let raw = RawWaker::new(Arc::into_raw(Arc::clone(&task)).cast(), &TABLE);
        // SAFETY: the table's functions take an `Arc` of a task that was made a pointer.
        (task, unsafe { Waker::from_raw(raw) })
    }

    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, forget);

    unsafe fn clone(data: *const ()) -> RawWaker {
        let task: *const Task = data.cast();
        // SAFETY: it came from an `Arc`, of which this waker has one.
        unsafe { Arc::increment_strong_count(task) };
        // SAFETY: as above.
        let task = unsafe { &*task };
        task.clones.fetch_add(1, SeqCst);
        RawWaker::new(data, &TABLE)
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: it came from an `Arc`, and this waker's share of it ends here.
        let task: Arc<Task> = unsafe { Arc::from_raw(data.cast()) };
        task.wake();
    }

    unsafe fn wake_by_ref(data: *const ()) {
        let task: *const Task = data.cast();
        // SAFETY: it came from an `Arc`, of which this waker has one.
        unsafe { &*task }.wake();
    }

    unsafe fn forget(data: *const ()) {
        let task: *const Task = data.cast();
        // SAFETY: it came from an `Arc`, and this waker's share of it ends here.
        unsafe { Arc::decrement_strong_count(task) };
    }
}

#[test]
fn another_tasks_waker_that_panics_keeps_nobody_asleep() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("in a waker"));
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let panics = Waker::from(Arc::new(Panics));
    let before = pending(&ring, &panics);
    let (woken, told) = counting();
    let waker = Waker::from(Arc::clone(&woken));
    let mut reader = pending(&ring, &waker);
    let after = pending(&ring, &panics);
    for round in 1..=3 {
        ring.write_all(b"x").unwrap();
        told.recv().unwrap();
        assert_eq!(woken.0.load(SeqCst), round);
        // Leaves its waker again; the others never come back.
        let mut context = Context::from_waker(&waker);
        assert!(reader.poll_recv(&mut context).is_ready());
        assert!(reader.poll_recv(&mut context).is_pending());
    }
    drop((before, after));
}

/// A waker is foreign code: it runs without any lock of the ring.
#[test]
fn a_waker_may_use_the_ring() {
    struct Uses(Ring, mpsc::SyncSender<()>);
    impl Uses {
        fn it(&self) {
            (&self.0).write_all(b"from a waker").unwrap();
            let handle = self.0.handle();
            assert!(handle.stats().written > 0);
            handle.flush();
            drop(handle.reader().open());
            let _ = self.1.try_send(());
        }
    }
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {
            self.it();
        }
    }
    impl Drop for Uses {
        fn drop(&mut self) {
            self.it();
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let (tell, told) = mpsc::sync_channel(1);
    let uses = || Waker::from(Arc::new(Uses(ring.clone(), tell.clone())));
    // Woken, replaced by another, and dropped with the reader.
    let woken = pending(&ring, &uses());
    (&ring).write_all(b"x").unwrap();
    told.recv().unwrap();
    drop(woken);
    let mut replaced = pending(&ring, &uses());
    while replaced
        .poll_recv(&mut Context::from_waker(&uses()))
        .is_ready()
    {}
    drop(replaced);
    told.recv().unwrap();
}

/// A task may be polled again and again for other reasons, as in a `select!`.
#[test]
fn a_task_with_nothing_to_do_does_not_clone_its_waker_at_every_poll() {
    let ring = Ring::new(4096).unwrap();
    let (task, waker) = cloned::counting();
    let mut context = Context::from_waker(&waker);
    let mut reader = ring.handle().reader().open_async().unwrap();
    for _ in 0..100 {
        assert!(reader.poll_recv(&mut context).is_pending());
    }
    let clones = task.clones();
    assert!(clones <= 2, "{clones} in 100 polls");
    // It is woken all the same, and so is the task that it moves to.
    (&ring).write_all(b"x").unwrap();
    task.await_wake();
    let (other, waker) = cloned::counting();
    let mut context = Context::from_waker(&waker);
    while reader.poll_recv(&mut context).is_ready() {}
    (&ring).write_all(b"y").unwrap();
    other.await_wake();
}

/// Waits for readers when it wakes, and tells what came of it.
struct Waits(Handle, mpsc::Sender<[bool; 2]>);
impl Wake for Waits {
    fn wake(self: Arc<Self>) {
        let Waits(handle, tell) = &*self;
        handle.flush();
        let long = Duration::from_secs(3600);
        let _ = tell.send([handle.flush_timeout(long), handle.join_timeout(long)]);
    }
}

/// Whose turn is over is woken by the poll itself, on its own thread, and that may be waited for by nobody then.
#[test]
fn nothing_waits_in_a_waker_that_is_called_by_a_poll() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 20).unwrap();
    let patience = Policy::BlockFor(Duration::from_secs(3600));
    let mut reader = ring
        .handle()
        .reader()
        .policy(patience)
        .open_async()
        .unwrap();
    let (tell, told) = mpsc::channel();
    let waker = Waker::from(Arc::new(Waits(ring.handle(), tell)));
    // It gives way some time, though there is more.
    while told.try_recv() != Ok([false, false]) {
        (&ring).write_all(b"x").unwrap();
        let _ = reader.poll_recv(&mut Context::from_waker(&waker));
    }
}

/// A task often owns its reader: if the reader kept the task as well, neither would ever go.
#[test]
fn a_reader_that_nobody_waits_for_keeps_no_task() {
    struct Task;
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    let task = Arc::new(Task);
    let waker = Waker::from(Arc::clone(&task));
    let mut context = Context::from_waker(&waker);
    let kept = || Arc::strong_count(&task) - 2;
    (&ring).write_all(b"x").unwrap();
    assert!(reader.poll_recv(&mut context).is_ready());
    assert_eq!(kept(), 0, "after a batch");
    drop(ring);
    while !matches!(reader.poll_recv(&mut context), Poll::Ready(Err(Closed))) {}
    assert_eq!(kept(), 0, "after the end");
}

/// While the waker of the first still waits with the ring.
#[test]
fn a_reader_that_goes_from_task_to_task_wakes_the_last_and_keeps_none_of_the_others() {
    struct Task(mpsc::Sender<()>);
    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    let mut tasks: Vec<_> = (0..3)
        .map(|_| {
            let (tell, told) = mpsc::channel();
            let task = Arc::new(Task(tell));
            let waker = Waker::from(Arc::clone(&task));
            let mut context = Context::from_waker(&waker);
            assert!(reader.poll_recv(&mut context).is_pending());
            (task, told)
        })
        .collect();
    let (_last, told_last) = tasks.pop().unwrap();
    for (task, _) in &tasks {
        assert_eq!(Arc::strong_count(task), 1, "somebody has its waker still");
    }
    (&ring).write_all(b"x").unwrap();
    told_last.recv().unwrap();
    for (_, told) in &tasks {
        assert!(told.try_recv().is_err(), "a task that does not have it");
    }
}

/// A lossless reader that nobody reads is never done; a waker that waited for it would keep all tasks asleep.
#[test]
fn nothing_waits_in_a_waker() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let _lossless = ring.handle().reader().policy(Policy::Block).open();
    let (tell, told) = mpsc::channel();
    let waker = Waker::from(Arc::new(Waits(ring.handle(), tell)));
    let _reader = pending(&ring, &waker);
    (&ring).write_all(b"x").unwrap();
    assert_eq!(told.recv().unwrap(), [false, false]);
}

/// The ring is full, and only the task that is woken can make room.
#[test]
fn a_waker_that_logs_does_not_wait_for_its_own_task() {
    struct Logs(Ring, mpsc::Sender<()>);
    impl Wake for Logs {
        fn wake(self: Arc<Self>) {
            (&self.0).write_all(&[b'w'; 200]).unwrap();
            let _ = self.1.send(());
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let never = Policy::BlockFor(Duration::from_secs(3600));
    let mut reader = handle.reader().policy(never).open_async().unwrap();
    let (tell, told) = mpsc::channel();
    let waker = Waker::from(Arc::new(Logs(ring.clone(), tell)));
    let mut context = Context::from_waker(&waker);
    assert!(reader.poll_recv(&mut context).is_pending());
    let writer = thread::spawn(move || {
        for _ in 0..1000 {
            (&ring).write_all(&[b'x'; 48]).unwrap();
        }
    });
    while handle.stats().written < 1000 {
        told.recv().unwrap();
        while reader.poll_recv(&mut context).is_ready() {}
    }
    drop(reader);
    writer.join().unwrap();
    assert_eq!(handle.stats().demotions, 0);
}

#[test]
fn closing_wakes_every_task() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    // More than are woken at once.
    let tasks: Vec<_> = (0..200).map(|_| counting()).collect();
    let mut readers: Vec<_> = tasks
        .iter()
        .map(|(woken, _)| pending(&ring, &Waker::from(Arc::clone(woken))))
        .collect();
    drop(ring);
    for (_, told) in &tasks {
        told.recv().unwrap();
    }
    let mut context = Context::from_waker(Waker::noop());
    for reader in &mut readers {
        let Poll::Ready(Err(Closed)) = reader.poll_recv(&mut context) else {
            panic!("woken for nothing");
        };
    }
}
