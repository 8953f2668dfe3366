//! Runs a program on a ring and on the model, and compares the two after every step.

use crate::follower::{Follower, check_record, passes, seq_and_bytes};
use crate::model::{Model, Place, Written};
use crate::program::{From, Length, Op, Program, Text};
use circular_core::{Cursor, Handle, Level, Meta, Missed, Part, Policy, Ring, Start};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More readers than this at once teach nothing new.
const READERS: usize = 6;

struct Run {
    ring: Ring,
    handle: Handle,
    model: Model,
    followers: Vec<Follower>,
    /// Where readers were when they left, and where they began.
    cursors: Vec<(Cursor, Place)>,
    foreign: Cursor,
    closed: bool,
    /// Writes so far, those that failed included.
    writes: u64,
    joined: u64,
    refused: u64,
    overtakes: u64,
    demotions: u64,
    waits: u64,
}

pub(crate) fn run(program: &Program) {
    let ring = Ring::new(program.capacity).unwrap();
    let handle = ring.handle();
    let mut run = Run {
        cursors: vec![(handle.reader().open().cursor(), Place::default())],
        ring,
        handle,
        model: Model::new(program.capacity),
        followers: Vec::new(),
        foreign: Ring::new(1).unwrap().handle().reader().open().cursor(),
        closed: false,
        writes: 0,
        joined: 1,
        refused: 0,
        overtakes: 0,
        demotions: 0,
        waits: 0,
    };
    for op in &program.ops {
        run.step(*op);
        run.check_statistics();
    }
    run.end();
}

/// The time that a write gives its record. Two writes share each.
pub(crate) fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

impl Run {
    fn step(&mut self, op: Op) {
        match op {
            Op::Write(text) => self.write(text, false),
            Op::WriteFromSink(text) => self.write(text, true),
            Op::Burst(records) => (0..records).for_each(|number| self.write(small(number), false)),
            Op::Read(number) => {
                self.read(number);
            }
            Op::Drain(number) => self.drain(number),
            Op::Join {
                start,
                policy,
                at_least,
            } => self.join(start, policy, at_least),
            Op::Leave(number) => self.leave(number),
            Op::Snapshot => {
                self.first_found();
            }
            Op::Flush => self.flush(),
            Op::Close => {
                self.handle.close();
                self.closed = true;
            }
        }
    }

    fn write(&mut self, text: Text, from_sink: bool) {
        let length = self.length(text);
        let parts = self.model.parts(length, text.target);
        if !from_sink && !self.closed && !self.make_room(&parts, text.target) {
            return;
        }
        let record = self.next_record(text, length);
        let written = if from_sink {
            self.record_from_sink(&record)
        } else {
            self.ring.record(meta(&record), &record.bytes)
        };
        if length == 0 {
            written.unwrap();
        } else if self.closed {
            self.refused += 1;
            assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
        } else {
            written.unwrap();
            self.append(&record, &parts, from_sink);
        }
    }

    fn length(&self, text: Text) -> usize {
        match text.length {
            Length::Bytes(bytes) => bytes,
            Length::Share(share, more) => self.handle.capacity() / 64 * share + more,
            Length::Room { less, more } => {
                let lossless = self.followers.iter().filter(|reader| reader.is_lossless());
                let slowest = lossless.map(|reader| reader.place.position).min();
                let limit = slowest.unwrap_or(self.model.head.position) + self.model.capacity;
                let room = limit.saturating_sub(self.model.head.position) + 8 * u64::from(more);
                let room = usize::try_from(room.saturating_sub(8 * less)).unwrap();
                room.saturating_sub(Model::HEADER + text.target)
            }
        }
    }

    fn next_record(&mut self, text: Text, length: usize) -> Written {
        let number = self.writes;
        self.writes += 1;
        Written {
            place: Place::default(),
            size: 0,
            bytes: bytes_of(number, length),
            level: text.level,
            target: "t".repeat(text.target),
            time: number / 2,
            part: Part::Whole,
        }
    }

