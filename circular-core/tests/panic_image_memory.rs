//! The memory for an image is address space until there is something to be put into it. One test, in a binary of its own:
//! what is measured is the process.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use circular_core::{PanicDump, Ring};
use std::fs;
use std::io::Write;
use std::panic::{self, catch_unwind};

#[allow(dead_code, reason = "not all of it is used")]
#[path = "common/child.rs"]
mod child;
#[allow(dead_code, reason = "not all of it is used")]
#[path = "common/dumps.rs"]
mod dumps;

use dumps::{Dumps, PROGRAM};

const MIB: u64 = 1 << 20;

/// Bytes that are resident now, exactly: the figures of `statm` lag behind.
fn resident() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

#[test]
fn only_what_is_dumped_takes_memory() {
    let dumps = Dumps::new();
    panic::set_hook(Box::new(|_| {}));
    let install = |ring: &Ring| {
        let hook = PanicDump::builder(&ring.handle()).program(PROGRAM);
        hook.dir(&dumps.0).image().try_install().unwrap()
    };
    // What code needs that runs for the first time.
    let warm = Ring::new(4096).unwrap();
    let _hook = install(&warm);
    assert!(catch_unwind(|| panic!("warm")).is_err());

    let ring = Ring::new(256 << 20).unwrap();
    for number in 0..1000 {
        writeln!(&ring, "line {number}").unwrap();
    }
    let before = resident();
    let _hook = install(&ring);
    let installed = resident();
    assert!(
        installed < before + MIB,
        "{} to install",
        installed - before
    );
    assert!(catch_unwind(|| panic!("the last straw")).is_err());
    let dumped = resident();
    assert!(dumped < installed + MIB, "{} to dump", dumped - installed);
    // The first ring's hook makes none so soon.
    assert_eq!((dumps.texts().len(), dumps.images().len()), (2, 2));
}
