//! Many starts of one program at once: each has a ring of its own, and only a few of the dead stay.

use super::child::{Child, Starting};
use super::place::Place;
use super::progress::Progress;
use super::random::Random;
use super::roles::{Orders, Role};
use super::say;
use circular_core::{RingFile, RingState};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const AT_ONCE: usize = 8;
/// How many dead ones stay, unless a program says otherwise.
const KEEP: usize = 2;
const CAPACITY: usize = 64 << 10;

pub(crate) fn run(place: &Place, rounds: u64, random: &mut Random) -> Result<(), String> {
    let dir = place.dir("starts")?;
    let orders = Orders::new(Role::Idle, dir.clone(), CAPACITY, random);
    let mut progress = Progress::on_stderr();
    let mut amid = 0;
    for round in 0..rounds {
        progress.show(|| format!("kills: starts, {round} of {rounds}"));
        let outcome = self::round(&dir, &orders, random, &mut amid);
        outcome.map_err(|wrong| format!("round {round} of starts: {wrong}"))?;
    }
    progress.clear();
    let starts = rounds * AT_ONCE as u64;
    say(&format!(
        "starts: {rounds} rounds, {starts} programs {AT_ONCE} at once, {amid} of them killed as they started; \
         {KEEP} dead rings stay, nothing else is left"
    ));
    Ok(())
}

fn round(dir: &Path, orders: &Orders, random: &mut Random, amid: &mut u64) -> Result<(), String> {
    let mut starting = Vec::new();
    for _ in 0..AT_ONCE {
        starting.push(Starting::new(orders)?);
    }
    // In every other round, half of them get no further.
    let doomed = if random.once_in(2) { AT_ONCE / 2 } else { 0 };
    *amid += doomed as u64;
    if doomed > 0 {
        thread::sleep(Duration::from_micros(random.below(6000)));
    }
    for doomed in starting.drain(..doomed) {
        doomed.kill()?;
    }
    let mut children = Vec::new();
    for starting in starting {
        children.push(starting.ready()?);
    }
    let rings: HashSet<&PathBuf> = children.iter().map(|child| &child.path).collect();
    if rings.len() != children.len() {
        return Err(format!(
            "{} programs have {} rings",
            children.len(),
            rings.len()
        ));
    }
    for child in &children {
        expect(child, |state| *state == RingState::Running)?;
    }
    for child in &mut children {
        child.kill()?;
    }
    // Whatever became of those that were killed as they started.
    let mut last = Child::start(orders)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| error.to_string())? {
        found.push(entry.map_err(|error| error.to_string())?.path());
    }
    let listed = RingFile::list(dir).map_err(|error| error.to_string())?;
    let dead = listed.iter().filter(|listed| match &listed.ring {
        Ok(ring) => matches!(ring.state(), Ok(RingState::Died { signal: None, .. })),
        Err(_) => false,
    });
    let dead = dead.count();
    if found.len() != KEEP + 1 || dead != KEEP || !found.contains(&last.path) {
        return Err(format!(
            "{dead} dead rings stay, and the directory has {found:?}"
        ));
    }
    expect(&last, |state| *state == RingState::Running)?;
    last.kill()?;
    expect(&last, |state| {
        matches!(state, RingState::Died { signal: None, .. })
    })
}

fn expect(child: &Child, is_right: impl Fn(&RingState) -> bool) -> Result<(), String> {
    let file = RingFile::open(&child.path).map_err(|error| error.to_string())?;
    let state = file.state().map_err(|error| error.to_string())?;
    if is_right(&state) {
        return Ok(());
    }
    Err(format!("{} is {state}", child.path.display()))
}
