//! The thread that records what all streams of a command have.
//!
//! Invariant: what came first is recorded first, whichever stream it came from. So there is one backlog for all, and whoever passes
//! a stream on puts each piece there before it goes on, as that may take as long as a reader likes.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crate::run::backlog::{Backlog, Next, Piece, Work};
use crate::run::lines::Lines;
use crate::run::recorder::Recorder;

/// How long it is waited at most until what was printed just before to the first stream has been read: whoever reads that may be
/// held up by where it goes, and is waited for once then, until it goes on.
const UNTIL_READ: Duration = Duration::from_millis(200);
/// How often it is looked.
const LOOK: Duration = Duration::from_micros(50);

/// How a stream is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) target: &'static str,
    /// The command writes to a terminal, which puts a carriage return before each line's end: that is not recorded.
    pub(crate) has_returns: bool,
}

/// A thread that records until all streams have ended.
#[derive(Debug)]
pub(crate) struct Recording(JoinHandle<()>);

/// Takes what one stream has. When it is dropped, that has ended.
#[derive(Debug)]
pub(crate) struct Feed {
    backlog: Arc<Backlog>,
    stream: usize,
    first: Arc<First>,
}

/// How much was read of a stream.
#[derive(Debug, Default)]
struct Read {
    bytes: u64,
    /// It was waited for in vain when it was so much.
    held_up_at: Option<u64>,
}

/// The stream that is taken for the earlier one where nobody can tell.
#[derive(Debug)]
struct First {
    /// What it is read from, as long as that is open. It is looked at, and not kept open: its closing tells the command that
    /// nobody reads.
    from: Weak<OwnedFd>,
    /// Held from before something is read until it is in the backlog.
    read: Mutex<Read>,
    /// Nobody reads it any more.
    is_left: AtomicBool,
}

impl Recording {
    /// Begins, and returns a feed for each stream. What is printed to the first, which is read from `first`, and to another is taken
    /// for printed to the first one first, where nobody can tell: what a program says of its end on standard error is then behind what it printed
    /// until there.
    pub(crate) fn start(
        recorder: &Recorder,
        streams: Vec<Heard>,
        first: Option<&Arc<OwnedFd>>,
    ) -> (Self, Vec<Feed>) {
        let backlog = recorder.backlog(streams.len());
        let first = Arc::new(First {
            from: first.map(Arc::downgrade).unwrap_or_default(),
            read: Mutex::default(),
            is_left: AtomicBool::new(false),
        });
        let feed = |stream| Feed {
            backlog: Arc::clone(&backlog),
            stream,
            first: Arc::clone(&first),
        };
        let feeds = (0..streams.len()).map(feed).collect();
        let recorder = recorder.clone();
        let thread = thread::spawn(move || record(&backlog, &recorder, &streams));
        (Self(thread), feeds)
    }

    /// Waits until all is recorded, which is when all feeds are gone.
    pub(crate) fn join(self) {
        let _ = self.0.join();
    }
}

impl Feed {
    /// Reads what is there into `piece`, and has that recorded; returns how much it is.
    pub(crate) fn read(&self, from: &OwnedFd, piece: &mut [u8]) -> io::Result<usize> {
        if self.stream == 0 {
            let mut read = self.first.lock();
            let count = rustix::io::read(from, &mut *piece)?;
            read.bytes += count as u64;
            self.push(&piece[..count]);
            return Ok(count);
        }
        let count = rustix::io::read(from, &mut *piece)?;
        let _read = self.first.caught_up();
        self.push(&piece[..count]);
        Ok(count)
    }

    fn push(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.backlog.push(self.stream, SystemTime::now(), bytes);
        }
    }
}

impl First {
    fn lock(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what is there has been read, or a while, and keeps further reads off.
    fn caught_up(&self) -> MutexGuard<'_, Read> {
        let began = Instant::now();
        let mut read = self.lock();
        let from = self.from.upgrade();
        let unread = from.map_or(0, |from| rustix::io::ioctl_fionread(&*from).unwrap_or(0));
        let wanted = read.bytes + unread;
        while read.bytes < wanted && !self.is_left.load(Relaxed) {
            if read.held_up_at == Some(read.bytes) {
                break;
            }
            if began.elapsed() > UNTIL_READ {
                read.held_up_at = Some(read.bytes);
                break;
            }
            drop(read);
            thread::sleep(LOOK);
            read = self.lock();
        }
        read
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if self.stream == 0 {
            self.first.is_left.store(true, Relaxed);
        }
        self.backlog.close();
    }
}

