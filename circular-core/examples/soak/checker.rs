//! Tells whether a stream of bytes is whole records that were written, one after the other.
//!
//! It takes the bytes in any pieces. Between the parts of a long record there may be other records,
//! whole ones, from sinks and from threads that panic: hence a stack of records that have begun. A
//! stream that begins, or goes on after a loss, amid a long record has an end without a beginning,
//! which is known by the stamp behind it.

use crate::ledger::Ledger;
use crate::numbers::Numbers;
use crate::stamp::{LONG, Stamp};
use circular_core::{Level, Missed};

/// A stream that is cut can be amid one long record, and amid another one between its parts.
const ENDS: u32 = 2;

pub(crate) struct Checker {
    /// The records that have begun, and the stamp of the one that begins now.
    begun: Vec<Begun>,
    stamp: Option<Vec<u8>>,
    /// The end of a record without its beginning.
    end: Vec<u8>,
    ends_left: u32,
    /// The notice that is being read; `None` also where the stream has none at all.
    notice: Option<Vec<u8>>,
    has_notices: bool,
    at_line_start: bool,
    /// A line has ended where its record did not: the notice that tells why must follow.
    broken: bool,
    /// The last byte was the line end of a long record.
    just_ended_long: bool,
    numbers: Numbers,
    last: Option<Stamp>,
    memory: Vec<Vec<u8>>,
    pub(crate) missed: Missed,
    /// Bytes of records.
    pub(crate) delivered: u64,
    /// How many of these bytes may be a notice's: the line end before it.
    pub(crate) doubtful: u64,
}

struct Begun {
    stamp: Stamp,
    text: Vec<u8>,
    taken: usize,
}

impl Checker {
    pub(crate) fn new(from_start: bool, least: Option<Level>, has_notices: bool) -> Self {
        Self {
            begun: Vec::new(),
            stamp: None,
            end: Vec::new(),
            ends_left: if from_start { 0 } else { ENDS },
            notice: None,
            has_notices,
            at_line_start: true,
            broken: false,
            just_ended_long: false,
            numbers: Numbers::new(from_start, least),
            last: None,
            memory: Vec::new(),
            missed: Missed::default(),
            delivered: 0,
            doubtful: 0,
        }
    }

