//! What viewers cost a program that logs, and what floods of connections do to it.
//!
//! ```text
//! ci/viewers.sh      # half a minute for each part
//! ci/viewers.sh 5    # or as many seconds
//! ```
//!
//! The program that logs is one process, `viewers program`; those who look at it are another, this one:
//! so what the first one takes is its own. Each part prints its figures. What must be true whatever the
//! machine does is checked: each viewer's received and missed records are what was written, those that
//! never read are dropped and counted, the log is there during a flood and what is written meanwhile is
//! in it.
//!
//! | file | what it holds |
//! |---|---|
//! | `main.rs` | the parts, and their figures |
//! | `program.rs` | the process that logs |
//! | `looker.rs` | clients: fast, slow, and such that never read; `curl` |

mod looker;
mod program;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use looker::{Curl, Looker, Pace};
use program::Program;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Viewers in all, and of these the slow ones and those that never read.
const VIEWERS: usize = 100;
const SLOW: usize = 10;
const STUCK: usize = 20;

const FLOOD: usize = 10_000;
const LATENCIES: usize = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("program") => program::run(),
        seconds => measure(
            seconds
                .and_then(|seconds| seconds.parse().ok())
                .unwrap_or(30),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "viewers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(seconds: u64) -> Result<()> {
    let time = Duration::from_secs(seconds);
    say(&format!(
        "{VIEWERS} busy threads beside a program that writes, for {seconds} s"
    ))?;
    let busy = with_busy_threads(time)?;
    say(&format!(
        "{VIEWERS} viewers instead, {SLOW} of them reading 1 KiB/s, {STUCK} never reading"
    ))?;
    let viewed = with_viewers(time)?;
    let ratio = viewed.mean_nanos / busy.mean_nanos;
    let more = viewed.resident_kib as f64 / 1024.0 - busy.resident_kib as f64 / 1024.0;
    say(&format!(
        "  a write takes {ratio:.2} times as long on average (wanted: at most 1.5)"
    ))?;
    say(&format!(
        "  the program takes {more:.1} MiB more (wanted: at most 16)"
    ))?;
    latency()?;
    flood()
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// What a run of the program has to say.
struct Run {
    mean_nanos: f64,
    resident_kib: u64,
}

impl Run {
    fn of(report: &str) -> Result<Self> {
        say(&format!("  {report}"))?;
        let field = |name: &str| {
            let value = report.split(' ').find_map(|field| field.strip_prefix(name));
            value.ok_or_else(|| format!("no {name} in {report:?}"))
        };
        Ok(Self {
            mean_nanos: field("mean=")?.parse()?,
            resident_kib: field("resident_kib=")?.parse()?,
        })
    }
}

fn with_busy_threads(time: Duration) -> Result<Run> {
    let mut program = Program::start()?;
    let stop = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..VIEWERS)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || while !stop.load(Relaxed) {})
        })
        .collect();
    let report = program.write_for(time);
    stop.store(true, Relaxed);
    for thread in busy {
        thread.join().map_err(|_| "a busy thread panicked")?;
    }
    Run::of(&report?)
}

fn with_viewers(time: Duration) -> Result<Run> {
    let mut program = Program::start()?;
    let addr = program.addr;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut lookers = Vec::new();
    for number in 0..VIEWERS {
        let pace = match number {
            number if number < STUCK => Pace::Never,
            number if number < STUCK + SLOW => Pace::Slow,
            _ => Pace::Fast,
        };
        let looker = Looker::connect(addr, pace)?;
        let is_over = Arc::clone(&is_over);
        lookers.push(thread::spawn(move || looker.look(&is_over)));
    }
    let report = program.write_for(time)?;
    // Those that never read have had time enough, once the last has blocked for as long as it may.
    let deadline = Instant::now() + program::STALL + Duration::from_secs(30);
    while stalled(addr)? < STUCK as u64 {
        if Instant::now() > deadline {
            return Err(format!("{} of {STUCK} stuck viewers were dropped", stalled(addr)?).into());
        }
        thread::sleep(Duration::from_millis(100));
    }
    is_over.store(true, Relaxed);
    let written = program.close()?;
    let (mut received, mut missed) = (0, 0);
    for (number, looker) in lookers.into_iter().enumerate() {
        let had = looker.join().map_err(|_| "a viewer panicked")??;
        let Some(had) = had else { continue };
        if had.received + had.missed != written {
            return Err(format!("viewer {number}: {had:?} of {written}").into());
        }
        received += had.received;
        missed += had.missed;
    }
    let dropped = program.dropped()?;
    if dropped != STUCK as u64 {
        return Err(format!("{dropped} viewers were dropped, and not {STUCK}").into());
    }
    say(&format!(
        "  {written} records: viewers received {received} and missed {missed}; {dropped} were dropped"
    ))?;
    Run::of(&report)
}

/// How many viewers were dropped, as the statistics say.
fn stalled(addr: SocketAddr) -> Result<u64> {
    statistic(addr, "circular_viewers_stalled_total")
}

/// How many records were written, the same.
fn written(addr: SocketAddr) -> Result<u64> {
    statistic(addr, "circular_records_written_total")
}

/// How many look just now, the same.
fn viewers(addr: SocketAddr) -> Result<u64> {
    statistic(addr, "circular_viewers")
}

fn statistic(addr: SocketAddr, name: &str) -> Result<u64> {
    let text = looker::get(addr, "/debug/log/stats?format=prometheus")?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.ok_or_else(|| format!("no {name}"))?.parse()?)
}

/// From `info!` to the line in `curl`.
fn latency() -> Result<()> {
    let mut program = Program::start()?;
    let mut curl = Curl::start(program.addr)?;
    let mut took = Vec::new();
    for _ in 0..LATENCIES {
        // As in life: not right after the one before.
        thread::sleep(Duration::from_millis(7));
        let began = Instant::now();
        program.write_one()?;
        let line = curl.line()?;
        took.push(began.elapsed());
        if !line.ends_with("INFO program: one\n") {
            return Err(format!("curl got {line:?}").into());
        }
    }
    took.sort_unstable();
    say(&format!(
        "from the order to call info! to the line in curl: median {:?}, 99 % {:?} (wanted: a median under 5 ms)",
        took[LATENCIES / 2],
        took[LATENCIES * 99 / 100]
    ))
}

/// Connections that ask for nothing, or for half of something.
fn flood() -> Result<()> {
    let mut program = Program::start()?;
    let addr = program.addr;
    let mut looker = Looker::connect(addr, Pace::Fast)?;
    let began = Instant::now();
    let (mut open, mut slowest) = (Vec::new(), Duration::ZERO);
    for number in 1..=FLOOD {
        let mut stream = TcpStream::connect(addr)?;
        if number % 2 == 0 {
            // It may be gone already.
            let _ = stream.write_all(b"GET /debug/log HTTP/1.1\r\nhost: loc");
        }
        open.push(stream);
        if number % 1000 == 0 {
            program.write_one()?;
            looker.line()?;
            let asked = Instant::now();
            let shown = looker::get(addr, "/debug/log?tail=1")?;
            slowest = slowest.max(asked.elapsed());
            if !shown.ends_with("INFO program: one\n") {
                return Err(format!("during a flood, the log is {shown:?}").into());
            }
        }
    }
    say(&format!(
        "{FLOOD} connections in {:?}: the log was there, the slowest answer took {slowest:?}",
        began.elapsed()
    ))
}