    /// Reads what a write would wait for, and tells whether the write need not wait then: a record
    /// in parts waits for readers again and again.
    fn make_room(&mut self, parts: &[usize], target: usize) -> bool {
        let sizes = parts.iter().map(|length| Model::size(*length, target));
        let end = self.model.head.position + sizes.sum::<u64>();
        for number in 0..self.followers.len() {
            if self.holds_back(number, end) && self.followers[number].is_waited_for() {
                self.drain(number);
                if self.holds_back(number, end) {
                    return false;
                }
            }
        }
        true
    }

    fn holds_back(&self, number: usize, end: u64) -> bool {
        let follower = &self.followers[number];
        follower.is_lossless() && follower.place.position + self.model.capacity < end
    }

    fn record_from_sink(&self, record: &Written) -> io::Result<()> {
        let mut other = Ring::new(1).unwrap();
        other.write_all(b"what makes the sink run").unwrap();
        other.handle().close();
        let result = other.handle().write_to(Forward { run: self, record });
        result.map(|_| ())
    }

    /// What a write does to the model: it goes over whoever may not hold it back.
    fn append(&mut self, record: &Written, parts: &[usize], from_sink: bool) {
        let mut rest = &record.bytes[..];
        for (number, length) in parts.iter().enumerate() {
            let (bytes, later) = rest.split_at(*length);
            rest = later;
            let size = Model::size(*length, record.target.len());
            self.go_over(self.model.head.position + size, from_sink);
            let part = match number {
                _ if parts.len() == 1 => Part::Whole,
                0 => Part::First,
                _ if number + 1 == parts.len() => Part::Last,
                _ => Part::Middle,
            };
            self.model.append(Written {
                bytes: bytes.to_vec(),
                part,
                ..record.clone()
            });
        }
    }

    fn go_over(&mut self, end: u64, from_sink: bool) {
        let mut any = false;
        for number in 0..self.followers.len() {
            if !self.holds_back(number, end) {
                continue;
            }
            any = true;
            if from_sink {
                self.followers[number].overtaken = true;
            } else {
                assert!(!self.followers[number].is_waited_for());
                self.followers[number].demoted = true;
                self.demotions += 1;
            }
        }
        self.overtakes += u64::from(any && from_sink);
        // Its time was over at once, but it was one.
        self.waits += u64::from(any && !from_sink);
    }

    fn read(&mut self, number: usize) -> bool {
        let count = self.followers.len();
        count > 0 && self.followers[number % count].read(&self.model, self.closed)
    }

    fn drain(&mut self, number: usize) {
        while self.read(number) {}
    }

    fn join(&mut self, start: From, policy: Policy, at_least: Option<Level>) {
        if self.followers.len() == READERS {
            return;
        }
        let oldest = self.first_found();
        let head = self.model.head;
        let (start, expected) = self.begin(start, at_least, oldest, head);
        let mut reader = self.handle.reader().start(start).policy(policy);
        if let Some(level) = at_least {
            reader = reader.at_least(level);
        }
        let reader = reader.open();
        assert_eq!(reader.restarted(), expected.restarted, "{start:?}");
        assert_eq!(reader.missed(), expected.missed, "{start:?}");
        let at = seq_and_bytes(reader.cursor());
        assert_eq!(at, (expected.place.seq, expected.place.bytes), "{start:?}");
        self.remember(reader.cursor(), expected.place);
        self.followers.push(Follower {
            reader,
            id: self.joined,
            policy,
            at_least,
            demoted: false,
            overtaken: false,
            place: expected.place,
            done: expected.place,
            untold: expected.missed,
            missed: Missed::default(),
            has_read: false,
            ended: false,
        });
        self.joined += 1;
    }

