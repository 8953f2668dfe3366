//! From just before something is written to where the thread that slept for it looks at the clock.
//!
//! Each of the two has a core. The writer goes to sleep right afterwards, for long enough that the reader sleeps
//! too when it is woken next.

use super::USUAL;
use super::drive::record;
use crate::contenders::Circular;
use crate::contenders::Contender as _;
use crate::effort::Effort;
use crate::os::{Futex, stay_on_core};
use crate::rounds::{Case, Group, Sample, Task};
use crate::stats::per_mille;
use circular_core::Ring;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// A ring's reader naps for a millisecond after a record, and only then sleeps.
const UNTIL_ASLEEP: Duration = Duration::from_millis(3);

/// The reader's side returns when it has been woken, and false when that was the end.
type Sleep = Box<dyn FnMut() -> bool + Send>;
type Wake = Box<dyn FnMut()>;
type Open = fn() -> (Wake, Sleep);

pub(crate) fn group(effort: &Effort) -> Group {
    let ways: [(&str, &str, Open); 6] = [
        (
            Circular::NAME,
            "writes to a ring whose reader waits in recv",
            circular,
        ),
        (
            "bare futex",
            "counts a word up and wakes who sleeps on it",
            futex,
        ),
        (
            "Mutex and Condvar",
            "the standard library's: sets a value, notifies",
            condvar,
        ),
        ("std sync_channel", "sends a Vec", std_channel),
        ("crossbeam-channel", "sends a Vec", crossbeam),
        (
            "tokio broadcast",
            "sends an Arc<[u8]> to a thread in blocking_recv",
            tokio,
        ),
    ];
    let wakes = effort.wakes;
    let tasks = ways.map(|(contender, does, open)| Task {
        contender,
        does,
        cases: vec![Case::new("p50", 2), Case::new("p90", 2)],
        run: Box::new(move || {
            let mut times = times(open, wakes);
            times.sort_unstable();
            [500, 900]
                .map(|part| Sample::of(f64::from(per_mille(&times, part))))
                .to_vec()
        }),
    });
    Group {
        name: "wake-up of a sleeping reader".into(),
        unit: "ns",
        ours: Circular::NAME,
        rounds: effort.rounds,
        tasks: tasks.into(),
    }
}

/// With a core for each of the two: left to the system, one is now woken on the other's core, which is
/// quicker, and now on one that has gone to sleep, and which it is differs from one contender to the next.
fn times(open: Open, wakes: u32) -> Vec<u32> {
    let writer = thread::spawn(move || {
        stay_on_core(0);
        times_of_writer(open, wakes)
    });
    writer.join().expect("the writer does not panic")
}

fn times_of_writer(open: Open, wakes: u32) -> Vec<u32> {
    let (mut wake, mut sleep) = open();
    let base = Instant::now();
    let nanos = move || u64::try_from(base.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let woken = Arc::new(AtomicU64::new(0));
    let reader = thread::spawn({
        let woken = Arc::clone(&woken);
        move || {
            stay_on_core(1);
            while sleep() {
                woken.store(nanos(), SeqCst);
            }
        }
    });
    // The first finds the reader, or what it needs, still new.
    let mut times = Vec::new();
    for _ in 0..=wakes {
        thread::sleep(UNTIL_ASLEEP);
        woken.store(0, SeqCst);
        let before = nanos();
        wake();
        let after = loop {
            thread::sleep(UNTIL_ASLEEP / 3);
            let after = woken.load(SeqCst);
            if after > 0 {
                break after;
            }
        };
        times.push(u32::try_from(after - before).unwrap_or(u32::MAX));
    }
    // What was to be sent through goes, and with it the reader; the futex is told.
    drop(wake);
    reader.join().expect("the reader does not panic");
    times.split_off(1)
}

fn circular() -> (Wake, Sleep) {
    let mut ring = Ring::new(1 << 20).expect("there is memory for a ring");
    let mut reader = ring.handle().reader().open();
    let text = record(USUAL);
    let wake = move || ring.write_all(&text).expect("the ring is open");
    let sleep = move || reader.recv().map(black_box).is_ok();
    (Box::new(wake), Box::new(sleep))
}

/// Tells the other side the end when it goes.
struct End<F: FnMut()>(F);

impl<F: FnMut()> Drop for End<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn futex() -> (Wake, Sleep) {
    let futex = Arc::new(Futex::default());
    let ended = Arc::new(AtomicU64::new(0));
    let end = End({
        let (futex, ended) = (Arc::clone(&futex), Arc::clone(&ended));
        move || {
            ended.store(1, SeqCst);
            futex.wake();
        }
    });
    let mut seen = 0;
    let sleep = {
        let futex = Arc::clone(&futex);
        move || {
            seen = futex.wait(seen);
            ended.load(SeqCst) == 0
        }
    };
    let wake = move || {
        let _end = &end;
        futex.wake();
    };
    (Box::new(wake), Box::new(sleep))
}

fn condvar() -> (Wake, Sleep) {
    // How often it was woken, and whether that is the end.
    let state = Arc::new((Mutex::new((0_u32, false)), Condvar::new()));
    let set = |state: &(Mutex<(u32, bool)>, Condvar), is_end| {
        let mut value = state.0.lock().unwrap_or_else(PoisonError::into_inner);
        *value = (value.0 + 1, is_end);
        drop(value);
        state.1.notify_one();
    };
    let end = End({
        let state = Arc::clone(&state);
        move || set(&state, true)
    });
    let mut seen = 0;
    let sleep = {
        let state = Arc::clone(&state);
        move || {
            let value = state.0.lock().unwrap_or_else(PoisonError::into_inner);
            let value = state.1.wait_while(value, |value| value.0 == seen);
            let value = value.unwrap_or_else(PoisonError::into_inner);
            seen = value.0;
            !value.1
        }
    };
    let wake = move || {
        let _end = &end;
        set(&state, false);
    };
    (Box::new(wake), Box::new(sleep))
}

fn std_channel() -> (Wake, Sleep) {
    let (sender, receiver) = sync_channel::<Vec<u8>>(1024);
    let text = record(USUAL);
    let wake = move || sender.send(text.clone()).expect("there is a receiver");
    let sleep = move || receiver.recv().map(black_box).is_ok();
    (Box::new(wake), Box::new(sleep))
}

fn crossbeam() -> (Wake, Sleep) {
    let (sender, receiver) = crossbeam_channel::bounded::<Vec<u8>>(1024);
    let text = record(USUAL);
    let wake = move || sender.send(text.clone()).expect("there is a receiver");
    let sleep = move || receiver.recv().map(black_box).is_ok();
    (Box::new(wake), Box::new(sleep))
}

fn tokio() -> (Wake, Sleep) {
    let (sender, mut receiver) = broadcast::channel::<Arc<[u8]>>(1024);
    let text = record(USUAL);
    let wake = move || drop(sender.send(text.as_slice().into()));
    let sleep = move || receiver.blocking_recv().map(black_box).is_ok();
    (Box::new(wake), Box::new(sleep))
}