    /// Takes what comes next.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let taken = self.take_some(*first, rest);
            self.at_line_start = rest[taken - 1] == b'\n';
            rest = &rest[taken..];
        }
    }

    /// Something was missed here.
    pub(crate) fn miss(&mut self, missed: Missed) {
        self.missed.records += missed.records;
        self.missed.bytes += missed.bytes;
        assert!(self.stamp.is_none(), "a stamp that does not end");
        self.memory
            .extend(self.begun.drain(..).map(|begun| begun.text));
        self.end.clear();
        self.ends_left = ENDS;
        self.broken = false;
        self.last = None;
    }

    /// What the last byte belonged to, if that is known.
    pub(crate) fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Whether no record has begun and not ended.
    pub(crate) fn is_between_records(&self) -> bool {
        self.begun.is_empty() && self.end.is_empty() && self.stamp.is_none()
    }

    /// The stream has ended by close, and this is what was written.
    pub(crate) fn finish(&mut self, ledger: &Ledger) {
        assert!(self.notice.is_none() && !self.broken, "amid a notice");
        let may_be_amid = ledger.was_cut_off();
        assert!(may_be_amid || self.is_between_records(), "amid a record");
        let written = ledger.written();
        self.numbers.finish(&written, self.missed.records);
    }

    fn take_some(&mut self, first: u8, rest: &[u8]) -> usize {
        if self.notice.is_some() || self.begins_notice(first) {
            return self.take_notice(rest);
        }
        assert!(!self.broken, "a line end that no notice follows");
        if self.stamp.is_some() || first == b'[' {
            return self.take_stamp(rest);
        }
        self.just_ended_long = false;
        match self.begun.last_mut() {
            Some(begun) => {
                let expected = &begun.text[begun.taken..];
                let same = same_bytes(expected, rest);
                if same == 0 {
                    let missing = first == b'\n' && self.has_notices;
                    assert!(
                        missing,
                        "{:?} has other bytes at {}",
                        begun.stamp, begun.taken
                    );
                    self.broken = true;
                    return 1;
                }
                begun.taken += same;
                self.delivered += same as u64;
                self.last = Some(begun.stamp);
                self.pop_if_complete();
                same
            }
            None => self.take_end(rest),
        }
    }

    fn begins_notice(&self, first: u8) -> bool {
        self.has_notices && first == b'-' && self.at_line_start
    }

    fn take_notice(&mut self, rest: &[u8]) -> usize {
        let taken = up_to(rest, b'\n');
        let notice = self.notice.get_or_insert_default();
        notice.extend_from_slice(&rest[..taken]);
        if notice.ends_with(b"\n") {
            let missed = parse_notice(notice);
            self.notice = None;
            self.doubtful += u64::from(self.just_ended_long);
            self.just_ended_long = false;
            self.miss(missed);
        }
        taken
    }

    fn take_stamp(&mut self, rest: &[u8]) -> usize {
        let taken = up_to(rest, b']');
        self.delivered += taken as u64;
        let text = self.stamp.get_or_insert_default();
        text.extend_from_slice(&rest[..taken]);
        if text.ends_with(b"]") {
            let stamp = Stamp::parse(&text[1..text.len() - 1]);
            let Some(stamp) = stamp else {
                panic!("no stamp: {}", String::from_utf8_lossy(text));
            };
            let taken = text.len();
            self.stamp = None;
            self.numbers.note(stamp, self.missed.records, false);
            let mut text = self.memory.pop().unwrap_or_default();
            stamp.write(&mut text);
            self.begun.push(Begun { stamp, text, taken });
            self.last = Some(stamp);
        }
        taken
    }

    fn pop_if_complete(&mut self) {
        let last = self.begun.last();
        if last.is_some_and(|begun| begun.taken == begun.text.len()) {
            let complete = self.begun.pop().map(|begun| (begun.stamp, begun.text));
            if let Some((stamp, text)) = complete {
                self.just_ended_long = stamp.length >= LONG;
                self.memory.push(text);
            }
        }
    }

    /// Bytes of a record that has begun before the stream, or in what was missed.
    fn take_end(&mut self, rest: &[u8]) -> usize {
        let stop = rest.iter().position(|byte| matches!(byte, b'[' | b'\n'));
        let line_end = stop.filter(|stop| rest[*stop] == b'\n');
        let taken = line_end.map_or(stop.unwrap_or(rest.len()), |stop| stop + 1);
        if self.end.is_empty() {
            assert!(self.ends_left > 0, "the end of a record that never began");
            self.ends_left -= 1;
        }
        self.end.extend_from_slice(&rest[..taken]);
        self.delivered += taken as u64;
        self.last = None;
        if line_end.is_some() {
            self.check_end();
        }
        taken
    }

    fn check_end(&mut self) {
        let mut end = std::mem::take(&mut self.end);
        if end.ends_with(b"}\n") {
            self.just_ended_long = true;
            // Without a bracket it is less than a stamp, which tells nothing.
            if let Some(bracket) = end.iter().position(|byte| *byte == b'{') {
                let stamp = Stamp::parse(&end[bracket + 1..end.len() - 2]);
                let stamp = stamp.expect("a stamp at the end");
                let mut text = self.memory.pop().unwrap_or_default();
                stamp.write(&mut text);
                assert!(text.ends_with(&end), "the end of {stamp:?} has other bytes");
                self.memory.push(text);
                self.numbers.note(stamp, self.missed.records, true);
                self.last = Some(stamp);
            }
        } else if end != b"\n" {
            assert!(self.has_notices, "a line that does not end with a stamp");
            self.delivered -= 1;
            self.broken = true;
        }
        end.clear();
        self.end = end;
    }
}

/// How many bytes, from the first on, are the same.
fn same_bytes(one: &[u8], other: &[u8]) -> usize {
    let length = one.len().min(other.len());
    if one[..length] == other[..length] {
        return length;
    }
    let mut pairs = one.iter().zip(other);
    pairs
        .position(|(one, other)| one != other)
        .unwrap_or(length)
}

/// The length up to `last` and with it, or of all.
fn up_to(bytes: &[u8], last: u8) -> usize {
    let place = bytes.iter().position(|byte| *byte == last);
    place.map_or(bytes.len(), |place| place + 1)
}

fn parse_notice(line: &[u8]) -> Missed {
    let text = String::from_utf8_lossy(line);
    let numbers = text
        .strip_prefix("--- missed ")
        .and_then(|text| text.strip_suffix(" bytes): reader too slow ---\n"))
        .and_then(|text| text.split_once(" records ("))
        .and_then(|(records, bytes)| Some((records.parse().ok()?, bytes.parse().ok()?)));
    let Some((records, bytes)) = numbers else {
        panic!("no notice: {text}");
    };
    Missed { records, bytes }
}
