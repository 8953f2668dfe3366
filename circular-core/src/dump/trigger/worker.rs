//! A trigger's thread: from one dump to the next.
//!
//! Invariant: the place that the next dump begins at moves on only behind what is in a file that is
//! whole, or what a sink has taken.

use super::request::{self, DumpRequest, Present, RateLimit};
use crate::dump::file::dir::DumpDir;
use crate::dump::select::DumpSelect;
use crate::dump::write::{self, Piece};
use crate::error::OutOfMemory;
use crate::sink::feed::SinkWriter;
use crate::sink::notice::Notice;
use crate::sys::no_wait::{InRing, NoWait};
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use std::io::{self, Write};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

/// Where dumps go.
pub(super) enum Destination {
    Dir(DumpDir),
    Sink(Box<dyn Write + Send>),
}

pub(super) struct Worker {
    request: Arc<DumpRequest>,
    rate_limit: RateLimit,
    select: DumpSelect,
    buffer: Buffer,
    /// Where the last dump ended.
    from: Option<Position>,
}

impl Worker {
    pub(super) fn new(
        request: Arc<DumpRequest>,
        rate_limit: RateLimit,
        select: DumpSelect,
    ) -> Result<Self, OutOfMemory> {
        let buffer = select.buffer(request.shared().tape.capacity())?;
        Ok(Self {
            request,
            rate_limit,
            select,
            buffer,
            from: None,
        })
    }

    /// Makes dumps until there will be none any more.
    pub(super) fn run(self, to: Destination, present: Present) {
        request::enter_own_thread();
        // Dropped in reverse: who waits for this thread waits for the sink to be gone, and nothing that
        // the sink, the hook or the destructor of either does waits for this thread.
        let _present = present;
        let _in_ring = InRing::enter(self.request.shared().id, None);
        let _no_wait = NoWait::enter();
        let (mut worker, to) = (self, to);
        match to {
            Destination::Dir(mut dir) => worker.make_dumps(|worker| worker.dump_to_dir(&mut dir)),
            Destination::Sink(mut sink) => {
                let mut writer = SinkWriter::new(&mut sink);
                worker.make_dumps(|worker| worker.dump_to_sink(&mut writer));
                if worker.request.shared().generation.is_past() {
                    // The sink or the hook has forked. What the sink holds is the parent's to write.
                    mem::forget(sink);
                }
            }
        }
    }

    /// Makes each dump by `dump`, which tells what went wrong although the dump is made.
    fn make_dumps(&mut self, mut dump: impl FnMut(&mut Self) -> io::Result<Option<io::Error>>) {
        while self.request.wait(&mut self.rate_limit) {
            let outcome = catch_unwind(AssertUnwindSafe(|| dump(self)));
            if let Some(from) = self.from {
                self.rate_limit.reached(from.seq);
            }
            let text = |error: io::Error| error.to_string();
            match outcome {
                Ok(Ok(error)) => self.request.count(true, error.map(text)),
                Ok(Err(error)) => self.request.count(false, Some(text(error))),
                Err(_) => {
                    let what = "the sink or the redaction hook panicked, and is not called again";
                    self.request.count(false, Some(what.into()));
                    return;
                }
            }
        }
    }

    fn dump_to_dir(&mut self, dir: &mut DumpDir) -> io::Result<Option<io::Error>> {
        let before = self.from;
        let finished = self.write_file(dir);
        if finished.is_err() {
            self.from = before;
        }
        finished
    }

    fn write_file(&mut self, dir: &mut DumpDir) -> io::Result<Option<io::Error>> {
        let mut file = dir.create(SystemTime::now())?;
        self.write(&mut SinkWriter::new(&mut file))?;
        file.finish()
    }

    fn dump_to_sink<W: Write>(
        &mut self,
        writer: &mut SinkWriter<'_, W>,
    ) -> io::Result<Option<io::Error>> {
        self.write(writer)?;
        writer.flush(true)?;
        Ok(None)
    }

    /// Everything since `from`, and a line where something is missing.
    fn write<W: Write>(&mut self, writer: &mut SinkWriter<'_, W>) -> io::Result<()> {
        self.request.shared().mend();
        let tape = &self.request.shared().tape;
        let select = &self.select;
        let mut out = |piece: Piece<'_>| match piece {
            Piece::Missed(missed) => writer.notice(Notice::Text, missed),
            Piece::Records(records, _) => select.feed(records, writer),
        };
        write::write_from(tape, &mut self.buffer, &mut self.from, &mut out)
    }
}