    fn begin(
        &self,
        start: From,
        at_least: Option<Level>,
        oldest: Place,
        head: Place,
    ) -> (Start, Expected) {
        let first_from = |seq: u64| self.model.place_of(seq.max(oldest.seq)).unwrap();
        match start {
            From::Oldest => (Start::Oldest, Expected::at(oldest)),
            From::Newest => (Start::Newest, Expected::at(head)),
            From::Last(count) => {
                // They are counted among those that pass.
                let held = self.model.between(oldest, head);
                let passing: Vec<Place> = held
                    .filter(|record| passes(record, at_least))
                    .map(|record| record.place)
                    .collect();
                let place = match count {
                    0 => head,
                    _ => {
                        let count = usize::try_from(count).unwrap();
                        let first = passing.len().checked_sub(count);
                        first.map_or(oldest, |first| passing[first])
                    }
                };
                (Start::Last(count), Expected::at(place))
            }
            From::SinceWrite(back) => {
                let seconds = self.writes.saturating_sub(back) / 2;
                let mut held = self.model.between(oldest, head);
                let first = held.find(|record| record.time >= seconds);
                let place = first.map_or(head, |record| record.place);
                (Start::Since(time(seconds)), Expected::at(place))
            }
            From::After(number) => {
                let (cursor, place) = self.cursor(number);
                let gone = Missed {
                    records: oldest.seq.saturating_sub(place.seq),
                    bytes: oldest.bytes.saturating_sub(place.bytes),
                };
                let expected = Expected {
                    missed: gone,
                    ..Expected::at(first_from(place.seq))
                };
                (Start::After(cursor), expected)
            }
            From::Foreign => (Start::After(self.foreign), Expected::restarted(oldest)),
            From::Ahead(records) => {
                let text = self.cursors[0].0.to_string();
                let ring = text.split('.').next().unwrap();
                let text = format!("{ring}.{}.{}", head.seq + records, head.bytes);
                (
                    Start::After(text.parse().unwrap()),
                    Expected::restarted(oldest),
                )
            }
        }
    }

    /// That of a reader there is, or one that was remembered.
    fn cursor(&self, number: usize) -> (Cursor, Place) {
        let of_readers = self.followers.iter();
        let of_readers = of_readers.map(|follower| (follower.reader.cursor(), follower.place));
        let mut all = of_readers.chain(self.cursors.iter().rev().copied());
        all.nth(number % (self.followers.len() + self.cursors.len()))
            .unwrap()
    }

    fn remember(&mut self, cursor: Cursor, place: Place) {
        // Through its text, as a program does that goes on in another process.
        let parsed: Cursor = cursor.to_string().parse().unwrap();
        assert_eq!(parsed, cursor);
        self.cursors.push((parsed, place));
    }

    fn leave(&mut self, number: usize) {
        let count = self.followers.len();
        if count > 0 {
            let follower = self.followers.swap_remove(number % count);
            self.remember(follower.reader.cursor(), follower.place);
        }
    }

    /// Takes a snapshot, and tells where it begins.
    fn first_found(&self) -> Place {
        let model = &self.model;
        let snapshot = self.handle.snapshot();
        let first = snapshot.records().next().map(|record| record.seq());
        let begin = first.map_or(model.head, |seq| {
            model.place_of(seq).expect("a whole record")
        });
        let held: Vec<_> = model.between(begin, model.head).collect();
        assert_eq!(snapshot.record_count(), held.len());
        for (record, written) in snapshot.records().zip(&held) {
            check_record(record, written);
        }
        let bytes: Vec<_> = held.iter().map(|record| &record.bytes[..]).collect();
        assert!(snapshot.bytes() == bytes.concat());
        match model.head.position.checked_sub(model.capacity) {
            Some(gone) => assert!(model.may_be_first_found(begin, gone), "{begin:?} {gone}"),
            None => assert_eq!(begin, Place::default(), "nothing was overwritten"),
        }
        begin
    }

