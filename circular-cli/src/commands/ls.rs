//! `circular ls`: which rings there are, and how their programs ended; and on standard error where that was looked for.

use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::args::{ListFormat, Ls};
use crate::failure::Status;
use crate::find::contents::Contents;
use crate::find::ending;
use crate::find::file_system::{self, size};
use crate::find::pick;
use crate::find::rings::{self, Found, Listing, LookedAt};
use crate::output::color;
use crate::output::shown;
use crate::output::stderr::say;
use crate::output::stdout::{Out, Stop};
use crate::show::moment::ago;

pub(crate) fn run(ls: &Ls) -> Result<Status, Stop> {
    let listing = rings::list(&ls.place.dirs)?;
    if !ls.look.quiet {
        listing
            .places
            .iter()
            .for_each(|looked| tell_place(looked, &listing));
        for file in &listing.unreadable {
            let (path, why) = (file.path.display(), rings::why(&file.path, &file.error));
            say(format_args!("{path}: {why}"));
        }
    }
    if listing.rings.is_empty() && listing.unreadable.is_empty() {
        return Err(Stop::Failed(pick::none_at_all(&listing)));
    }
    let text = match ls.format {
        ListFormat::Json => objects(&listing),
        ListFormat::Text => {
            let colored = color::is_on(ls.look.color, &std::io::stdout());
            table(&listing.rings, colored, width())
        }
    };
    Out::direct().write(text.as_bytes())?;
    Ok(Status::Fine)
}

/// One directory: how many rings, why it was looked at, and how full its file system is.
fn tell_place(looked: &LookedAt, listing: &Listing) {
    let (dir, why) = (&looked.place.path, looked.place.why);
    let shown = dir.display();
    if let Some(error) = &looked.error {
        say(format_args!("{shown} ({why}): {error}"));
        return;
    }
    let is_here = |path: &Path| path.parent() == Some(dir);
    let count = listing
        .rings
        .iter()
        .filter(|ring| is_here(ring.file.path()))
        .count();
    let rings = if count == 1 { "ring" } else { "rings" };
    let room = file_system::of(dir).map_or(String::new(), |system| {
        let (kind, free, all) = (&system.kind, size(system.free), size(system.size));
        format!("; {kind}, {free} of {all} free")
    });
    say(format_args!("{shown} ({why}): {count} {rings}{room}"));
}

const HEADS: [&str; 9] = [
    "PROGRAM", "PID", "STATE", "HOW", "SIZE", "RECORDS", "OLDEST", "NEWEST", "PATH",
];

/// How wide the terminal is, if it is one; what is too much for it goes: the paths, and then when records were written.
fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

fn table(rings: &[Found], colored: bool, limit: Option<usize>) -> String {
    let now = SystemTime::now();
    let mut rows = vec![HEADS.map(String::from)];
    rows.extend(rings.iter().map(|ring| row(ring, now)));
    let widths: [usize; 9] = std::array::from_fn(|column| {
        let width = |row: &[String; 9]| row[column].chars().count();
        rows.iter().map(width).max().unwrap_or_default()
    });
    let is_too_wide = |columns: usize| {
        let all: usize = widths[..columns].iter().map(|width| width + 2).sum();
        limit.is_some_and(|limit| all - 2 > limit)
    };
    let columns = [9, 8, 7, 6, 5]
        .into_iter()
        .find(|&columns| !is_too_wide(columns));
    let columns = columns.unwrap_or(4);
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row[..columns].iter().enumerate() {
            let padded = match column {
                // Nothing behind it.
                _ if column + 1 == columns => cell.clone(),
                1 | 4 | 5 => format!("{cell:>width$}  ", width = widths[column]),
                _ => format!("{cell:width$}  ", width = widths[column]),
            };
            let color = match (colored, index, column) {
                (false, ..) => "",
                (true, 0, _) => "1",
                (true, _, 2) => color_of(&row[2]),
                (true, _, 6..) => "2",
                _ => "",
            };
            if color.is_empty() {
                out.push_str(&padded);
            } else {
                out.push_str(&format!("\x1b[{color}m{padded}\x1b[0m"));
            }
        }
        out.push('\n');
    }
    out
}

