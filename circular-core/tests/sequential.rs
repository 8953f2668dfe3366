//! Random programs on one thread: the ring does what a plain queue would do.
//!
//! Nothing here waits: a write that would have to is made possible by reading first, or left out.
//! `PROPTEST_CASES` says how many programs are run.

use proptest::test_runner::{Config, TestError, TestRunner};
use std::env;

#[path = "sequential/follower.rs"]
mod follower;
#[path = "sequential/model.rs"]
mod model;
#[path = "sequential/program.rs"]
mod program;
#[path = "sequential/run.rs"]
mod run;
#[path = "common/watchdog.rs"]
mod watchdog;

/// So many take a few seconds without optimisation.
const CASES: u32 = 600;

#[test]
fn a_ring_does_what_a_queue_would_do() {
    let mut config = Config::default();
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    // A failure is told as a program, which is short; nothing is written to the source tree.
    config.failure_persistence = None;
    config.max_shrink_iters = 50_000;
    let _watchdog = watchdog::minutes(2 + u64::from(config.cases) / 1000);
    let ran = TestRunner::new(config).run(&program::programs(), |program| {
        run::run(&program);
        Ok(())
    });
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(why, program)) => panic!("{why}\n{program}"),
        Err(other) => panic!("{other}"),
    }
}
