//! Children one after the other, until there were enough images.

use crate::check::{self, Moment};
use crate::child::{self, Told};
use crate::image::Image;
use crate::plan::Plan;
use crate::random::mix;
use crate::say;
use crate::tracee::{Stop, Tracee};
use circular_core::{FileRecvError, OwnedRecord, RingFile};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const IMAGES: u64 = 100_000;
/// What one child writes.
const WRITES: usize = 400;
const CAPACITIES: [usize; 2] = [4096, 8192];
/// Of every so many images.
const READER: u64 = 16;
const COPY: u64 = 64;

#[derive(Debug, Default)]
struct Figures {
    steps: u64,
    images: u64,
    read: u64,
    copied: u64,
    rings: u64,
    records: u64,
    /// The fewest records that were recovered once a ring was full, and the most.
    fewest: Option<usize>,
    most: usize,
    /// After how many of their words records went around the end of DATA.
    wraps: BTreeSet<u64>,
}

pub(crate) fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise| match arguments.next() {
        Some(text) => text.parse().ok(),
        None => Some(otherwise),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = now.unwrap_or_default().as_secs();
    let (Some(images), Some(seed)) = (number(IMAGES), number(seed)) else {
        say("usage: every_instruction [IMAGES] [SEED]");
        return ExitCode::from(2);
    };
    say(&format!("every_instruction: {images} images, seed {seed}"));
    let began = Instant::now();
    let mut figures = Figures::default();
    if let Err(error) = run(images, seed, &mut figures) {
        say(&format!(
            "every_instruction: FAILED, seed {seed}: {error}\n{figures:?}"
        ));
        return ExitCode::FAILURE;
    }
    let Figures {
        steps,
        images,
        read,
        copied,
        rings,
        records,
        fewest,
        most,
        wraps,
    } = figures;
    let in_a_row = (1..).take_while(|word| wraps.contains(word)).count();
    let fewest = fewest.map_or(String::from("?"), |fewest| fewest.to_string());
    say(&format!(
        "every_instruction: {images} distinct images in {steps} steps, of {records} records in {rings} rings, {} s; they went \
         around the end behind each of their first {in_a_row} words, and at {} places in all; {read} also read and {copied} \
         copied; {fewest} to {most} records recovered from a full ring, none torn, lost or invented",
        began.elapsed().as_secs(),
        wraps.len(),
    ));
    ExitCode::SUCCESS
}

fn run(images: u64, seed: u64, figures: &mut Figures) -> Result<(), String> {
    let dir = Dir::new().map_err(|error| format!("no directory for the rings: {error}"))?;
    while figures.images < images {
        let round = figures.rings;
        let capacity = CAPACITIES[usize::from(round % 2 == 1)];
        let plan = Plan::new(capacity, WRITES, mix(seed ^ mix(round)));
        let dir = dir.0.join(round.to_string());
        one(&dir, &plan, images, figures).map_err(|error| format!("ring {round}: {error}"))?;
        figures.rings += 1;
    }
    Ok(())
}

/// Steps one child through its plan.
fn one(dir: &Path, plan: &Plan, images: u64, figures: &mut Figures) -> Result<(), String> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| format!("{what}: {error}")
    };
    fs::create_dir(dir).map_err(failed("no directory"))?;
    let told = Told::new(&dir.join("told")).map_err(failed("no words to share"))?;
    let mut child = Tracee::start(|| i32::from(child::run(dir, plan, &told).is_err()))
        .map_err(failed("no child"))?;
    let mut rings = RingFile::list(dir).map_err(failed("no list of rings"))?;
    let listed = rings.pop().ok_or("the child has made no ring")?;
    let file = listed.ring.map_err(|error| error.to_string())?;
    let mut image = Image::of(file.path(), plan.capacity).map_err(failed("no image"))?;
    while figures.images < images {
        match child.step().map_err(failed("cannot step"))? {
            Stop::Stepped => figures.steps += 1,
            Stop::Exited(0) => break,
            stop => return Err(format!("the child has ended: {stop:?}")),
        }
        if !image.has_changed() {
            continue;
        }
        figures.images += 1;
        let moment = Moment {
            begun: told.begun(),
            completed: told.completed(),
            committed: image.committed(),
            end: image.committed().max(image.reserved()),
        };
        look(&file, &image, plan, moment, figures)
            .map_err(|error| format!("image {}, {moment:?}: {error}", figures.images))?;
    }
    let count = plan.model.records_after(told.completed());
    figures.records += count as u64;
    figures.wraps.extend(plan.model.wraps(count));
    drop(child);
    fs::remove_dir_all(dir).map_err(failed("cannot remove the ring"))
}

fn look(
    file: &RingFile,
    image: &Image,
    plan: &Plan,
    moment: Moment,
    figures: &mut Figures,
) -> Result<(), String> {
    let model = &plan.model;
    let snapshot = file.snapshot().map_err(|error| error.to_string())?;
    let recovered = check::check(model, &moment, snapshot.records())?;
    figures.most = figures.most.max(recovered);
    if moment.end > plan.capacity as u64 {
        let fewest = figures.fewest.unwrap_or(recovered);
        figures.fewest = Some(fewest.min(recovered));
    }
    if figures.images % READER == 0 {
        let records = read(file).map_err(|error| format!("a reader: {error}"))?;
        let records = records.iter().map(OwnedRecord::as_record);
        check::check(model, &moment, records).map_err(|error| format!("a reader: {error}"))?;
        figures.read += 1;
    }
    if figures.images % COPY == 0 {
        let path = file.path().with_file_name("copy.ring");
        fs::copy(file.path(), &path).map_err(|error| error.to_string())?;
        let copy = RingFile::open(&path).map_err(|error| error.to_string())?;
        let snapshot = copy.snapshot().map_err(|error| error.to_string())?;
        let moment = Moment {
            end: moment.end.max(image.reach()),
            ..moment
        };
        check::check(model, &moment, snapshot.records())
            .map_err(|error| format!("a copy, {moment:?}: {error}"))?;
        figures.copied += 1;
    }
    Ok(())
}

/// All that a reader gets.
fn read(file: &RingFile) -> Result<Vec<OwnedRecord>, String> {
    let mut reader = file.reader().open();
    let mut records = Vec::new();
    loop {
        match reader.try_recv() {
            Ok(batch) if !batch.missed().is_empty() => {
                return Err(format!(
                    "missed {:?} of a ring that nobody writes",
                    batch.missed()
                ));
            }
            Ok(batch) => records.extend(batch.records().map(OwnedRecord::from)),
            Err(FileRecvError::Empty | FileRecvError::Ended) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    if reader.damaged() > 0 {
        return Err(String::from("something is damaged"));
    }
    Ok(records)
}

/// A directory of its own, in memory if that can be had, which goes with it.
struct Dir(PathBuf);

impl Dir {
    fn new() -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let path = parent.join(format!("every-instruction-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What is left is in memory, or where the system cleans up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
