//! Programs that write, and are killed at a random moment, in every way.

use super::acks::Acks;
use super::assemble::Wrong;
use super::cgroup::Group;
use super::child::Child;
use super::death::Death;
use super::figures::Figures;
use super::judge::{Found, judge};
use super::place::Place;
use super::plan::Kind;
use super::progress::Progress;
use super::random::Random;
use super::roles::{Orders, Role};
use super::say;
use circular_core::{RingFile, RingState};
use std::thread;
use std::time::Duration;

/// The largest is 1 MiB, the least 4 KiB.
const CAPACITIES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// One of those that the program brings upon itself, for so many SIGKILLs.
const OTHERS: u64 = 10;

pub(crate) fn run(place: &Place, runs: u64, random: &mut Random) -> Result<(), String> {
    no_cores();
    let group = Group::new();
    say(&format!("{:15} {}", "death", Figures::HEADER));
    for death in Death::ALL {
        let runs = if death == Death::Kill {
            runs
        } else {
            runs.div_ceil(OTHERS)
        };
        let group = match (&group, death) {
            (Err(why), Death::OutOfMemory) => {
                say(&format!("{:15} NOT RUN: {why}", death.name()));
                continue;
            }
            (Ok(group), Death::OutOfMemory) => Some(group),
            _ => None,
        };
        several(place, death, runs, group, random)?;
    }
    say("deaths: torn 0, lost 0, invented 0, state 'died without a note' each time");
    Ok(())
}

/// All runs of one death, and their lines.
fn several(
    place: &Place,
    death: Death,
    runs: u64,
    group: Option<&Group>,
    random: &mut Random,
) -> Result<(), String> {
    let mut figures = Kind::ALL.map(|kind| (kind, Figures::default()));
    let mut progress = Progress::on_stderr();
    for run in 0..runs {
        progress.show(|| format!("kills: {}, {run} of {runs}", death.name()));
        let kind = random.pick(&Kind::ALL);
        let orders = orders(place, death, kind, group, random)?;
        let outcome = one(place, &orders, random);
        let (acks, found) = outcome.map_err(|wrong| {
            progress.clear();
            format!("run {run} of {}, {orders:?}: {wrong}", death.name())
        })?;
        for (of, figures) in &mut figures {
            if *of == kind {
                figures.note(&acks, found);
            }
        }
    }
    progress.clear();
    for (kind, figures) in figures.iter().filter(|(_, figures)| figures.runs() > 0) {
        let kind = format!("{kind:?}").to_lowercase();
        say(&format!("{:15} {kind:8}{figures}", death.name()));
    }
    match group.map(Group::killed) {
        Some(killed) if killed != runs => Err(format!(
            "the system has killed {killed} of {runs} that were out of memory"
        )),
        _ => Ok(()),
    }
}

fn orders(
    place: &Place,
    death: Death,
    kind: Kind,
    group: Option<&Group>,
    random: &mut Random,
) -> Result<Orders, String> {
    let (dir, capacity) = (place.dir("deaths")?, random.pick(&CAPACITIES));
    let mut orders = Orders::new(Role::Acknowledges, dir, capacity, random);
    orders.plan.kind = kind;
    orders.death = death;
    orders.asks = random.once_in(2);
    orders.cgroup = group.map(Group::members);
    // Some die before they have written anything, and most when the ring has gone around.
    let most = random.pick(&[500, 5_000, 50_000, 100_000]);
    orders.time = Duration::from_micros(random.below(most));
    Ok(orders)
}

fn one(place: &Place, orders: &Orders, random: &mut Random) -> Result<(Acks, Found), String> {
    let mut child = Child::start(orders)?;
    let pipe = child.pipe.take().ok_or("no pipe")?;
    let acks = thread::spawn(move || Acks::collect(pipe));
    let status = if orders.death == Death::Kill {
        // Not the same time that the program knows of.
        thread::sleep(orders.time + Duration::from_nanos(random.below(100_000)));
        child.kill()?
    } else {
        child.wait()?
    };
    let acks = acks.join().map_err(|_| "the thread that reads panics")??;
    if !orders.death.is_of(status) {
        return Err(format!(
            "it was to die of {:?}, and ended: {status}",
            orders.death
        ));
    }
    match examine(orders, &acks, &child) {
        Ok(found) => Ok((acks, found)),
        Err(wrong) => Err(format!("{wrong}; {}", place.keep(&child.path))),
    }
}

fn examine(orders: &Orders, acks: &Acks, child: &Child) -> Result<Found, Wrong> {
    let other = |what: &str, why: String| Wrong::Other(format!("{what}: {why}"));
    let file = RingFile::open(&child.path);
    let file = file.map_err(|error| other("cannot open the ring", error.to_string()))?;
    match file.state() {
        Ok(RingState::Died { signal: None, .. }) => judge(orders.plan, acks, &file),
        state => Err(other(
            "the state is not that of a killed one",
            format!("{state:?}"),
        )),
    }
}

/// Hundreds of them would fill the disk.
#[expect(unsafe_code, reason = "the standard library has no limits")]
fn no_cores() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: it reads a value that lives here.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
}
