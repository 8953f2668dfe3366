//! A ring of what another program prints says which that is, and how it has ended.
#![cfg(target_os = "linux")]

mod common {
    pub(crate) mod shared_dir;
}

use std::path::Path;
use std::time::SystemTime;

use circular_core::{CommandEnd, Ring, RingFile, RingState};
use common::shared_dir::Dir;

#[test]
fn the_file_tells_the_command_and_how_it_ended() {
    let dir = Dir::new("command");
    let builder = Ring::builder().capacity(4096).mapped_in(&dir.0, "python3");
    let ring = builder.command("/usr/bin/python3", 4711).build().unwrap();
    let handle = ring.handle();
    let file = RingFile::open(handle.path().unwrap()).unwrap();
    let info = file.info();
    assert_eq!(info.command.as_deref(), Some(Path::new("/usr/bin/python3")));
    assert_eq!(info.command_pid, Some(4711));
    assert_eq!(
        info.pid,
        u64::from(std::process::id()),
        "who writes is this process"
    );
    assert_eq!(file.command_end().unwrap(), None);

    let before = SystemTime::now();
    handle.note_command_end(CommandEnd::Killed(9));
    let (end, when) = file.command_end().unwrap().unwrap();
    assert_eq!(end, CommandEnd::Killed(9));
    assert!(before <= when && when <= SystemTime::now());
    assert_eq!(
        file.state().unwrap(),
        RingState::Running,
        "this one still does"
    );
    drop(ring);
    assert_eq!(file.state().unwrap(), RingState::Closed);
    assert_eq!(
        file.command_end().unwrap().unwrap().0,
        CommandEnd::Killed(9)
    );
}

#[test]
fn what_a_command_left_behind_tells_which_ring_it_goes_on_from() {
    let dir = Dir::new("rest-of");
    let builder = || Ring::builder().capacity(4096).mapped_in(&dir.0, "daemon");
    let first = builder().command("/sbin/daemon", 7).build().unwrap();
    let first = RingFile::open(first.handle().path().unwrap()).unwrap();
    let id = first.info().ring;
    let rest = builder()
        .rest_of(id)
        .command("/sbin/daemon", 7)
        .build()
        .unwrap();
    let rest = RingFile::open(rest.handle().path().unwrap()).unwrap();
    assert_eq!(
        (first.info().rest_of, rest.info().rest_of),
        (None, Some(id))
    );
}

#[test]
fn a_ring_of_ones_own_tells_no_command_and_one_on_the_heap_nobody() {
    let dir = Dir::new("no-command");
    let ring = Ring::builder().mapped_in(&dir.0, "shop").build().unwrap();
    let file = RingFile::open(ring.handle().path().unwrap()).unwrap();
    assert_eq!((file.info().command, file.info().command_pid), (None, None));
    assert_eq!(file.command_end().unwrap(), None);
    let on_heap = Ring::builder().command("/bin/true", 1).build().unwrap();
    on_heap.handle().note_command_end(CommandEnd::Exited(0));
}
