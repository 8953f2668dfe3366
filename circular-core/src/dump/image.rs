//! What a ring holds, as the file of a ring: an image, which all that reads such files reads.
//!
//! Invariant: nothing gets into it but what the filter wants and the hook has left, as into any dump. It has no gaps: what
//! writers overwrite while it is taken goes with all that came before, so what is missing is missing in front. Only where there
//! is no memory for what was written last, it is that which is missing.
//!
//! Where nothing is left out or changed, its records are the ring's, with their numbers and places, and so is its id. Else
//! the numbers close up behind what is left out, and it is a ring of its own, for which a cursor of the other means nothing.

use crate::dump::select::DumpSelect;
use crate::dump::write::{self, Piece};
use crate::error::OutOfMemory;
use crate::file::names::Name;
use crate::file::program;
use crate::format::file_header::Identity;
use crate::format::live;
use crate::memory::payload::Payload;
use crate::record::Record;
use crate::record::missed::Missed;
use crate::ring::counts::TOLD;
use crate::ring::in_file::InFile;
use crate::ring::shared::{Shared, State};
use crate::sys::underway;
use crate::tape::buffer::Buffer;
use crate::tape::image_writer::{self, About, ImageWriter, Source};
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::time::clock;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;

/// Takes images of one ring, one after the other, in the same memory.
pub(crate) struct RingImage {
    writer: ImageWriter,
    /// Ids for those whose records are not the ring's.
    ids: RandomState,
    is_as_in_ring: bool,
}

/// What an image came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// How many of the ring's records it is of, with those that were left out.
    pub(crate) records: u64,
    /// What was in the ring when it was begun, and is not in it.
    pub(crate) missed: Missed,
    /// Some of the records that were wanted most may be among those.
    pub(crate) lacks_wanted: bool,
    /// Why there is nothing although something was written.
    pub(crate) why_nothing: Option<ErrorKind>,
}

/// The ring's records that an image is of: those from `begin` up to `end`, without a gap.
struct Run {
    begin: Source,
    end: Source,
}

impl RingImage {
    /// For images of that ring, as one of `program`, or of the program that its file or else the executable names.
    pub(crate) fn new(shared: &Shared, program: Option<&str>) -> Result<Self, OutOfMemory> {
        let in_file = shared.file.as_ref().map(InFile::path);
        let file_name = in_file.and_then(|path| path.file_name()?.to_str());
        let program = program
            .or_else(|| Some(Name::parse(file_name?)?.program))
            .map_or_else(program::executable_name, String::from);
        let meta = program::origin().encode();
        let writer = ImageWriter::new(shared.tape.size(), &meta, |layout, checksum| Identity {
            program,
            ..program::identity(layout, checksum)
        })?;
        Ok(Self {
            writer,
            ids: RandomState::new(),
            is_as_in_ring: true,
        })
    }

    /// A buffer for records on their way into one.
    pub(crate) fn buffer(shared: &Shared) -> Result<Buffer, OutOfMemory> {
        // They are looked at one by one.
        Buffer::for_reader(shared.tape.capacity(), true)
    }

    /// Takes what the ring holds and `select` lets out, in place of what it had before. The records with the seqs `wanted`
    /// are among what was written by now.
    ///
    /// # Errors
    ///
    /// The hook has forked, and this is the child.
    pub(crate) fn take(
        &mut self,
        shared: &Shared,
        select: &DumpSelect,
        buffer: &mut Buffer,
        wanted: &Range<u64>,
    ) -> io::Result<Taken> {
        let writer = &mut self.writer;
        writer.begin(Position::default());
        self.is_as_in_ring = select.is_none();
        let mut run: Option<Run> = None;
        let mut dropped = Missed::default();
        let mut out = |piece: Piece<'_>| {
            // What is missing shows in where the next records begin.
            let Piece::Records(records, from) = piece else {
                return Ok(());
            };
            underway::got_on();
            let end = Source {
                seq: from.seq + records.record_count() as u64,
                bytes: from.bytes + records.bytes().len() as u64,
            };
            let goes_on = run.as_mut().filter(|run| run.end.seq == from.seq);
            if let Some(run) = goes_on {
                run.end = end;
            } else {
                if let Some(run) = &run {
                    dropped += run.begin.missed_up_to(run.end);
                }
                let begin = Source {
                    seq: from.seq,
                    bytes: from.bytes,
                };
                run = Some(Run { begin, end });
                writer.begin(from);
            }
            select.each(records, &mut |record, text| {
                let index = usize::try_from(record.seq - from.seq).unwrap_or(usize::MAX);
                let source = Source {
                    seq: record.seq,
                    bytes: end.bytes - records.bytes_from(index) as u64,
                };
                writer.append(about(record), source, text)
            })
        };
        // What comes later need not be in it.
        let has_any = shared.tape.committed() > 0;
        let dumped = write::write(&shared.tape, buffer, wanted, &mut out)?;
        let mut missed = dumped.missing();
        missed += dropped;
        let Some(run) = run else {
            let why = if dumped.no_memory.is_empty() {
                ErrorKind::WouldBlock
            } else {
                ErrorKind::OutOfMemory
            };
            return Ok(Taken {
                records: 0,
                missed,
                lacks_wanted: dumped.lacks_wanted,
                why_nothing: has_any.then_some(why),
            });
        };
        let oldest = writer.oldest(run.begin, run.end);
        missed += run.begin.missed_up_to(oldest);
        Ok(Taken {
            records: oldest.missed_up_to(run.end).records,
            missed,
            lacks_wanted: dumped.lacks_wanted || run.begin.seq > wanted.start,
            why_nothing: None,
        })
    }

    /// Adds a record that the ring does not have.
    pub(crate) fn add(&mut self, record: &Record<'_>, text: impl Payload) {
        if text.len() > 0 {
            self.is_as_in_ring = false;
            self.writer.append(about(record), Source::default(), text);
        }
    }

    /// Hands the file to `out`.
    ///
    /// # Errors
    ///
    /// What `out` returns.
    pub(crate) fn write(
        &mut self,
        shared: &Shared,
        facts: Facts,
        out: &mut image_writer::Out<'_>,
    ) -> io::Result<()> {
        let now = clock::exact().since_1970();
        let ring = if self.is_as_in_ring {
            shared.id
        } else {
            let mut hasher = self.ids.build_hasher();
            hasher.write_u64(now);
            hasher.finish().max(1)
        };
        self.writer.set_identity(ring, now, program::since_boot());
        let state = if facts.is_closed {
            live::CLOSED
        } else {
            live::OPEN
        };
        let refused = [shared.refused.load(Relaxed)];
        let lost = [shared.tape.lost().count()];
        let counters = refused.into_iter().chain(facts.counts).chain(lost);
        self.writer.set_live(state, now, counters);
        self.writer.finish();
        self.writer.write(out)
    }
}

/// What an image says of a ring beside its records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    is_closed: bool,
    counts: [u64; TOLD],
}

impl Facts {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            is_closed: state.closed,
            counts: state.counts.told(),
        }
    }
}

fn about<'a>(record: &Record<'a>) -> About<'a> {
    About {
        level: record.level,
        target: record.target,
        stamp: record.stamp,
        part: record.part,
    }
}
