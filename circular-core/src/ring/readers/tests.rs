//! Who holds writers back, who is given up on, and how much memory there is.

use super::*;

const PATIENCE: Duration = Duration::from_secs(1);

#[test]
fn a_flush_gives_up_on_who_gets_no_further_and_on_nobody_else() {
    let mut readers = Readers::new(4096);
    drop(readers.reserve(Vec::with_capacity(4)));
    let at = |offset| Position::new(offset, 0, 0, 512);
    let mut join = |policy| readers.join(policy, at(0));
    let (stuck, slow) = (
        join(Policy::BlockFor(PATIENCE)),
        join(Policy::BlockFor(PATIENCE)),
    );
    let patient = join(Policy::Block);
    let begin = Instant::now();
    let flush = Flush {
        offset: 800,
        joined: 3,
        began: begin,
    };
    let ask = |readers: &mut Readers, tenths| {
        let now = begin + PATIENCE / 10 * tenths;
        let asked = readers.ask_to_flush(&flush, now, true);
        (asked.any, asked.demoted, asked.until)
    };
    let after = |tenths| Some(begin + PATIENCE / 10 * tenths);
    assert_eq!(ask(&mut readers, 0), (true, 0, after(10)));
    // It copies, and then its sink takes what it has copied: both is getting on.
    readers.advance(slow, at(80), 0, Missed::default());
    assert_eq!(ask(&mut readers, 6), (true, 0, after(10)));
    readers.advance(slow, at(80), 80, Missed::default());
    assert_eq!(ask(&mut readers, 9), (true, 0, after(10)));
    // One that returns now gives up on nobody.
    let asked = readers.ask_to_flush(&flush, begin + PATIENCE, false);
    assert_eq!((asked.any, asked.demoted), (true, 0));
    assert_eq!(ask(&mut readers, 10), (true, 1, after(19)));
    assert!(readers.get(stuck).is_some_and(|entry| entry.demoted));
    assert_eq!(ask(&mut readers, 18), (true, 0, after(19)));
    readers.advance(slow, at(800), 800, Missed::default());
    // The other is waited for as long as it takes.
    assert_eq!(ask(&mut readers, 100), (true, 0, None));
    readers.advance(patient, at(800), 800, Missed::default());
    assert_eq!(ask(&mut readers, 100), (false, 0, None));
}

/// As `join.rs` does it.
fn join(readers: &mut Readers, policy: Policy) -> ReaderKey {
    if let Some(entries) = readers.wants_memory() {
        drop(readers.reserve(Vec::with_capacity(entries)));
    }
    readers.join(policy, Position::default())
}

/// What each publication and each flush goes through under the lock.
#[test]
fn those_that_have_left_are_not_gone_through() {
    for stays in [0, 1000, 1999] {
        let mut readers = Readers::new(4096);
        let keys: Vec<_> = (0..2000)
            .map(|_| join(&mut readers, Policy::Block))
            .collect();
        for (key, number) in keys.iter().zip(0..) {
            if number != stays as u64 {
                assert_eq!(readers.leave(*key).unwrap().number, number);
            }
        }
        assert_eq!((readers.len(), readers.entries.len()), (1, 1));
        assert_eq!(readers.get(keys[stays]).unwrap().number, stays as u64);
        assert!(readers.get(keys[17]).is_none() && readers.leave(keys[17]).is_none());
        // A later one is not taken for one that has left.
        let later = join(&mut readers, Policy::Block);
        assert!(!keys.contains(&later));
        assert_eq!(readers.get(later).unwrap().number, 2000);
    }
}

#[test]
fn the_memory_of_many_goes_when_they_have_left() {
    let mut readers = Readers::new(4096);
    let keys: Vec<_> = (0..2000)
        .map(|_| join(&mut readers, Policy::Skip))
        .collect();
    assert_eq!(readers.wants_less(), None);
    for key in keys {
        readers.leave(key);
        if let Some(entries) = readers.wants_less() {
            drop(readers.shrink(Vec::with_capacity(entries)));
            assert_eq!(readers.wants_less(), None, "now it is right");
        }
        let capacity = readers.entries.capacity();
        assert!(capacity <= (4 * readers.len()).max(FEW), "{capacity}");
    }
    // What has become too small meanwhile is not taken.
    for _ in 0..FEW {
        join(&mut readers, Policy::Skip);
    }
    drop(readers.shrink(Vec::with_capacity(1)));
    assert_eq!(readers.entries.len(), FEW);
    assert!(readers.entries.capacity() >= FEW);
}
