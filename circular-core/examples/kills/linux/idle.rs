//! What followers cost that have nothing to read.

use super::child::Child;
use super::place::Place;
use super::random::Random;
use super::roles::{Orders, Role};
use super::say;
use circular_core::{FileRecvError, RingFile};
use std::thread;
use std::time::Duration;

const FOLLOWERS: usize = 100;
/// How long one has to have had nothing until it looks as seldom as it does at all.
const SETTLING: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// Of a core. It is to be half of that; a wake-up costs twice as much on a machine that is busy.
const MOST: f64 = 0.1;

pub(crate) fn run(place: &Place, random: &mut Random) -> Result<(), String> {
    let orders = Orders::new(Role::Idle, place.dir("idle")?, 1 << 20, random);
    let mut child = Child::start(&orders)?;
    let followers: Vec<_> = (0..FOLLOWERS)
        .map(|_| {
            let file = RingFile::open(&child.path).map_err(|error| error.to_string())?;
            let mut reader = file.reader().open();
            Ok(thread::spawn(move || {
                let mut received = 0;
                loop {
                    match reader.recv() {
                        Ok(batch) => received += batch.len(),
                        Err(FileRecvError::Ended) => return Ok(received),
                        Err(error) => return Err(error.to_string()),
                    }
                }
            }))
        })
        .collect::<Result<_, String>>()?;
    thread::sleep(SETTLING);
    let before = cpu_time();
    thread::sleep(MEASURED);
    let share = (cpu_time() - before).as_secs_f64() / MEASURED.as_secs_f64();
    child.kill()?;
    for follower in followers {
        let received = follower.join().map_err(|_| "a follower panics")??;
        if received != 1 {
            return Err(format!(
                "a follower of an idle ring has {received} records, not 1"
            ));
        }
    }
    let percent = 100.0 * share;
    say(&format!(
        "{FOLLOWERS} idle followers: {percent:.1} % of a core"
    ));
    if share > MOST {
        return Err(format!("idle followers take {percent:.1} % of a core"));
    }
    Ok(())
}

/// What this process has had of the processors so far.
#[expect(unsafe_code, reason = "the standard library does not tell")]
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it writes to a value that lives here.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
