//! A fork that the C library tells nobody of, by `_Fork` or by the system call itself: sandboxes,
//! crash handlers and runtimes make such. What holds in a child of `fork` holds there too.

#![cfg(all(target_os = "linux", not(miri)))]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{PanicDump, Policy, Ring, ThrottledFlush};
use std::cell::RefCell;
use std::io::{self, Write};
use std::panic::{self, catch_unwind};
use std::time::Duration;

#[path = "common/busy.rs"]
mod busy;
#[path = "common/in_child.rs"]
mod in_child;
#[path = "common/watchdog.rs"]
mod watchdog;

use busy::while_everything_is_in_use;
use in_child::{check, in_child_of};

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 200;
const LONG: Duration = Duration::from_secs(3600);

/// A fork by the system call, past the C library.
fn raw_fork() -> libc::pid_t {
    let flags = libc::c_long::from(libc::SIGCHLD);
    // SAFETY: without a stack and without flags that share memory, this is a fork: the child goes
    // on with a copy of everything.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    libc::pid_t::try_from(pid).unwrap()
}

/// Nothing here may allocate in a child: the allocator was not told of the fork either.
fn a_parents_ring_refuses_and_never_hangs() {
    while_everything_is_in_use(|ring| {
        let mut sink = ThrottledFlush::new(io::sink(), LONG);
        let mut reader = ring.handle().reader().open();
        for _ in 0..FORKS {
            let reader = RefCell::new(&mut reader);
            let sink = RefCell::new(&mut sink);
            in_child_of(raw_fork, || {
                let handle = ring.handle();
                let before = handle.stats().refused;
                check((&*ring).write_all(b"refused").is_err(), "a write")?;
                check(handle.stats().refused == before + 1, "it is counted")?;
                check(ring.is_forked(), "is_forked")?;
                check(handle.flush_timeout(LONG), "flush_timeout")?;
                check(handle.join_timeout(LONG), "join_timeout")?;
                while reader.borrow_mut().recv().is_ok() {}
                check(sink.borrow_mut().write(b"x").is_err(), "a ThrottledFlush")
            });
        }
    });
}

fn a_panic_in_a_child_is_not_dumped() {
    let ring = Ring::new(4096).unwrap();
    panic::set_hook(Box::new(|_| {}));
    PanicDump::builder(&ring.handle()).stderr(false).install();
    in_child_of(raw_fork, || {
        check(catch_unwind(|| panic!("in a child")).is_err(), "a panic")?;
        check(ring.handle().stats().refused == 1, "it is counted")
    });
    drop(panic::take_hook());
}

fn a_child_of_a_child_and_a_ring_of_its_own() {
    let parents = Ring::new(4096).unwrap();
    in_child_of(raw_fork, || {
        check((&parents).write(b"x").is_err(), "the parent's")?;
        let own = Ring::new(4096).map_err(|_| "a ring of its own")?;
        let reader = own.handle().reader().policy(Policy::Block);
        let sink = reader.spawn(io::sink()).map_err(|_| "a thread")?;
        check((&own).write(b"alive").is_ok(), "its own")?;
        own.handle().flush();
        // Now both are of a process that is not this one.
        in_child_of(raw_fork, || {
            check((&parents).write(b"x").is_err(), "the grandparent's")?;
            check((&own).write(b"x").is_err(), "the parent's")?;
            let own = Ring::new(4096).map_err(|_| "a ring of a grandchild's")?;
            check((&own).write(b"alive").is_ok(), "its own")
        });
        check((&own).write(b"alive").is_ok(), "its own, after a fork")?;
        own.handle().close();
        let ended = sink.join().map_err(|_| "its sink")?;
        check(ended.is_ok_and(|bytes| bytes == 10), "what its sink got")
    });
}

/// One test, so that no other allocates or starts a thread while this one forks.
#[test]
fn a_fork_that_nobody_is_told_of() {
    let _watchdog = watchdog::minutes(10);
    a_child_of_a_child_and_a_ring_of_its_own();
    a_panic_in_a_child_is_not_dumped();
    a_parents_ring_refuses_and_never_hangs();
}
