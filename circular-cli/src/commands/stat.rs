//! `circular stat`: a ring's numbers. They are named as those that `circular-http` serves.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::args::{Stat, StatFormat};
use crate::commands::ls;
use crate::failure::{Failure, Status, typed};
use crate::find::contents::Contents;
use crate::find::ending;
use crate::find::file_system::{self, FileSystem, size};
use crate::find::pick;
use crate::find::places;
use crate::find::rings::Found;
use crate::output::shown;
use crate::output::stdout::{Out, Stop};
use crate::show::moment::ago;
use crate::show::zone::Zone;

pub(crate) fn run(stat: &Stat) -> Result<Status, Stop> {
    let dirs = &stat.place.dirs;
    let ring = pick::pick_one(&stat.ring, dirs, false, "circular stat")?
        .rings
        .swap_remove(0);
    let mut zone = Zone::of(&stat.look)?;
    let held = Contents::of(&ring).map_err(|error| {
        let path = ring.file.path().display();
        let next = format!("circular check {}", typed(ring.file.path()));
        Failure::failed(format!("{path}: {error}"), next)
    })?;
    let facts = Facts {
        dir: ring.dir(),
        memory: fs::metadata(ring.file.path())
            .ok()
            .map(|data| data.blocks() * 512),
        why: places::why(ring.dir(), &stat.place.dirs),
        system: file_system::of(ring.dir()),
        held,
        ring: &ring,
    };
    let text = match stat.format {
        StatFormat::Text => facts.text(&mut zone),
        StatFormat::Json => format!("{}\n", facts.json()),
        StatFormat::Prometheus => facts.prometheus(),
    };
    Out::direct().write(text.as_bytes())?;
    Ok(Status::Fine)
}

/// What there is to say.
struct Facts<'a> {
    ring: &'a Found,
    held: Contents,
    dir: &'a Path,
    /// Why that is one to look at; not if the ring was named by its path.
    why: Option<&'static str>,
    system: Option<FileSystem>,
    /// Bytes of memory, or of a disk, that the file takes.
    memory: Option<u64>,
}