/// What there is of a stream.
#[derive(Debug, Default)]
struct Taken {
    lines: Lines,
    /// When the last of it came.
    last: Option<SystemTime>,
    /// How many bytes were lost of it in all, and whether that is still to be told.
    lost: u64,
    is_untold: bool,
}

/// Records what was read, line by line. Of a line that is not finished for a while, such as a prompt, what there is of it is
/// recorded then, and the rest by itself.
fn record(backlog: &Backlog, recorder: &Recorder, streams: &[Heard]) {
    let mut taken: Vec<Taken> = streams.iter().map(|_| Taken::default()).collect();
    let mut work = Work::begun();
    loop {
        match backlog.next(&mut work, due(&taken, recorder)) {
            Next::Piece(piece) => {
                let stream = piece.stream;
                take(&mut taken[stream], &streams[stream], recorder, &piece);
                backlog.give_back(piece);
            }
            Next::Lost { stream, bytes } => {
                lose(&mut taken[stream], &streams[stream], recorder, bytes);
            }
            Next::Nothing => {
                for (taken, heard) in taken.iter_mut().zip(streams) {
                    // The notices of a flood may be overwritten by what came in it.
                    tell_in_all(taken, heard, recorder);
                    let is_due = |begun: Instant| begun.elapsed() >= recorder.unfinished_after();
                    if taken.lines.begun().is_some_and(is_due) {
                        end_line(taken, heard, recorder);
                    }
                }
            }
            Next::End => break,
        }
    }
    for (taken, heard) in taken.iter_mut().zip(streams) {
        end_line(taken, heard, recorder);
        tell_in_all(taken, heard, recorder);
    }
    backlog.set_recorded();
}

/// When something is to be done if nothing comes.
fn due(taken: &[Taken], recorder: &Recorder) -> Option<Instant> {
    if taken.iter().any(|taken| taken.is_untold) {
        return Some(Instant::now());
    }
    let begun = taken.iter().filter_map(|taken| taken.lines.begun()).min();
    begun.map(|begun| begun + recorder.unfinished_after())
}

fn take(taken: &mut Taken, heard: &Heard, recorder: &Recorder, piece: &Piece) {
    let mut bytes = &piece.bytes[..];
    taken.last = Some(piece.time);
    if piece.lost > 0 {
        // What there is of the line amid which it goes on is none.
        let rest = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
        lose(taken, heard, recorder, piece.lost + rest as u64);
        bytes = &bytes[rest..];
    }
    let record = line_at(piece.time, heard, recorder);
    taken.lines.push(bytes, Instant::now(), record);
}

fn lose(taken: &mut Taken, heard: &Heard, recorder: &Recorder, lost: u64) {
    end_line(taken, heard, recorder);
    let last = *taken.last.get_or_insert_with(SystemTime::now);
    tell(recorder, last, heard, lost, "");
    taken.lost += lost;
    taken.is_untold = true;
}

fn end_line(taken: &mut Taken, heard: &Heard, recorder: &Recorder) {
    if let Some(last) = taken.last {
        taken.lines.end(line_at(last, heard, recorder));
    }
}

/// What records a line that came then.
fn line_at(time: SystemTime, heard: &Heard, recorder: &Recorder) -> impl FnMut(&[u8]) {
    move |line: &[u8]| match line.strip_suffix(b"\r\n") {
        Some(text) if heard.has_returns => {
            recorder.line(heard.target, time, &[text, b"\n"].concat());
        }
        _ => recorder.line(heard.target, time, line),
    }
}

fn tell_in_all(taken: &mut Taken, heard: &Heard, recorder: &Recorder) {
    if let Some(last) = taken.last.filter(|_| taken.is_untold) {
        tell(recorder, last, heard, taken.lost, "in all ");
        taken.is_untold = false;
    }
}

