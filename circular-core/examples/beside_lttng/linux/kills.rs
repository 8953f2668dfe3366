//! The same kills for both, and what their buffers hold then.

use super::contender::Contender;
use super::judge::{Found, judge};
use super::progress::Progress;
use super::random::Random;
use super::session::{self, Session};
use super::{BYTES, LEN, Place, say, writer};
use circular_core::{RingFile, Timestamp};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

const THREADS: usize = 2;

/// What was found in one way, of all runs.
struct Way {
    name: &'static str,
    found: Vec<Found>,
    times: Vec<Duration>,
}

pub(crate) fn run(place: &Place, runs: u64, random: &mut Random) -> Result<(), String> {
    let way = |name| Way {
        name,
        found: Vec::new(),
        times: Vec::new(),
    };
    let mut ring = way("circular, `RingFile`");
    let mut crash = way("LTTng, `lttng-crash`");
    let mut snapshot = way("LTTng, `lttng snapshot` of the daemon");
    let text = place.dir.join("text");
    let mut progress = Progress::on_stderr();
    for run in 0..runs {
        progress.show(|| format!("beside_lttng: kills, {run} of {runs}"));
        let until = Duration::from_micros(random.below(150_000));

        let counts = kill(place, Contender::Ring, until)?;
        ring.note(&text, &counts, || shown(&place.dir, &text))?;

        let session = Session::start(&place.dir, &format!("kill-{run}"))?;
        let counts = kill(place, Contender::LttngText, until)?;
        crash.note(&text, &counts, || session.recover(&text))?;
        snapshot.note(&text, &counts, || session.snapshot(&text))?;
    }
    progress.clear();
    say(&format!(
        "{runs} kills\n\n| | acknowledged | there | lost | torn | invented | text held, median and least | to text |\n\
         |---|---|---|---|---|---|---|---|"
    ))?;
    [ring, crash, snapshot]
        .iter()
        .try_for_each(|way| say(&way.row()))
}

/// Lets a program write, kills it, and returns how many messages each thread has acknowledged.
fn kill(place: &Place, contender: Contender, until: Duration) -> Result<Vec<u64>, String> {
    let mut program = writer::start(place, "acks", contender, THREADS)?;
    let mut pipe = program.stdout.take().ok_or("no pipe")?;
    let mut first = [0; writer::ACK];
    let begun = pipe.read_exact(&mut first);
    begun.map_err(|_| format!("{} writes nothing", contender.name()))?;
    let acks = thread::spawn(move || {
        let mut acks = first.to_vec();
        pipe.read_to_end(&mut acks).map(|_| acks)
    });
    thread::sleep(until);
    let ended = program.kill().and_then(|()| program.wait());
    ended.map_err(|error| format!("cannot kill a program: {error}"))?;
    let acks = acks.join().map_err(|_| "the thread that reads panics")?;
    let acks = acks.map_err(|error| format!("cannot read acknowledgements: {error}"))?;
    let mut counts = vec![0; THREADS];
    for ack in acks.chunks_exact(writer::ACK) {
        let count = ack[8..].try_into().map(u64::from_le_bytes);
        // There are less than 256 threads.
        counts[usize::from(ack[0])] = count.unwrap_or(0);
    }
    Ok(counts)
}

/// As others do it, in a program of its own.
fn shown(dir: &Path, to: &Path) -> Result<(), String> {
    let rings = RingFile::list(dir).map_err(|error| error.to_string())?;
    let [ring] = &rings[..] else {
        return Err(format!("{} rings are there instead of one", rings.len()));
    };
    let cannot = |error: io::Error| format!("cannot show a ring: {error}");
    let program = env::current_exe().map_err(cannot)?;
    let to = File::create(to).map_err(cannot)?;
    session::run(Command::new(program).arg("text").arg(&ring.path).stdout(to))
}

/// This is that program.
pub(crate) fn print(ring: &str) -> Result<(), String> {
    let file = RingFile::open(ring).map_err(|error| error.to_string())?;
    let snapshot = file.snapshot().map_err(|error| error.to_string())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = snapshot.records().try_for_each(|record| {
        let (time, target, text) = (
            Timestamp::new(record.time()),
            record.target(),
            record.text(),
        );
        let level = record.level().map_or("", |level| level.as_str());
        writeln!(out, "{time} {level} {target}: \"{text}\"")
    });
    let printed = printed.and_then(|()| out.flush());
    printed.map_err(|error| format!("cannot print a ring: {error}"))
}

impl Way {
    /// Makes the text, and looks at it.
    fn note(
        &mut self,
        text: &Path,
        counts: &[u64],
        make: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let began = Instant::now();
        make()?;
        self.times.push(began.elapsed());
        let text = fs::read_to_string(text);
        let text = text.map_err(|error| format!("cannot read {}'s text: {error}", self.name))?;
        self.found.push(judge(&text, counts));
        Ok(())
    }

    fn row(&self) -> String {
        let sum = |of: fn(&Found) -> u64| self.found.iter().map(of).sum::<u64>();
        let share = |found: &Found| found.messages * LEN as u64 * 100 / (THREADS * BYTES) as u64;
        // Where more was written than fits.
        let fits = (THREADS * BYTES / LEN) as u64;
        let full = self.found.iter().filter(|found| found.acknowledged > fits);
        let mut shares: Vec<_> = full.map(share).collect();
        shares.sort_unstable();
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |shares: &[u64], at: usize| {
            shares
                .get(at)
                .map_or("-".into(), |share| format!("{share} %"))
        };
        let losing = self.found.iter().filter(|found| found.lost > 0).count();
        format!(
            "| {} | {} | {} | {} in {losing} kills | {} | {} | {}, {} | {:.0?} |",
            self.name,
            sum(|found| found.acknowledged),
            sum(|found| found.messages),
            sum(|found| found.lost),
            sum(|found| found.torn),
            sum(|found| found.invented),
            at(&shares, shares.len() / 2),
            at(&shares, 0),
            times[times.len() / 2],
        )
    }
}
