//! The rings, what is written to them, and what must be found.

use crate::model::{Call, Expected, Model, Write};
use crate::neutral;
use circular_core::{Level, Part, Ring};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, IoSlice, Write as _};
use std::ops::Range;
use std::path::Path;

const LIVE: usize = 0x1000;
const RESERVED: usize = LIVE + 8;
const INDEX: Range<usize> = 0x2000..0x6000;
const DATA: usize = 0x10000;
const BLOCKS: u64 = 128;

pub(crate) fn make(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    // As its program left it that was killed, after several laps.
    let writes = writes(120);
    let (image, model) = written(dir, 4096, &writes, false)?;
    put(dir, "open", image, 0xa1, &model, model.records.len())?;
    // Closed, and not once full.
    let (image, model) = written(dir, 8192, &writes[..40], true)?;
    put(dir, "closed", image, 0xa2, &model, model.records.len())?;
    // Of a program that notes crashes, and had one.
    let (mut image, model) = written(dir, 4096, &writes, false)?;
    neutral::note_a_crash(&mut image);
    put(dir, "noted", image, 0xa4, &model, model.records.len())?;
    // Killed amid the last record.
    let (image, model) = cut_amid(dir, &writes[..103])?;
    put(
        dir,
        "cut_amid",
        image,
        0xa3,
        &model,
        model.records.len() - 1,
    )
}

/// Lines of every level, with targets and times, long ones and one without all that, and one in parts.
fn writes(count: u64) -> Vec<Write> {
    let targets = ["", "shop", "shop::db::pool", "größer", "hyper::client"];
    let write = |number: u64| {
        let index = usize::try_from(number).unwrap_or(0);
        let dots = match number {
            // In parts.
            100 => 2500,
            _ if number % 17 == 3 => 300 + index,
            _ => index * 7 % 60,
        };
        let mut write = Write::new(format!("{number:03} {}\n", ".".repeat(dots)).into_bytes());
        write.level = Level::ALL.get(index % 6).copied();
        write.target = targets[index % 5].to_owned();
        write.time = Some(neutral::CREATED + number * 1_000_007);
        if number % 25 == 14 {
            write = Write {
                call: Call::Vectored(3),
                ..Write::new(write.payload)
            };
        }
        write
    };
    (0..count).map(write).collect()
}

/// The file of a ring after these writes.
fn written(
    dir: &Path,
    capacity: usize,
    writes: &[Write],
    is_closed: bool,
) -> io::Result<(Vec<u8>, Model)> {
    let hidden = dir.join("rings");
    fs::create_dir_all(&hidden)?;
    let builder = Ring::builder().capacity(capacity);
    let ring = builder
        .mapped_in(&hidden, "shop")
        .build()
        .map_err(io::Error::other)?;
    let mut model = Model::new(capacity);
    for write in writes {
        model.write(write);
        match write.call {
            Call::Vectored(count) => {
                let each = write.payload.len().div_ceil(count);
                let pieces = write.payload.chunks(each).map(IoSlice::new);
                let taken = (&ring).write_vectored(&pieces.collect::<Vec<_>>())?;
                assert_eq!(taken, write.payload.len(), "a ring takes all or nothing");
            }
            _ => ring.record(write.meta(), &write.payload)?,
        }
    }
    let handle = ring.handle();
    let path = handle
        .path()
        .ok_or_else(|| io::Error::other("it is not in a file"))?;
    if is_closed {
        handle.close();
    }
    let image = fs::read(path)?;
    drop(ring);
    fs::remove_dir_all(&hidden)?;
    Ok((image, model))
}

/// The state between two records: that of before, with `reserved`, REACH and INDEX of after, and half of the words of the
/// record. It must be a whole one.
fn cut_amid(dir: &Path, writes: &[Write]) -> io::Result<(Vec<u8>, Model)> {
    let capacity = 4096;
    let timed: Vec<Write> = writes.iter().cloned().map(timed).collect();
    let (mut image, before) = written(dir, capacity, &timed[..timed.len() - 1], false)?;
    let (after, model) = written(dir, capacity, &timed, false)?;
    assert_eq!(model.records.len(), before.records.len() + 1);
    let reach = DATA + capacity..DATA + capacity + 8;
    for range in [RESERVED..RESERVED + 8, INDEX, reach] {
        image[range.clone()].copy_from_slice(&after[range]);
    }
    let (begin, end) = (before.end(), model.end());
    let half = begin + (end - begin) / 16 * 8;
    for position in begin..half {
        let at = DATA + usize::try_from(position).unwrap_or(0) % capacity;
        image[at] = after[at];
    }
    Ok((image, model))
}

/// With a time, so that two runs write the same.
fn timed(mut write: Write) -> Write {
    write.time.get_or_insert(neutral::CREATED);
    write.call = Call::Record;
    write
}

/// Writes the file and what must be found in it, if it is a copy: the newest `count` records that are not overwritten.
fn put(
    dir: &Path,
    name: &str,
    mut image: Vec<u8>,
    ring: u64,
    model: &Model,
    count: usize,
) -> io::Result<()> {
    neutral::make(&mut image, ring);
    fs::write(dir.join(name).with_extension("ring"), image)?;
    let block = model.capacity / BLOCKS;
    // All that was written to, of which REACH tells.
    let reach = model.end().next_multiple_of(block);
    let first = model.first_found(count, reach);
    let mut text = String::from("seq\tlevel\tpart\ttarget\tnanoseconds\tpayload\n");
    for number in first..count {
        line(&mut text, number, &model.records[number]).map_err(io::Error::other)?;
    }
    fs::write(dir.join(name).with_extension("txt"), text)
}

fn line(text: &mut String, seq: usize, record: &Expected) -> std::fmt::Result {
    let Expected {
        target, payload, ..
    } = record;
    let level = record.level.map_or("none", Level::as_str);
    let part = match record.part {
        Part::Whole => "whole",
        Part::First => "first",
        Part::Middle => "middle",
        Part::Last => "last",
    };
    let time = record
        .time
        .map_or(String::from("coarse"), |time| time.to_string());
    let payload = String::from_utf8_lossy(payload);
    writeln!(
        text,
        "{seq}\t{level}\t{part}\t{target}\t{time}\t{payload:?}"
    )
}
