//! What the programs do that are killed, copied and followed.

use super::acks::acknowledge;
use super::plan::{Kind, Plan, Stamp, THREADS};
use super::random::mix;
use super::roles::Orders;
use circular_core::{Meta, Ring};
use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::AsFd;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

/// What a paced writer writes in a millisecond.
const PACE: u64 = 1000;

/// Ends this program, which was not told to die like that.
pub(crate) fn fail(what: &str) -> ! {
    let _ = writeln!(io::stderr(), "kills: a program fails: {what}");
    process::exit(3);
}

/// Makes the ring, and says where it is.
fn begin(orders: &Orders) -> io::Result<(Ring, File)> {
    if let Some(members) = &orders.cgroup {
        fs::write(members, "0")?;
    }
    let builder = Ring::builder().capacity(orders.plan.capacity);
    let ring = builder.mapped_in(&orders.dir, "kills").build();
    let ring = ring.map_err(io::Error::other)?;
    // Without the standard library's buffer.
    let mut pipe = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let handle = ring.handle();
    let path = handle.path().ok_or(io::ErrorKind::NotFound)?;
    writeln!(pipe, "{}", path.display())?;
    Ok((ring, pipe))
}

pub(crate) fn acknowledges(orders: &Orders) -> io::Result<()> {
    let (ring, pipe) = begin(orders)?;
    let (plan, asks) = (orders.plan, orders.asks);
    for thread in 0..THREADS {
        let (ring, pipe) = (ring.clone(), pipe.try_clone()?);
        thread::spawn(move || {
            let mut writer = Writer::new(ring, plan, thread);
            let handle = writer.ring.handle();
            loop {
                let floor = if asks { handle.cursor().seq() } else { 0 };
                let written = writer.write();
                let told = written.and_then(|stamp| acknowledge(&pipe, stamp, floor));
                if let Err(error) = told {
                    fail(&error.to_string());
                }
            }
        });
    }
    orders.death.come(orders.time);
    fail("it did not die")
}

pub(crate) fn flat_out(orders: &Orders) -> io::Result<()> {
    let (ring, pipe) = begin(orders)?;
    wait_for_go()?;
    let until = Instant::now() + orders.time;
    let writers: Vec<_> = (0..orders.threads)
        .map(|thread| {
            let mut writer = Writer::new(ring.clone(), orders.plan, thread);
            thread::spawn(move || {
                while Instant::now() < until {
                    for _ in 0..64 {
                        writer.write()?;
                    }
                }
                Ok(writer.number)
            })
        })
        .collect();
    let mut written = 0;
    for writer in writers {
        let ended = writer.join().unwrap_or_else(|_| fail("a thread panics"));
        written += ended.unwrap_or_else(|error: io::Error| fail(&error.to_string()));
    }
    say_written(ring, pipe, written)
}

pub(crate) fn paced(orders: &Orders) -> io::Result<()> {
    let (ring, pipe) = begin(orders)?;
    wait_for_go()?;
    let mut writer = Writer::new(ring.clone(), orders.plan, 0);
    let began = Instant::now();
    while began.elapsed() < orders.time {
        let due = u64::try_from(began.elapsed().as_millis()).unwrap_or(0) * PACE;
        while writer.number < due {
            writer.write()?;
        }
        thread::sleep(Duration::from_micros(200));
    }
    let written = writer.number;
    drop(writer);
    say_written(ring, pipe, written)
}

pub(crate) fn idle(orders: &Orders) -> io::Result<()> {
    let (ring, _pipe) = begin(orders)?;
    Writer::new(ring.clone(), orders.plan, 0).write()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    drop(ring);
    Ok(())
}

/// Whoever follows is there by now.
fn wait_for_go() -> io::Result<()> {
    io::stdin().read_exact(&mut [0])?;
    // If the harness ends, so does this.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    Ok(())
}

fn say_written(ring: Ring, mut pipe: File, written: u64) -> io::Result<()> {
    drop(ring);
    writeln!(pipe, "{written}")
}

/// One thread's records, one after the other.
struct Writer {
    ring: Ring,
    plan: Plan,
    thread: u64,
    number: u64,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(ring: Ring, plan: Plan, thread: u64) -> Self {
        Self {
            ring,
            plan,
            thread,
            number: 0,
            bytes: Vec::new(),
        }
    }

    fn write(&mut self) -> io::Result<Stamp> {
        let stamp = Stamp {
            thread: self.thread,
            number: self.number,
        };
        self.plan.fill(stamp, &mut self.bytes);
        let bytes = &self.bytes[..];
        match self.plan.level_and_target(stamp) {
            _ if self.plan.kind == Kind::Vectored => write_pieces(&mut self.ring, bytes, stamp)?,
            (None, _) => self.ring.write_all(bytes)?,
            (level, target) => {
                let meta = Meta::new().level(level).target(target);
                self.ring.record(meta, bytes)?;
            }
        }
        self.number += 1;
        Ok(stamp)
    }
}

/// In one write, from two to four pieces of which some may be empty.
fn write_pieces(ring: &mut Ring, bytes: &[u8], stamp: Stamp) -> io::Result<()> {
    let mut rest = bytes;
    let mut random = mix(stamp.number);
    let pieces = [0; 4].map(|_| {
        random = mix(random);
        let len = random % (rest.len() as u64 + 1);
        let (piece, later) = rest.split_at(usize::try_from(len).unwrap_or(0));
        rest = later;
        IoSlice::new(piece)
    });
    let all = [
        pieces[0],
        pieces[1],
        pieces[2],
        pieces[3],
        IoSlice::new(rest),
    ];
    match ring.write_vectored(&all)? {
        written if written == bytes.len() => Ok(()),
        written => Err(io::Error::other(format!(
            "{written} of {} bytes",
            bytes.len()
        ))),
    }
}
