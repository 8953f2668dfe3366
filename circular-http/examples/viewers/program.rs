//! The process that logs. Orders come as lines on its standard input, answers go to standard output.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use circular_core::{Level, Meta, Ring};
use circular_http::{Options, serve};
use circular_tracing::RingLayer;
use tracing::info;
use tracing_subscriber::prelude::*;

use crate::Result;

/// How long a viewer may take nothing.
pub(crate) const STALL: Duration = Duration::from_secs(30);

/// A record is written so often: 10,000 a second.
const PERIOD: Duration = Duration::from_micros(100);

/// What is written first, so that every page of the ring is there.
const WARM_UP: usize = 10 << 20;

/// Does as it is told, until there is nobody to tell it.
pub(crate) fn run() -> Result<()> {
    let ring = Ring::new(10 << 20)?;
    let options = Options::new()
        .addr(([127, 0, 0, 1], 0))
        .viewers(200)
        .stall_timeout(STALL);
    for _ in 0..=WARM_UP / 1024 {
        ring.record(Meta::new(), &[b'\n'; 1024])?;
    }
    tracing_subscriber::registry()
        .with(RingLayer::new(ring.clone()))
        .init();
    let server = serve(ring.handle(), options)?;
    let mut out = io::stdout();
    writeln!(out, "{}", server.local_addr())?;
    for order in io::stdin().lines() {
        let order = order?;
        match order.split_once(' ').unwrap_or((&order, "")) {
            ("write", millis) => writeln!(out, "{}", write(&ring, millis.parse()?)?)?,
            ("one", _) => info!(target: "program", "one"),
            ("close", _) => {
                ring.handle().close();
                writeln!(out, "{}", ring.handle().stats().written)?;
            }
            _ => return Err(format!("no such order: {order}").into()),
        }
    }
    Ok(())
}

/// Writes at the pace for so long, and tells how long writes took, in nanoseconds.
fn write(ring: &Ring, millis: u64) -> Result<String> {
    let meta = Meta::new().level(Level::Info).target("viewers");
    let mut took: Vec<u32> = Vec::with_capacity(usize::try_from(millis)? * 10 + 10);
    let mut text = [b'-'; 128];
    text[127] = b'\n';
    let began = Instant::now();
    let end = Duration::from_millis(millis);
    let mut due = Duration::ZERO;
    while due < end {
        let now = began.elapsed();
        if now < due {
            thread::sleep(due - now);
            continue;
        }
        let before = Instant::now();
        ring.record(meta, &text)?;
        took.push(u32::try_from(before.elapsed().as_nanos()).unwrap_or(u32::MAX));
        due += PERIOD;
    }
    let late = began.elapsed().saturating_sub(end);
    let mean = took.iter().map(|&nanos| f64::from(nanos)).sum::<f64>() / took.len() as f64;
    took.sort_unstable();
    let at = |permille: usize| took[(took.len() - 1) * permille / 1000];
    Ok(format!(
        "records={} late_ms={} mean={mean:.0} p50={} p90={} p99={} p999={} max={} resident_kib={}",
        took.len(),
        late.as_millis(),
        at(500),
        at(900),
        at(990),
        at(999),
        at(1000),
        resident_kib()?,
    ))
}

/// What the process has in memory.
fn resident_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The process, from outside.
pub(crate) struct Program {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) addr: SocketAddr,
    dropped: u64,
}

impl Program {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("program")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let addr = line.trim().parse()?;
        Ok(Self {
            child,
            orders,
            answers,
            addr,
            dropped: 0,
        })
    }

    fn order(&mut self, order: &str) -> Result<()> {
        let orders = self.orders.as_mut().ok_or("no standard input")?;
        Ok(writeln!(orders, "{order}")?)
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Lets it write for so long, and gives its report back.
    pub(crate) fn write_for(&mut self, time: Duration) -> Result<String> {
        self.order(&format!("write {}", time.as_millis()))?;
        self.answer()
    }

    pub(crate) fn write_one(&mut self) -> Result<()> {
        self.order("one")
    }

    /// Closes the ring, and tells how many records it has had.
    pub(crate) fn close(&mut self) -> Result<u64> {
        self.dropped = crate::stalled(self.addr)?;
        self.order("close")?;
        Ok(self.answer()?.parse()?)
    }

    /// How many viewers had been dropped when the ring was closed.
    pub(crate) fn dropped(&self) -> Result<u64> {
        Ok(self.dropped.max(crate::stalled(self.addr)?))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.orders.take();
        let _ = self.child.wait();
    }
}
