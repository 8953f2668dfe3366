//! Plain copies of a ring that is written all the time: none may have a torn record.

use super::assemble::Assembler;
use super::child::Child;
use super::judge::read;
use super::place::Place;
use super::plan::Kind;
use super::progress::Progress;
use super::random::Random;
use super::roles::{Orders, Role};
use super::say;
use circular_core::{RingFile, RingState};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// From one that is overwritten while it is copied, many times, to one of which most stays.
const CAPACITIES: [usize; 4] = [64 << 10, 512 << 10, 4 << 20, 16 << 20];
/// How many of each ring, and each kind of records.
const EACH: u64 = 9;
/// Longer than any copies take: the program is killed before.
const LONG: Duration = Duration::from_secs(3600);
const WAYS: [&str; 3] = ["cp", "cat", "read"];

pub(crate) fn run(place: &Place, count: u64, random: &mut Random) -> Result<(), String> {
    say("copies   ring  with records   records");
    let mut progress = Progress::on_stderr();
    // Of each capacity: copies, copies with records in them, and these records.
    let mut figures = [[0; 3]; CAPACITIES.len()];
    let mut done = 0;
    while done < count {
        let which = usize::try_from(random.below(CAPACITIES.len() as u64)).unwrap_or(0);
        let some = EACH.min(count - done);
        let counts = of_one_ring(place, CAPACITIES[which], some, random, |copy| {
            progress.show(|| format!("kills: copy {} of {count}", done + copy));
        });
        let counts = counts.inspect_err(|_| progress.clear())?;
        done += some;
        for (sum, count) in figures[which].iter_mut().zip(counts) {
            *sum += count;
        }
    }
    progress.clear();
    for (capacity, [copies, with, records]) in CAPACITIES.iter().zip(figures) {
        let size = capacity >> 10;
        say(&format!("{copies:6} {size:6} KiB  {with:10} {records:9}"));
    }
    say(&format!("copies: {done}, torn 0"));
    Ok(())
}

fn of_one_ring(
    place: &Place,
    capacity: usize,
    count: u64,
    random: &mut Random,
    mut tell: impl FnMut(u64),
) -> Result<[u64; 3], String> {
    let dir = place.dir("copies")?;
    let mut orders = Orders::new(Role::FlatOut, dir.clone(), capacity, random);
    orders.plan.kind = random.pick(&Kind::ALL);
    orders.time = LONG;
    orders.threads = 1 + random.below(2);
    let mut child = Child::start(&orders)?;
    let _running = child.go()?;
    let (mut with, mut records) = (0, 0);
    for number in 0..count {
        tell(number);
        let way = WAYS[usize::try_from(number).unwrap_or(0) % WAYS.len()];
        let copy = dir.join("copy.ring");
        make(way, &child.path, &copy)?;
        let found = examine(&copy, &orders).map_err(|wrong| {
            let kept = place.keep(&copy);
            format!("copy {number} by {way}, {orders:?}: {wrong}; {kept}")
        })?;
        with += u64::from(found > 0);
        records += found;
        fs::remove_file(&copy).map_err(|error| format!("cannot remove a copy: {error}"))?;
    }
    Ok([count, with, records])
}

fn make(way: &str, ring: &Path, copy: &Path) -> Result<(), String> {
    let cannot = |error| format!("cannot copy a ring by {way}: {error}");
    let mut command = match way {
        "read" => {
            let bytes = fs::read(ring).map_err(cannot)?;
            return fs::write(copy, bytes).map_err(cannot);
        }
        "cat" => {
            let mut command = Command::new("cat");
            command
                .arg(ring)
                .stdout(File::create(copy).map_err(cannot)?);
            command
        }
        _ => {
            let mut command = Command::new("cp");
            command.arg(ring).arg(copy);
            command
        }
    };
    match command.status().map_err(cannot)? {
        status if status.success() => Ok(()),
        status => Err(format!("{way} ends: {status}")),
    }
}

/// How many records are in a copy.
fn examine(copy: &Path, orders: &Orders) -> Result<u64, String> {
    let file = RingFile::open(copy).map_err(|error| error.to_string())?;
    match file.state() {
        Ok(RingState::Copy) => {}
        state => return Err(format!("the state is not that of a copy: {state:?}")),
    }
    let snapshot = file.snapshot().map_err(|error| error.to_string())?;
    let mut found = Assembler::new(orders.plan, None);
    let taken = snapshot.records().try_for_each(|record| found.take(record));
    let whole = taken.and_then(|()| found.finish());
    let whole = whole.and_then(|()| read(&file, &snapshot));
    whole.map_err(|wrong| wrong.to_string())?;
    Ok(found.records)
}