/// Records that something is not recorded.
fn tell(recorder: &Recorder, time: SystemTime, heard: &Heard, lost: u64, how: &str) {
    let target = heard.target;
    recorder.notice(
        time,
        &format!("{lost} bytes of {target} {how}came faster than they could be recorded"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::recorder::of_test;
    use circular_core::{Level, RingFile};

    fn heard(target: &'static str) -> Heard {
        Heard {
            target,
            has_returns: false,
        }
    }

    /// Targets and texts of what was recorded in `dir`, which goes.
    fn recorded(dir: &std::path::Path) -> Vec<(String, String)> {
        let ring = RingFile::list(dir).unwrap().remove(0).ring.unwrap();
        let held = ring.snapshot().unwrap();
        let texts = held
            .records()
            .map(|record| (record.target().to_owned(), record.text().into_owned()));
        let texts = texts.collect();
        std::fs::remove_dir_all(dir).unwrap();
        texts
    }

    fn pair(target: &str, text: &str) -> (String, String) {
        (target.to_owned(), text.to_owned())
    }

    #[test]
    fn what_came_first_is_recorded_first_whichever_stream_it_came_from() {
        let (recorder, dir) = of_test("streams");
        let streams = vec![heard("stdout"), heard("stderr")];
        let (recording, feeds) = Recording::start(&recorder, streams, None);
        let mut expected = Vec::new();
        for number in 0..200 {
            // Halves of lines are put together, each in its own stream.
            feeds[0].push(format!("out {number}\nha").as_bytes());
            feeds[1].push(format!("err {number}\n").as_bytes());
            feeds[0].push(b"lf\n");
            expected.push(pair("stdout", &format!("out {number}\n")));
            expected.push(pair("stderr", &format!("err {number}\n")));
            expected.push(pair("stdout", "half\n"));
        }
        drop(feeds);
        recording.join();
        assert_eq!(recorded(&dir), expected);
    }

    #[test]
    fn what_a_flood_has_lost_in_all_is_told_behind_it() {
        let (recorder, dir) = of_test("relay");
        // Both lines fill it, and neither alone does.
        let backlog = Backlog::new(24, 1);
        // Of each, the first two are lost, and of the third what there is of a line.
        for _ in 0..2 {
            for piece in ["aaaa", "bbbb", "cc\n", "dddddd\n"] {
                backlog.push(0, SystemTime::now(), piece.as_bytes());
            }
        }
        backlog.close();
        record(&backlog, &recorder, &[heard("stdout")]);
        let lost = 2 * 18 - "dddddd\n".len();
        let notice = |how| {
            let text = "came faster than they could be recorded";
            pair(
                "circular",
                &format!("--- {lost} bytes of stdout {how}{text} ---\n"),
            )
        };
        let ring = RingFile::list(&dir).unwrap().remove(0).ring.unwrap();
        let first = ring.snapshot().unwrap().records().next().unwrap().level();
        assert_eq!(first, Some(Level::Warn));
        let expected = [notice(""), pair("stdout", "dddddd\n"), notice("in all ")];
        assert_eq!(recorded(&dir), expected);
    }

    /// As when a program floods one and ends with a word on the other.
    #[test]
    fn last_words_are_behind_a_flood_and_a_loss_is_told_of_the_stream_that_has_it() {
        let (recorder, dir) = of_test("words");
        let backlog = Backlog::new(10, 2);
        for piece in ["aaaa", "bbbb", "cc\n", "ddd\n"] {
            backlog.push(0, SystemTime::now(), piece.as_bytes());
        }
        backlog.push(1, SystemTime::now(), b"FATAL\n");
        backlog.close();
        backlog.close();
        record(&backlog, &recorder, &[heard("stdout"), heard("stderr")]);
        let texts = recorded(&dir);
        let stderr = texts.iter().position(|(target, _)| target == "stderr");
        let stdout = texts.iter().rposition(|(target, _)| target == "stdout");
        assert!(stdout < stderr, "{texts:?}");
        let mut notices = texts.iter().filter(|(target, _)| target == "circular");
        assert!(
            notices.all(|(_, text)| text.contains(" of stdout ")),
            "{texts:?}"
        );
    }
}