    fn is_flushed(&self) -> bool {
        let mut lossless = self
            .followers
            .iter()
            .filter(|follower| follower.is_lossless());
        lossless.all(|follower| follower.done == self.model.head)
    }

    fn flush(&self) {
        assert_eq!(self.handle.flush_timeout(Duration::ZERO), self.is_flushed());
    }

    fn check_statistics(&self) {
        let stats = self.handle.stats();
        let head = self.model.head;
        assert_eq!(stats.capacity, self.model.capacity);
        assert_eq!((stats.written, stats.bytes), (head.seq, head.bytes));
        assert_eq!(stats.refused, self.refused);
        assert_eq!(stats.overtakes, self.overtakes);
        assert_eq!(stats.demotions, self.demotions);
        assert_eq!(stats.waits.count, self.waits);
        assert_eq!(stats.oldest_age.is_none(), stats.overwritten == head.seq);
        assert_eq!(self.handle.is_closed(), self.closed);

        let present: Vec<_> = self
            .followers
            .iter()
            .filter(|follower| !follower.ended)
            .collect();
        assert_eq!(stats.readers.len(), present.len());
        assert_eq!(self.handle.join_timeout(Duration::ZERO), present.is_empty());
        for follower in present {
            let mut readers = stats.readers.iter();
            let reader = readers.find(|reader| reader.id == follower.id).unwrap();
            assert_eq!(reader.policy, follower.policy);
            assert_eq!(reader.demoted, follower.demoted);
            assert_eq!(reader.lag_records, head.seq - follower.place.seq);
            assert_eq!(reader.lag_bytes, head.bytes - follower.place.bytes);
            // What it missed before it joined is in when it first asks.
            if follower.has_read {
                assert_eq!(reader.missed, follower.missed);
            }
        }
    }

    /// Closed, every reader gets the rest and ends, and who comes then still gets what there is.
    fn end(mut self) {
        self.step(Op::Close);
        self.step(Op::Write(small(0)));
        self.check_statistics();
        let held = self.handle.snapshot().into_bytes();
        for policy in [Policy::Skip, Policy::Block] {
            let mut text = Vec::new();
            let late = self.handle.reader().policy(policy).write_to(&mut text);
            assert_eq!(late.unwrap(), held.len() as u64);
            assert!(text == held, "a late sink gets what a snapshot has");
            self.joined += 1;
        }
        for mut follower in mem::take(&mut self.followers) {
            while follower.read(&self.model, true) {}
            assert!(follower.ended);
            self.followers.push(follower);
        }
        self.check_statistics();
    }
}

/// Where a reader must begin.
struct Expected {
    place: Place,
    missed: Missed,
    restarted: bool,
}

impl Expected {
    fn at(place: Place) -> Self {
        Self {
            place,
            missed: Missed::default(),
            restarted: false,
        }
    }

    fn restarted(place: Place) -> Self {
        Self {
            restarted: true,
            ..Self::at(place)
        }
    }
}

/// A sink that writes a record to the ring of the run, and may not wait for anything there.
struct Forward<'a> {
    run: &'a Run,
    record: &'a Written,
}

impl Write for Forward<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.run.handle.flush_timeout(Duration::ZERO));
        assert!(!self.run.handle.join_timeout(Duration::ZERO));
        self.run
            .ring
            .record(meta(self.record), &self.record.bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn meta(record: &Written) -> Meta<'_> {
    let meta = Meta::new().target(&record.target).time(time(record.time));
    meta.level(record.level)
}

fn small(number: usize) -> Text {
    Text {
        length: Length::Bytes(1 + number % 20),
        level: None,
        target: 0,
    }
}

/// The bytes of write `number`, of which no run is like another's.
fn bytes_of(number: u64, length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(8) as u64).map(|word| (number << 32) + word + 1);
    let mut bytes: Vec<_> = words
        .flat_map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes())
        .collect();
    bytes.truncate(length);
    bytes
}
