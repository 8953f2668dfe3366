//! How records and notices look, and where they go.
//!
//! Invariant: data is on standard output and notices are on standard error; but as JSON they are objects among the data, too,
//! and under a pager they are lines among it.

use std::io::IsTerminal;
use std::io::Write as _;

use circular_core::{
    Batch, Colors, Cursor, Level, Missed, Notice, Part, Record, push_for_terminal,
    push_json_for_terminal,
};
use circular_view::object;

use crate::args::{Format, Show};
use crate::failure::Failure;
use crate::output::color;
use crate::output::shown;
use crate::output::stderr::say;
use crate::output::stdout::{Out, Stop};
use crate::show::choice::Choice;
use crate::show::fields;
use crate::show::own_words;
use crate::show::source::{Kept, Label, Source};
use crate::show::unrecorded::Unrecorded;
use crate::show::zone::Zone;

/// Targets are padded to the longest so far, up to so much.
const WIDEST: usize = 28;
/// What is written at once at most, give or take a record.
const LARGE: usize = 256 << 10;

/// Writes records.
#[derive(Debug)]
pub(crate) struct Printer {
    out: Out,
    look: Look,
    zone: Zone,
    /// Records of several rings are shown: each tells whose it is.
    names: bool,
    quiet: bool,
    /// The newest comes first: what does not end its line would be glued to what was before it.
    is_reverse: bool,
    /// Not written yet.
    waiting: Vec<u8>,
    is_at_line_start: bool,
    widest: usize,
    /// Records that were shown.
    pub(crate) count: u64,
    /// Behind the last one, and before it all that was looked at.
    pub(crate) cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Raw,
    Json,
    /// Columns; on a terminal, what it would obey is shown.
    Columns {
        colored: bool,
        is_terminal: bool,
    },
}

impl Printer {
    /// # Errors
    ///
    /// There is no such time zone.
    pub(crate) fn new(show: &Show, names: bool) -> Result<Self, Failure> {
        let stdout = std::io::stdout();
        let is_terminal = stdout.is_terminal();
        let colored = color::is_on(show.look.color, &stdout);
        let columns = Look::Columns {
            colored,
            is_terminal,
        };
        let look = match show.format {
            Format::Json => Look::Json,
            Format::Raw => Look::Raw,
            Format::Short => columns,
            Format::Text if is_terminal || colored => columns,
            Format::Text => Look::Raw,
        };
        let zone = Zone::of(&show.look)?;
        let out = if show.no_pager || show.follow {
            Out::direct()
        } else {
            Out::paged()
        };
        Ok(Self {
            out,
            look,
            zone,
            names,
            quiet: show.look.quiet,
            is_reverse: show.reverse,
            waiting: Vec::new(),
            is_at_line_start: true,
            widest: 0,
            count: 0,
            cursor: None,
        })
    }

    pub(crate) fn zone(&mut self) -> &mut Zone {
        &mut self.zone
    }

    /// From now on each record tells whose it is.
    pub(crate) fn tell_names(&mut self) {
        self.names = true;
    }

    /// Writes what of a batch is wanted.
    pub(crate) fn batch(
        &mut self,
        label: &Label,
        batch: &Batch<'_>,
        choice: &Choice,
    ) -> Result<(), Stop> {
        self.missed(label, batch.missed(), batch.cursor_before(0))?;
        if self.look == Look::Raw && !self.names && choice.takes_all() {
            self.waiting.extend_from_slice(batch.bytes());
            self.is_at_line_start = batch.bytes().ends_with(b"\n");
            self.count += batch.len() as u64;
        } else {
            for (index, record) in batch.records().enumerate() {
                if choice.takes(&record) {
                    let behind = || batch.cursor_before(index + 1);
                    self.push(label, &record, behind);
                    if self.waiting.len() >= LARGE {
                        self.flush()?;
                    }
                }
            }
        }
        self.cursor = Some(batch.cursor_before(batch.len()));
        self.flush()
    }

    /// Writes a record that was kept.
    pub(crate) fn kept(&mut self, label: &Label, kept: &Kept) -> Result<(), Stop> {
        self.missed(label, kept.missed, kept.behind)?;
        self.push(label, &kept.record.as_record(), || kept.behind);
        self.cursor = Some(kept.behind);
        if self.waiting.len() >= LARGE {
            self.flush()?;
        }
        Ok(())
    }

    /// Tells of what a source has missed, if nothing that it showed since has told it.
    pub(crate) fn untold(&mut self, source: &mut Source) -> Result<(), Stop> {
        let missed = std::mem::take(&mut source.untold);
        self.missed(&source.label, missed, source.reader.cursor())
    }

