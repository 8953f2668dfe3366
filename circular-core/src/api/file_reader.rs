//! Readers of a ring in a file, for threads and for tasks.

use crate::error::{FileRecvError, OutOfMemory};
use crate::file::opened::Opened;
use crate::read::alarm::Alarm;
use crate::read::follow::{Followed, Follower};
use crate::read::watch::Watch;
use crate::record::cursor::Cursor;
use crate::record::level::Level;
use crate::record::missed::Missed;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::select::targets::Targets;
use crate::sys::sync;
use crate::tape::batch::Batch;
use crate::tape::image::Image;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// What a reader of a ring's file is to be like. Made by [`RingFile::reader`](crate::RingFile::reader).
#[derive(Clone)]
#[must_use = "it does nothing until `open` or `open_async` is called"]
pub struct FileReaderBuilder {
    opened: Arc<Opened>,
    alarm: Arc<Alarm>,
    start: Start,
    select: Select,
}

impl FileReaderBuilder {
    pub(crate) fn new(opened: Arc<Opened>, alarm: Arc<Alarm>) -> Self {
        Self {
            opened,
            alarm,
            start: Start::default(),
            select: Select::default(),
        }
    }

    /// Sets where it begins; [`Start::Oldest`] by default.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Filters out the records below `level`. Records without a level always pass.
    pub fn at_least(mut self, level: Level) -> Self {
        self.select.least = Some(level);
        self
    }

    /// Filters out the records that `targets` does not want. Records without a level always pass. With
    /// [`at_least`](Self::at_least), both must be content.
    pub fn filter(mut self, targets: Targets) -> Self {
        self.select.targets = Some(Arc::new(targets));
        self
    }

    /// Returns a reader for this thread.
    ///
    /// Where there is no memory for its buffers, some 128 KiB, it aborts, as the standard library's collections do;
    /// [`try_open`](Self::try_open) does not.
    pub fn open(self) -> FileReader {
        self.try_open().unwrap_or_else(|error| error.abort())
    }

    /// Does what [`open`](Self::open) does, or returns an error.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is no memory for its buffers.
    pub fn try_open(self) -> Result<FileReader, OutOfMemory> {
        let opened = self.opened;
        let image = Image::new(Arc::clone(&opened), opened.layout(), opened.is_copy());
        let ring = opened.identity().ring;
        Ok(FileReader {
            follower: Follower::begin(image, ring, self.start, self.select)?,
            watch: Watch::new(),
            opened,
        })
    }

    /// Returns a reader for an asynchronous task. It holds no thread while it waits: there is one for all that follow
    /// the same [`RingFile`](crate::RingFile), as long as any of them waits.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is no memory for its buffers.
    pub fn open_async(self) -> Result<AsyncFileReader, OutOfMemory> {
        let alarm = Arc::clone(&self.alarm);
        Ok(AsyncFileReader {
            reader: self.try_open()?,
            alarm,
            asleep: None,
        })
    }
}

impl fmt::Debug for FileReaderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReaderBuilder")
            .field("start", &self.start)
            .field("at_least", &self.select.least)
            .field("filter", &self.select.targets)
            .finish_non_exhaustive()
    }
}

/// A reader of a ring in a file, on the thread that asks for records.
///
/// Writers know nothing of it and never wait for it. One that is too slow goes on half a ring behind the newest record,
/// and [`Batch::missed`] tells exactly how much it missed. It looks for new records again and again: the longer there were
/// none, the longer it looks away, a tenth of a second at most.
///
/// When the ring's program has ended, in whatever way, it gets what is left and then
/// [`Ended`](FileRecvError::Ended): at once if the ring was closed or the program has come to its end, and about a second
/// later if it was killed.
#[must_use = "it does nothing until it is asked for records"]
pub struct FileReader {
    opened: Arc<Opened>,
    follower: Follower<Arc<Opened>>,
    watch: Watch,
}

/// What a look at the file has brought.
enum Look {
    Found,
    Nothing,
    /// Nothing so far, and there is more to look at.
    More,
}

