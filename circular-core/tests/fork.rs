//! What a forked child can do with its parent's rings: nothing, at once.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{
    AsyncReader, Closed, Cursor, DumpTo, Level, Meta, PanicDump, Policy, Reader, Ring, Start,
    ThrottledFlush,
};
use std::io::{self, Write};
use std::panic::{self, catch_unwind};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

#[path = "common/busy.rs"]
mod busy;
#[path = "common/child.rs"]
mod child;
#[path = "common/in_child.rs"]
mod in_child;
#[path = "common/watchdog.rs"]
mod watchdog;

use busy::while_everything_is_in_use;
use in_child::{ALARM, check, in_child};

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 200;
const LONG: Duration = Duration::from_secs(3600);

fn parents_ring_is_dead(ring: &Ring, taken: &mut Reader) -> Result<(), &'static str> {
    let handle = ring.handle();
    check(ring.is_forked() && handle.is_forked(), "is_forked")?;
    let before = handle.stats().refused;
    let error = ring.record(Meta::new().level(Level::Info), b"refused");
    check(
        error.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe),
        "a write",
    )?;
    check((&*ring).write_all(b"refused").is_err(), "write_all")?;
    check(writeln!(&mut &*ring, "refused").is_err(), "writeln")?;
    let stats = handle.stats();
    check(stats.refused == before + 3, "what was refused is counted")?;
    drop(handle.snapshot().into_bytes());
    handle.flush();
    check(handle.flush_timeout(LONG), "flush_timeout")?;
    handle.close();
    check(handle.join_timeout(LONG), "join_timeout")?;
    while taken.recv().is_ok() {}
    check(taken.recv_timeout(LONG).is_err(), "recv_timeout")?;
    check(taken.try_recv().is_err(), "try_recv")?;
    let cursor: Cursor = taken.cursor();
    let mut late = handle.reader().start(Start::After(cursor)).open();
    while late.recv().is_ok() {}
    let image = handle.write_image(io::sink());
    let is_refused = image.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    check(is_refused, "write_image")?;
    let image = handle.dump_to(DumpTo::sink(io::sink())).write_image();
    check(image.is_err(), "an image of a dump")?;
    handle
        .reader()
        .write_to(io::sink())
        .map_err(|_| "write_to")?;
    handle
        .write_to(io::sink())
        .map_err(|_| "Handle::write_to")?;
    drop(late);
    drop(ring.clone());
    drop(handle);
    Ok(())
}

#[test]
fn a_parents_ring_refuses_and_never_hangs() {
    let _watchdog = watchdog::minutes(10);
    while_everything_is_in_use(|ring| {
        for _ in 0..FORKS {
            let taken = std::cell::RefCell::new(ring.handle().reader().open());
            in_child(|| parents_ring_is_dead(ring, &mut taken.borrow_mut()));
        }
    });
}

fn parents_ring_is_dead_for_tasks(
    ring: &Ring,
    taken: Option<AsyncReader>,
) -> Result<(), &'static str> {
    let mut context = Context::from_waker(Waker::noop());
    // No thread is started for the late one.
    let late = ring.handle().reader().open_async().map_err(|_| "stream")?;
    for mut reader in [taken.ok_or("stream")?, late] {
        while match reader.poll_recv(&mut context) {
            Poll::Ready(Ok(_)) => true,
            Poll::Ready(Err(Closed)) => false,
            Poll::Pending => return Err("poll_recv"),
        } {}
    }
    Ok(())
}

#[test]
fn a_parents_ring_leaves_no_task_waiting() {
    let _watchdog = watchdog::minutes(10);
    while_everything_is_in_use(|ring| {
        for _ in 0..FORKS {
            let taken = std::cell::Cell::new(ring.handle().reader().open_async().ok());
            in_child(|| parents_ring_is_dead_for_tasks(ring, taken.take()));
        }
    });
}

/// In the midst of a flush that was put off, which holds the sink's lock.
#[test]
fn a_parents_auto_flush_is_left_alone() {
    /// Hangs in the flush of every thread but one, once it has told so.
    struct Slow(thread::ThreadId, mpsc::Sender<()>, mpsc::Receiver<()>);
    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            if thread::current().id() != self.0 {
                let _ = self.1.send(());
                let _ = self.2.recv();
            }
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let (flushes, is_flushing) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let sink = Slow(thread::current().id(), flushes, may_go_on);
    let mut auto = ThrottledFlush::new(sink, Duration::from_millis(20));
    loop {
        // The second one is put off, unless this thread was.
        auto.flush().unwrap();
        auto.flush().unwrap();
        if is_flushing.recv_timeout(Duration::from_millis(100)).is_ok() {
            break;
        }
    }
    let auto = std::cell::Cell::new(Some(auto));
    in_child(|| {
        let mut auto = auto.take().ok_or("none")?;
        check(auto.write(b"x").is_err(), "write")?;
        check(auto.flush().is_err(), "flush")?;
        drop(auto);
        Ok(())
    });
    drop(go_on);
    drop(auto);
}

#[test]
fn as_child() {
    if child::role().is_none() {
        return;
    }
    let ring = Ring::builder().flush_at_exit(LONG).build().unwrap();
    let handle = ring.handle();
    panic::set_hook(Box::new(|_| {}));
    PanicDump::builder(&handle).stderr(true).install();
    let reader = handle.reader().policy(Policy::Block);
    reader.spawn(io::stderr()).unwrap();
    (&ring).write_all(b"the parent's\n").unwrap();
    // SAFETY: no memory is involved.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: no memory is involved.
        unsafe { libc::alarm(ALARM) };
        let _ = (&ring).write_all(b"the child's\n");
        let _ = catch_unwind(|| panic!("the child's"));
        std::process::exit(i32::from(handle.stats().refused != 2));
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    std::process::exit(0);
}

#[test]
fn at_exit_only_the_parent_flushes() {
    let _watchdog = watchdog::minutes(2);
    for _ in 0..20 {
        let output = child::command("forks").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr, "the parent's\n");
    }
}