fn color_of(word: &str) -> &'static str {
    match word {
        "running" => "32",
        "died" => "31;1",
        "system ended" | "unknown" => "33",
        _ => "",
    }
}

fn row(ring: &Found, now: SystemTime) -> [String; 9] {
    let held = Contents::of(ring);
    let times = held.as_ref().ok().and_then(|held| held.times);
    let mut how = ending::detail(ring);
    if let Some(when) = ending::when(ring, times.map(|(_, newest)| newest)) {
        let blank = if how.is_empty() { "" } else { ", " };
        how = format!("{how}{blank}{}", ago(when, now));
    }
    if !is_own(ring) {
        let blank = if how.is_empty() { "" } else { ", " };
        how = format!("{how}{blank}of user {}", ring.info.uid);
    }
    let time = |time: Option<SystemTime>| time.map_or(String::from("-"), |time| ago(time, now));
    [
        shown::text(&ring.info.program),
        ring.pid().to_string(),
        String::from(ending::word(ring)),
        shown::text(&how),
        size(ring.info.capacity),
        held.map_or(String::from("?"), |held| held.records.to_string()),
        time(times.map(|(oldest, _)| oldest)),
        time(times.map(|(_, newest)| newest)),
        shown::path(ring.file.path()),
    ]
}

/// Whether it is of the user who looks. Where nobody asked whose it is, it is nobody else's.
pub(crate) fn is_own(ring: &Found) -> bool {
    ring.info.uid == u32::MAX || ring.info.uid == rustix::process::getuid().as_raw()
}

fn objects(listing: &Listing) -> String {
    let mut lines = String::new();
    for ring in &listing.rings {
        let looked = listing
            .places
            .iter()
            .find(|looked| ring.file.path().parent() == Some(&looked.place.path));
        let mut object = object(ring);
        if let (Some(looked), Value::Object(fields)) = (looked, &mut object) {
            fields.insert(String::from("directory_why"), json!(looked.place.why));
        }
        lines.push_str(&format!("{object}\n"));
    }
    for file in &listing.unreadable {
        let (path, error) = (file.path.to_string_lossy(), file.error.to_string());
        lines.push_str(&format!("{}\n", json!({"path": path, "error": error})));
    }
    lines
}

/// Returns all that there is to say of a ring.
pub(crate) fn object(ring: &Found) -> Value {
    let info = &ring.info;
    let held = Contents::of(ring);
    let times = held.as_ref().ok().and_then(|held| held.times);
    let time = |time: Option<SystemTime>| rfc_3339(time);
    json!({
        "program": info.program,
        "pid": ring.pid(),
        "ring": ring.id(),
        "state": ending::word(ring),
        "how": ending::phrase(ring),
        "signal": ending::signal(ring),
        "status": ending::status(ring),
        "ended": time(ending::when(ring, times.map(|(_, newest)| newest))),
        "uid": info.uid,
        "own": is_own(ring),
        "capacity": info.capacity,
        "records": held.as_ref().ok().map(|held| held.records),
        "oldest": time(times.map(|(oldest, _)| oldest)),
        "newest": time(times.map(|(_, newest)| newest)),
        "created": time(Some(info.created)),
        "previous": info.previous.map(|id| format!("{id:016x}")),
        "executable": info.executable.as_ref().map(|path| path.to_string_lossy().into_owned()),
        "command": info.command.as_ref().map(|path| path.to_string_lossy().into_owned()),
        "host": info.host,
        "writer": info.writer,
        "cut": info.is_cut,
        "path": ring.file.path().to_string_lossy(),
    })
}

/// RFC 3339, in UTC, with as many digits as there are.
fn rfc_3339(time: Option<SystemTime>) -> Option<String> {
    let timestamp = Timestamp::try_from(time?).ok()?;
    Some(timestamp.to_string())
}