impl Facts<'_> {
    /// Records and bytes a second, since the oldest record that is held.
    fn rate(&self) -> Option<(f64, f64)> {
        let (oldest, newest) = self.held.times?;
        let seconds = newest.duration_since(oldest).ok()?.as_secs_f64();
        let stats = &self.held.stats;
        #[expect(clippy::cast_precision_loss, reason = "it is a rate")]
        let (records, bytes, written) = (
            self.held.records as f64,
            stats.bytes as f64,
            stats.written as f64,
        );
        // Of the bytes, only all that were ever written are told.
        (seconds > 0.0 && written > 0.0).then(|| {
            let rate = records / seconds;
            (rate, rate * bytes / written)
        })
    }

    fn text(&self, zone: &mut Zone) -> String {
        let (ring, info, stats) = (self.ring, &self.ring.info, &self.held.stats);
        let now = SystemTime::now();
        let mut out = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(out, "{name:12}{}", shown::text(&value));
        };
        line("program", info.program.clone());
        line("ring", ring.id());
        line("pid", ring.pid().to_string());
        if let Some(command) = &info.command {
            line("command", command.to_string_lossy().into_owned());
        } else if let Some(executable) = &info.executable {
            line("executable", executable.display().to_string());
        }
        if !ls::is_own(ring) {
            line("user", format!("{}, another one", info.uid));
        }
        line("state", ending::phrase(ring));
        if let Some(when) = ending::when(ring, self.held.times.map(|(_, newest)| newest)) {
            line("ended", format!("{}, {}", zone.text(when), ago(when, now)));
        }
        line(
            "written",
            format!("{} records, {}", stats.written, size(stats.bytes)),
        );
        line("held", format!("{} records", self.held.records));
        if let Some((oldest, newest)) = self.held.times {
            line(
                "oldest",
                format!("{}, {}", zone.text(oldest), ago(oldest, now)),
            );
            line(
                "newest",
                format!("{}, {}", zone.text(newest), ago(newest, now)),
            );
        }
        if let Some((records, bytes)) = self.rate() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is roughly that"
            )]
            let bytes = bytes as u64;
            line(
                "rate",
                format!("{records:.1} records a second, {} a second", size(bytes)),
            );
        }
        line("overwritten", format!("{} records", stats.overwritten));
        line("refused", format!("{} writes", stats.refused));
        let waits = &stats.waits;
        line(
            "waits",
            format!(
                "{}, {:.3} s in all, {:.3} s the longest",
                waits.count,
                waits.total.as_secs_f64(),
                waits.longest.as_secs_f64()
            ),
        );
        let (overtakes, demotions, failed) = (stats.overtakes, stats.demotions, stats.failed_sinks);
        line(
            "readers",
            format!(
                "{overtakes} overtaken, {demotions} not waited for any more, {failed} failed (who reads now, only the program knows)"
            ),
        );
        let memory = self.memory.map_or(String::new(), |bytes| {
            format!(", its file takes {}", size(bytes))
        });
        line("memory", format!("{}{memory}", size(info.capacity)));
        if stats.lost_memory > 0 {
            line("lost memory", format!("{} times", stats.lost_memory));
        }
        line("path", ring.file.path().to_string_lossy().into_owned());
        let system = self.system.as_ref().map_or(String::new(), |system| {
            format!(
                ": {}, {} of {} free",
                system.kind,
                size(system.free),
                size(system.size)
            )
        });
        let why = self.why.map_or(String::new(), |why| format!(" ({why})"));
        let dir = self.dir.to_string_lossy();
        line("directory", format!("{dir}{why}{system}"));
        out
    }

    fn json(&self) -> Value {
        let stats = &self.held.stats;
        let mut object = ls::object(self.ring);
        let rate = self.rate();
        let more = json!({
            "written": stats.written,
            "bytes": stats.bytes,
            "overwritten": stats.overwritten,
            "refused": stats.refused,
            "records_per_second": rate.map(|(records, _)| records),
            "bytes_per_second": rate.map(|(_, bytes)| bytes),
            "waits": {
                "count": stats.waits.count,
                "total_seconds": stats.waits.total.as_secs_f64(),
                "longest_seconds": stats.waits.longest.as_secs_f64(),
            },
            "overtakes": stats.overtakes,
            "demotions": stats.demotions,
            "failed_sinks": stats.failed_sinks,
            "lost_memory": stats.lost_memory,
            "file_bytes": self.memory,
            "directory": self.dir.to_string_lossy(),
            "directory_why": self.why,
            "file_system": self.system.as_ref().map(|system| json!({
                "type": system.kind,
                "size": system.size,
                "free": system.free,
            })),
        });
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        object
    }

    fn prometheus(&self) -> String {
        let (info, stats) = (&self.ring.info, &self.held.stats);
        let label = |text: &str| {
            text.replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
        };
        let labels = format!(
            "program=\"{}\",pid=\"{}\",ring=\"{}\"",
            label(&info.program),
            self.ring.pid(),
            self.ring.id()
        );
        let seconds = |time: SystemTime| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0.0, |since| since.as_secs_f64()).to_string()
        };
        let times = self.held.times;
        // Name, help and value. Counters' names end in `total`, as Prometheus has it.
        #[rustfmt::skip]
        let rows = [
            ("running", "Whether its program runs.", Some(u8::from(self.ring.is_running()).to_string())),
            ("capacity_bytes", "Bytes that records with their headers can take.", Some(stats.capacity.to_string())),
            ("records_written_total", "Records written.", Some(stats.written.to_string())),
            ("bytes_written_total", "Bytes of the records written.", Some(stats.bytes.to_string())),
            ("records_overwritten_total", "Records that are gone from the ring.", Some(stats.overwritten.to_string())),
            ("writes_refused_total", "Writes after close, or in a forked child.", Some(stats.refused.to_string())),
            ("waits_total", "Waits of writers for room.", Some(stats.waits.count.to_string())),
            ("wait_seconds_total", "Time that writers waited for room.", Some(stats.waits.total.as_secs_f64().to_string())),
            ("overtakes_total", "Writes that could not wait and overtook a lossless reader.", Some(stats.overtakes.to_string())),
            ("demotions_total", "Readers that are not waited for any more.", Some(stats.demotions.to_string())),
            ("failed_sinks_total", "Readers that ended because their sink failed.", Some(stats.failed_sinks.to_string())),
            ("oldest_record_timestamp_seconds", "When the oldest record was written.", times.map(|(oldest, _)| seconds(oldest))),
            ("newest_record_timestamp_seconds", "When the newest record was written.", times.map(|(_, newest)| seconds(newest))),
            ("file_system_free_bytes", "What is free where the ring's file is.", self.system.as_ref().map(|system| system.free.to_string())),
        ];
        let mut out = String::new();
        for (name, help, value) in rows {
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            if let Some(value) = value {
                let _ = writeln!(
                    out,
                    "# HELP circular_{name} {help}\n# TYPE circular_{name} {kind}\ncircular_{name}{{{labels}}} {value}"
                );
            }
        }
        out
    }
}
