//! Many starts at once, under one name.

use super::child::Child;
use super::{KILLED, TempDir, identity, make, state, wanted};
use crate::file::state::RingState;
use std::collections::HashSet;
use std::thread;

const AT_ONCE: usize = 8;

#[test]
fn threads_that_start_at_once_have_a_ring_each() {
    let dir = TempDir::new();
    let made: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..AT_ONCE)
            .map(|_| scope.spawn(|| make(&wanted(dir.path())).unwrap()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_eq!(dir.names().len(), AT_ONCE);
    let rings: HashSet<u64> = made.iter().map(|made| made.identity.ring).collect();
    assert_eq!(rings.len(), AT_ONCE);
    // They stand in a row: each but the first has one before it, and no two have the same.
    let before: HashSet<u64> = made.iter().map(|made| made.identity.before).collect();
    assert_eq!(before.len(), AT_ONCE);
    assert!(before.contains(&0));
    assert!(before.iter().all(|ring| *ring == 0 || rings.contains(ring)));
    for made in &made {
        assert_eq!(identity(&made.path), made.identity);
        assert_eq!(state(&made.path), RingState::Running);
    }
}

#[test]
fn processes_that_start_at_once_have_a_ring_each_and_few_stay() {
    let dir = TempDir::new();
    for _ in 0..3 {
        let begun: Vec<_> = (0..AT_ONCE)
            .map(|_| Child::begin("make", dir.path(), r#"exec "$@""#, 64 << 10))
            .collect();
        let children: Vec<Child> = begun
            .into_iter()
            .map(|child| Child::begun(child).unwrap())
            .collect();
        let paths: HashSet<_> = children.iter().map(Child::path).collect();
        assert_eq!(paths.len(), AT_ONCE);
        assert!(paths.iter().all(|path| state(path) == RingState::Running));
        // Two of the round before.
        assert!(dir.names().len() <= AT_ONCE + 2, "{:?}", dir.names());
        children.into_iter().for_each(Child::kill);
        assert!(paths.iter().all(|path| state(path) == KILLED));
    }
    let last = make(&wanted(dir.path())).unwrap();
    assert_eq!(dir.names().len(), 3, "{:?}", dir.names());
    assert!(last.path.exists());
}
