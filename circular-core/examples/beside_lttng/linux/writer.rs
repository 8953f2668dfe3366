//! The programs that write, and how they are started.

use super::contender::{Contender, Write as Record, stay_on_core};
use super::{BYTES, LEN, Place, random::mix};
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;
use std::{env, path::Path};

/// That are timed, for each thread: some 50 ms.
const EVENTS: u32 = 400_000;
/// An acknowledgement is of so many more: for each, and most kills would come between two events.
pub(crate) const BATCH: u64 = 16;
/// The bytes of an acknowledgement: the thread, and how many it has written.
pub(crate) const ACK: usize = 16;
/// No thread gets so far ahead of another one that it would overwrite all of that one's in a ring that both share.
const AHEAD: u64 = 2048;

/// Starts one that tells, through a pipe, what a call costs (`cost`), or what it has written (`acks`).
pub(crate) fn start(
    place: &Place,
    what: &str,
    contender: Contender,
    threads: usize,
) -> Result<Child, String> {
    let cannot = |error| format!("cannot start a program: {error}");
    let mut command = Command::new(env::current_exe().map_err(cannot)?);
    let contender_number = Contender::ALL.iter().position(|other| *other == contender);
    command
        .arg("writer")
        .arg(what)
        .arg(contender_number.unwrap_or(0).to_string())
        .arg(threads.to_string())
        .arg(&place.dir)
        .stdout(Stdio::piped());
    if contender.is_lttng() {
        command.env("LD_PRELOAD", &place.provider);
    }
    command.spawn().map_err(cannot)
}

/// This is one.
pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let &[what, contender, threads, dir] = arguments else {
        return Err(String::from("it is the harness that starts this"));
    };
    let number = |text: &str| text.parse().map_err(|_| format!("no number: {text}"));
    let (contender, threads): (usize, usize) = (number(contender)?, number(threads)?);
    let contender = Contender::ALL.get(contender).ok_or("no such contender")?;
    let record = contender.open(threads, Path::new(dir))?;
    match what {
        "cost" => super::say(&cost(&record, threads)?.to_string()),
        _ => acknowledge(&record, threads),
    }
}

/// The nanoseconds that a call takes the thread that makes it.
fn cost(record: &Record, threads: usize) -> Result<f64, String> {
    let bytes = message(0, 0);
    let line_up = Barrier::new(threads);
    let one = |thread| {
        stay_on_core(thread)?;
        // Once around what there is for it, so that all pages are there.
        for _ in 0..BYTES / LEN {
            record(&bytes);
        }
        line_up.wait();
        let began = Instant::now();
        for _ in 0..EVENTS {
            record(black_box(&bytes));
        }
        Ok(began.elapsed().as_secs_f64() * 1e9 / f64::from(EVENTS))
    };
    let each = on_threads(threads, one)?;
    Ok(each.iter().sum::<f64>() / each.len() as f64)
}

/// Writes messages, and acknowledges them when the calls have returned, until it is killed.
fn acknowledge(record: &Record, threads: usize) -> Result<(), String> {
    // Without the standard library's buffer.
    let pipe = io::stdout().as_fd().try_clone_to_owned();
    let pipe = &File::from(pipe.map_err(|error| error.to_string())?);
    let counts: Vec<_> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    let one = |core: usize| -> Result<(), String> {
        stay_on_core(core)?;
        let (thread, mut count) = (core as u64, 0);
        loop {
            for number in count..count + BATCH {
                record(&message(thread, number));
            }
            count += BATCH;
            counts[core].store(count, Relaxed);
            let mut ack = [0; ACK];
            ack[..8].copy_from_slice(&thread.to_le_bytes());
            ack[8..].copy_from_slice(&count.to_le_bytes());
            let mut pipe = pipe;
            // If the harness ends, so does this.
            pipe.write_all(&ack).map_err(|error| error.to_string())?;
            let is_ahead = |other: &AtomicU64| count > other.load(Relaxed) + AHEAD;
            while counts.iter().any(is_ahead) {
                thread::yield_now();
            }
        }
    };
    on_threads(threads, one).map(|_| ())
}

fn on_threads<R: Send>(
    count: usize,
    one: impl Fn(usize) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let one = &one;
    thread::scope(|scope| {
        let running: Vec<_> = (0..count)
            .map(|thread| scope.spawn(move || one(thread)))
            .collect();
        let done = running.into_iter();
        done.map(|thread| {
            thread
                .join()
                .unwrap_or(Err(String::from("a thread panics")))
        })
        .collect()
    })
}

/// A text of ASCII, all of which follows from whose it is and its number.
pub(crate) fn message(thread: u64, number: u64) -> [u8; LEN] {
    let mut text = [b' '; LEN];
    let mut rest = number;
    for digit in text[2..14].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text[0] = b'0' + (thread % 10) as u8;
    let mut word = 0;
    for (at, letter) in text[15..].iter_mut().enumerate() {
        if at % 16 == 0 {
            word = mix(number << 8 ^ thread ^ word);
        }
        *letter = b'a' + (word >> (at % 16 * 4) & 15) as u8;
    }
    text
}