impl FileReader {
    /// Waits for the next batch, and returns it.
    ///
    /// # Errors
    ///
    /// [`FileRecvError::Ended`] if there will be none, [`FileRecvError::Io`] if the file cannot be read any more.
    pub fn recv(&mut self) -> Result<Batch<'_>, FileRecvError> {
        self.wait(None)
    }

    /// Returns the next batch, if there is one at once.
    ///
    /// # Errors
    ///
    /// [`FileRecvError::Empty`] if there is none yet, else as [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<Batch<'_>, FileRecvError> {
        self.look()?;
        Ok(self.received())
    }

    /// Waits for the next batch, but no longer than `timeout`, and returns it.
    ///
    /// # Errors
    ///
    /// [`FileRecvError::Empty`] if there is none in time, else as [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Batch<'_>, FileRecvError> {
        self.wait(sync::now().checked_add(timeout))
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Batch<'_>, FileRecvError> {
        loop {
            match self.look() {
                Ok(()) => return Ok(self.received()),
                Err(FileRecvError::Empty) => {}
                Err(error) => return Err(error),
            }
            let nap = self.watch.nap();
            let left = until.map(|until| until.saturating_duration_since(sync::now()));
            match left {
                Some(Duration::ZERO) => return Err(FileRecvError::Empty),
                Some(left) => thread::sleep(nap.min(left)),
                None => thread::sleep(nap),
            }
        }
    }

    /// Copies the next batch into the buffer, if there is one.
    fn look(&mut self) -> Result<(), FileRecvError> {
        loop {
            match self.look_on()? {
                Look::Found => return Ok(()),
                Look::Nothing => return Err(FileRecvError::Empty),
                Look::More => {}
            }
        }
    }

    /// The same, up to where it has done so much that others may have their turn.
    fn look_on(&mut self) -> Result<Look, FileRecvError> {
        loop {
            match self.follower.next().map_err(FileRecvError::Io)? {
                Followed::Batch => {
                    self.watch.note_activity();
                    return Ok(Look::Found);
                }
                Followed::More => {
                    self.watch.note_activity();
                    return Ok(Look::More);
                }
                Followed::Drained => {}
            }
            if self.watch.has_ended() {
                return Err(FileRecvError::Ended);
            }
            // Once more, for what was written before the end.
            if !self.watch.ask(&self.opened).map_err(FileRecvError::Io)? {
                return Ok(Look::Nothing);
            }
        }
    }

    fn received(&mut self) -> Batch<'_> {
        let missed = self.follower.take_untold();
        Batch {
            missed,
            ..self.batch()
        }
    }

    /// Returns the batch that was received last once more, for code that goes through it in several steps. It
    /// tells of no loss a second time, and is empty as soon as the next is asked for.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            missed: Missed::default(),
            end: self.follower.cursor(),
            buffer: self.follower.buffer(),
        }
    }

    /// Returns the place behind the last batch that was received: where [`Start::After`] goes on, for a reader of this
    /// kind or one of the program itself.
    pub fn cursor(&self) -> Cursor {
        self.follower.cursor()
    }

    /// Returns what was missed in all.
    pub fn missed(&self) -> Missed {
        self.follower.missed()
    }

    /// Returns how many times nothing could be read where a record should be: the file is damaged, or it is a copy that was
    /// made while all of it was overwritten. What lies up to the next place that can be found is told as missed.
    pub fn damaged(&self) -> u64 {
        self.follower.damaged()
    }

    /// Returns whether it was to start after a cursor that this ring never had, and so began at the oldest
    /// record.
    pub fn restarted(&self) -> bool {
        self.follower.restarted()
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("cursor", &self.cursor())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}

/// A reader of a ring in a file for an asynchronous task, of any runtime or none; for the rest as [`FileReader`].
#[must_use = "it does nothing until it is asked for records"]
pub struct AsyncFileReader {
    reader: FileReader,
    alarm: Arc<Alarm>,
    /// Who is woken, and when, if that was asked for.
    asleep: Option<(Instant, Waker)>,
}

impl AsyncFileReader {
    /// Waits for the next batch, and returns it. It is cancel safe: dropping a call, in a `select!` say, loses nothing.
    ///
    /// # Errors
    ///
    /// As [`FileReader::recv`]; and [`FileRecvError::Io`] if there is no thread to wake the task.
    pub async fn recv(&mut self) -> Result<Batch<'_>, FileRecvError> {
        poll_fn(|context| self.poll_look(context)).await?;
        Ok(self.reader.received())
    }

    /// Does what [`recv`](Self::recv) does, for code that polls by itself.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn poll_recv(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Batch<'_>, FileRecvError>> {
        match self.poll_look(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(self.reader.received())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Returns the batch that was received last once more, for code that goes through it in several steps. It
    /// tells of no loss a second time, and is empty as soon as the next is waited for.
    pub fn batch(&self) -> Batch<'_> {
        self.reader.batch()
    }

    fn poll_look(&mut self, context: &mut Context<'_>) -> Poll<Result<(), FileRecvError>> {
        match self.reader.look_on() {
            Ok(Look::Found) => return Poll::Ready(Ok(())),
            Ok(Look::Nothing) => {}
            Ok(Look::More) => {
                // At once, when other tasks have had their turn.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
        let (now, waker) = (sync::now(), context.waker());
        let is_set = |(when, set): &(Instant, Waker)| *when > now && set.will_wake(waker);
        if !self.asleep.as_ref().is_some_and(is_set) {
            let when = now + self.reader.watch.nap();
            let set = self.alarm.wake_at(when, waker.clone());
            set.map_err(FileRecvError::Io)?;
            self.asleep = Some((when, waker.clone()));
        }
        Poll::Pending
    }

    /// Returns the place behind the last batch, as [`FileReader::cursor`].
    pub fn cursor(&self) -> Cursor {
        self.reader.cursor()
    }

    /// Returns what was missed in all.
    pub fn missed(&self) -> Missed {
        self.reader.missed()
    }

    /// Returns how many times nothing could be read, as [`FileReader::damaged`].
    pub fn damaged(&self) -> u64 {
        self.reader.damaged()
    }

    /// Returns whether it began at the oldest record for want of its cursor, as [`FileReader::restarted`].
    pub fn restarted(&self) -> bool {
        self.reader.restarted()
    }
}

impl fmt::Debug for AsyncFileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFileReader")
            .field("cursor", &self.cursor())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}