    /// Writes all that waits.
    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        if !self.waiting.is_empty() {
            self.out.write(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// Writes all that waits, and says what there is to say of all of it; returns when it was seen, if a pager shows it.
    pub(crate) fn end(&mut self, words: &[String]) -> Result<(), Stop> {
        let is_in_pager = matches!(self.out, Out::Paged(_)) && self.look != Look::Json;
        if is_in_pager {
            // Whoever has come to the end of it is to see them there.
            self.end_line();
            for line in words {
                self.waiting.extend_from_slice(shown::text(line).as_bytes());
                self.waiting.push(b'\n');
            }
        }
        self.flush()?;
        self.out.end()?;
        if !is_in_pager {
            words.iter().for_each(say);
        }
        Ok(())
    }

    /// Whether nobody can read any more what would be written.
    pub(crate) fn is_gone(&self) -> bool {
        self.out.is_gone()
    }

    /// Tells of a loss, if there was one.
    pub(crate) fn missed(
        &mut self,
        label: &Label,
        missed: Missed,
        behind: Cursor,
    ) -> Result<(), Stop> {
        if missed.is_empty() {
            return Ok(());
        }
        let line = if label.is_written {
            Notice::Text.missed(missed)
        } else {
            let (records, bytes) = (missed.records, missed.bytes);
            let why = match label.overwritten {
                0 => "the file is damaged there",
                overwritten if overwritten == records => {
                    "they were overwritten before they were read"
                }
                _ => "they were overwritten before they were read, or the file is damaged there",
            };
            format!("--- missed {records} records ({bytes} bytes): {why} ---")
        };
        let object = object::missed(missed, behind);
        self.notice(label, line.trim_end(), &object)
    }

    /// Tells something beside the records: `line` to people, `object` to programs.
    pub(crate) fn notice(&mut self, label: &Label, line: &str, object: &str) -> Result<(), Stop> {
        if self.look == Look::Json {
            push_with_label(object.as_bytes(), label, &mut self.waiting);
        }
        let line = if self.names {
            format!("{} {line}", tag(label))
        } else {
            String::from(line)
        };
        // Whatever else is written to its screen, it does not know of.
        if let Out::Paged(_) = &self.out {
            if !self.quiet && self.look != Look::Json {
                self.end_line();
                self.waiting
                    .extend_from_slice(shown::text(&line).as_bytes());
                self.waiting.push(b'\n');
            }
            return Ok(());
        }
        // Before it what came before, as both may go to one terminal.
        self.flush()?;
        if !self.quiet {
            say(&line);
        }
        Ok(())
    }

    /// Tells programs which of the rings have ended, and how; people are told otherwise.
    pub(crate) fn ends(&mut self, sources: &[Source]) -> Result<(), Stop> {
        for source in sources.iter().filter(|source| source.has_ended()) {
            if self.look == Look::Json {
                push_with_label(source.end().as_bytes(), &source.label, &mut self.waiting);
            }
        }
        self.flush()
    }

    /// Writes a last line among the data: a cursor.
    pub(crate) fn show_cursor(&mut self, cursor: Cursor) -> Result<(), Stop> {
        if self.look == Look::Json {
            self.waiting
                .extend_from_slice(format!("{{\"cursor\":\"{cursor}\"}}\n").as_bytes());
        } else {
            self.end_line();
            self.waiting
                .extend_from_slice(format!("-- cursor: {cursor}\n").as_bytes());
        }
        self.flush()
    }

    /// Has what comes begin on a line of its own.
    pub(crate) fn end_line(&mut self) {
        if !self.is_at_line_start {
            self.waiting.push(b'\n');
            self.is_at_line_start = true;
        }
    }

    fn push(&mut self, label: &Label, record: &Record<'_>, behind: impl Fn() -> Cursor) {
        self.count += 1;
        match self.look {
            Look::Raw => {
                if self.names && self.is_at_line_start {
                    self.waiting.extend_from_slice(tag(label).as_bytes());
                    self.waiting.push(b' ');
                }
                self.waiting.extend_from_slice(record.bytes());
                // A merged line is one, and so is each part of one that is shown backwards.
                let ends_line = self.is_reverse || (self.names && is_end(record));
                if ends_line && !record.bytes().ends_with(b"\n") {
                    self.waiting.push(b'\n');
                }
                if ends_line || !record.bytes().is_empty() {
                    self.is_at_line_start = self.waiting.ends_with(b"\n");
                }
            }
            Look::Json => {
                let mut object = Vec::new();
                match Unrecorded::of(record) {
                    None => object::push_record(&mut object, record, record.bytes(), behind()),
                    Some(unrecorded) => {
                        // In the place of a text, which it would have if the program had printed it.
                        object::push_record(&mut object, record, b"", behind());
                        let end = object.len().saturating_sub(NO_TEXT.len());
                        object.truncate(end);
                        object.extend_from_slice(unrecorded.json().as_bytes());
                        object.push(b'}');
                    }
                }
                push_with_label(&object, label, &mut self.waiting);
            }
            Look::Columns {
                colored,
                is_terminal,
            } => self.push_columns(label, record, colored, is_terminal),
        }
    }

    fn push_columns(
        &mut self,
        label: &Label,
        record: &Record<'_>,
        colored: bool,
        is_terminal: bool,
    ) {
        let goes_on = !self.is_reverse && matches!(record.part(), Part::Middle | Part::Last);
        let mut text = record.bytes();
        if !goes_on || self.is_at_line_start {
            self.end_line();
            if self.names {
                self.push_colored(&tag(label), LABELS[label.number % LABELS.len()], colored);
                self.waiting.push(b' ');
            }
            let mut time = Vec::new();
            self.zone.push(record.time(), &mut time);
            self.push_colored(&String::from_utf8_lossy(&time), DIM, colored);
            self.waiting.push(b' ');
            let level = record.level();
            let name = level.map_or("", Level::as_str);
            self.push_colored(&format!("{name:5}"), level.map_or("", color_of), colored);
            self.waiting.push(b' ');
            let target = record.target();
            self.widest = self.widest.max(target.chars().count()).min(WIDEST);
            if self.widest > 0 {
                let mut shown = Vec::new();
                push_for_terminal(&mut shown, target.as_bytes(), Colors::Show);
                let shown = format!(
                    "{:width$}",
                    String::from_utf8_lossy(&shown),
                    width = self.widest
                );
                self.push_colored(&shown, TARGET, colored);
                self.waiting.push(b' ');
            }
            text = own_words::without(text, record);
        }
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        match fields::of(line) {
            Some(fields) if matches!(record.part(), Part::Whole) => {
                push_text(
                    fields.message.as_bytes(),
                    colored,
                    is_terminal,
                    &mut self.waiting,
                );
                for (index, (key, value)) in fields.pairs.iter().enumerate() {
                    if index > 0 || !fields.message.is_empty() {
                        self.waiting.push(b' ');
                    }
                    let mut shown = Vec::new();
                    push_text(key.as_bytes(), false, is_terminal, &mut shown);
                    self.push_colored(
                        &format!("{}=", String::from_utf8_lossy(&shown)),
                        DIM,
                        colored,
                    );
                    push_text(value.as_bytes(), colored, is_terminal, &mut self.waiting);
                }
            }
            _ => push_text(line, colored, is_terminal, &mut self.waiting),
        }
        if self.is_reverse || is_end(record) {
            self.waiting.push(b'\n');
            self.is_at_line_start = true;
        } else {
            self.is_at_line_start = false;
        }
    }

    fn push_colored(&mut self, text: &str, color: &str, colored: bool) {
        if colored && !color.is_empty() {
            let _ = write!(self.waiting, "\x1b[{color}m{text}\x1b[0m");
        } else {
            self.waiting.extend_from_slice(text.as_bytes());
        }
    }
}

/// How the object of a record ends that has no text.
const NO_TEXT: &[u8] = br#""text":""}"#;

const DIM: &str = "2";
const TARGET: &str = "36";
/// For rings, one after the other.
const LABELS: [&str; 6] = ["32", "35", "34", "33", "96", "91"];

fn color_of(level: Level) -> &'static str {
    match level {
        Level::Error => "31;1",
        Level::Warn => "33",
        Level::Info => "32",
        Level::Debug => "34",
        _ => "35",
    }
}

/// Whether nothing of the same record comes behind it.
fn is_end(record: &Record<'_>) -> bool {
    matches!(record.part(), Part::Whole | Part::Last)
}

/// Whose a record is, where there are several.
fn tag(label: &Label) -> String {
    format!("{}[{}]", label.program, label.pid)
}

/// Appends a text of a record: on a terminal, with nothing that it obeys but colours, if there are any.
fn push_text(text: &[u8], colored: bool, is_terminal: bool, out: &mut Vec<u8>) {
    if !is_terminal {
        out.extend_from_slice(text);
    } else if colored {
        push_for_terminal(out, text, Colors::Keep);
    } else {
        let mut shown = Vec::new();
        push_for_terminal(&mut shown, text, Colors::Keep);
        push_without_colors(&shown, out);
    }
}

/// Appends what [`Colors::Keep`] has left, without the colours.
fn push_without_colors(shown: &[u8], out: &mut Vec<u8>) {
    let mut rest = shown;
    while let Some(at) = rest.iter().position(|&byte| byte == 0x1b) {
        out.extend_from_slice(&rest[..at]);
        let end = rest[at..].iter().position(|&byte| byte == b'm');
        rest = end.map_or(&[], |end| &rest[at + end + 1..]);
    }
    out.extend_from_slice(rest);
}

/// Appends an object with whose it is, and a line end.
fn push_with_label(object: &[u8], label: &Label, out: &mut Vec<u8>) {
    out.extend_from_slice(object.strip_suffix(b"}").unwrap_or(object));
    out.extend_from_slice(br#","program":"#);
    push_json_for_terminal(out, label.program.as_bytes());
    let _ = write!(out, r#","pid":{}}}"#, label.pid);
    out.push(b'\n');
}
