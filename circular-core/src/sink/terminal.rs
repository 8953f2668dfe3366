//! Lines as a terminal shows them: coloured, and with nothing in them that it would obey.

use std::fmt;
use std::io::{self, Write};

use crate::record::level::Level;
use crate::text::escape::{Colors, push_for_terminal};

/// Writes lines to a terminal: control characters as escapes, and with [`colors`](Self::colors) the level in
/// colour and the time dimmed, as `tracing_subscriber::fmt` does.
///
/// It looks at the text that is there, and formats nothing a second time: a line that begins with a time and a
/// level, as those of `fmt`, [`RingLayer`] and [`RingLogger`] do, is coloured; others stay as they are. What is
/// logged is not trusted: an escape sequence would change the terminal's title or hide lines. It is shown by the rule of
/// [`push_for_terminal`], colours of the text's own too. Line ends and tabs are kept. A character must be whole in one
/// call, as records are.
///
/// A reader's sink goes through it where standard error is a terminal:
///
/// ```
/// use circular_core::TerminalWriter;
/// use std::io::Write;
///
/// let mut shown = Vec::new();
/// let mut terminal = TerminalWriter::new(&mut shown).colors(true);
/// terminal.write_all(b"2026-11-28T09:00:00.000000Z  INFO shop: sold\n")?;
/// assert_eq!(
///     shown,
///     b"\x1b[2m2026-11-28T09:00:00.000000Z\x1b[0m \x1b[32m INFO\x1b[0m shop: sold\n"
/// );
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`RingLayer`]: https://docs.rs/circular-tracing/latest/circular_tracing/struct.RingLayer.html
/// [`RingLogger`]: https://docs.rs/circular-log/latest/circular_log/struct.RingLogger.html
pub struct TerminalWriter<W> {
    sink: W,
    colors: bool,
    at_line_start: bool,
    /// What the sink has not taken yet.
    out: Vec<u8>,
}

impl<W: Write> TerminalWriter<W> {
    /// Returns a writer to `sink`, without colours.
    pub fn new(sink: W) -> Self {
        Self {
            sink,
            colors: false,
            at_line_start: true,
            out: Vec::new(),
        }
    }

    /// Sets whether levels are coloured and times dimmed; `false` by default.
    pub fn colors(mut self, colors: bool) -> Self {
        self.colors = colors;
        self
    }

    fn drain(&mut self) -> io::Result<()> {
        let mut written = 0;
        let result = loop {
            let rest = self.out.get(written..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match self.sink.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.out.drain(..written.min(self.out.len()));
        result
    }

    fn show(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let mut rest = line;
            if self.at_line_start && self.colors {
                if let Some(head) = Head::of(line) {
                    head.push_to(&mut self.out);
                    rest = head.rest;
                }
            }
            push_for_terminal(&mut self.out, rest, Colors::Show);
            self.at_line_start = line.ends_with(b"\n");
        }
    }
}

impl<W: Write> Write for TerminalWriter<W> {
    /// Takes all of it. Where the sink then takes less, or is not ready, the rest goes out with the next call or
    /// [`flush`](Write::flush), which also meets the sink's error.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.drain()?;
        self.show(bytes);
        // Nothing of it is lost, and it must not be handed in a second time.
        let _ = self.drain();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        self.sink.flush()
    }
}

/// The begin of a line as `fmt` writes it.
struct Head<'a> {
    time: &'a [u8],
    /// With the spaces in front of it.
    level: &'a [u8],
    color: &'static [u8],
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        // RFC 3339: 2026-11-28T09:00:00.000000Z.
        let end = line.iter().position(|&byte| byte == b' ')?;
        let (time, rest) = line.split_at(end);
        let is_time = (20..=35).contains(&end)
            && time[..4].iter().all(u8::is_ascii_digit)
            && (time[4], time[10]) == (b'-', b'T')
            && time.iter().all(|byte| byte.is_ascii_graphic());
        let level = rest.get(1..6)?;
        let known = Level::ALL.into_iter().find(|known| {
            let name = known.as_str().as_bytes();
            level.trim_ascii_start() == name
        })?;
        (is_time && rest.get(6) == Some(&b' ')).then_some(Self {
            time,
            level,
            color: color(known),
            rest: &rest[6..],
        })
    }

    fn push_to(&self, out: &mut Vec<u8>) {
        let Head { time, level, .. } = self;
        let parts: [&[u8]; 7] = [
            b"\x1b[2m",
            time,
            b"\x1b[0m \x1b[",
            self.color,
            b"m",
            level,
            b"\x1b[0m",
        ];
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }
}

/// As `fmt` has them.
fn color(level: Level) -> &'static [u8] {
    match level {
        Level::Error => b"31",
        Level::Warn => b"33",
        Level::Info => b"32",
        Level::Debug => b"34",
        Level::Trace => b"35",
    }
}

impl<W: fmt::Debug> fmt::Debug for TerminalWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalWriter")
            .field("sink", &self.sink)
            .field("colors", &self.colors)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(colors: bool, text: &[u8]) -> String {
        let mut out = Vec::new();
        let mut terminal = TerminalWriter::new(&mut out).colors(colors);
        terminal.write_all(text).unwrap();
        terminal.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn levels_have_the_colors_of_fmt() {
        let time = "2026-11-28T09:00:00.000000Z";
        for (level, color) in [
            ("ERROR", "31"),
            (" WARN", "33"),
            (" INFO", "32"),
            ("DEBUG", "34"),
            ("TRACE", "35"),
        ] {
            let line = format!("{time} {level} shop: sold\n");
            let wanted = format!("\x1b[2m{time}\x1b[0m \x1b[{color}m{level}\x1b[0m shop: sold\n");
            assert_eq!(shown(true, line.as_bytes()), wanted);
            assert_eq!(shown(false, line.as_bytes()), line);
            // Each line of several, and the second of a record by itself.
            let two = format!("{line}   INFO of something\n{line}");
            let wanted = format!("{wanted}   INFO of something\n{wanted}");
            assert_eq!(shown(true, two.as_bytes()), wanted);
        }
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for text in [
            "",
            "\n",
            "text",
            "INFO\n",
            "2026 INFO shop\n",
            "2026-11-28T09:00:00.000000Z\n",
            "2026-11-28T09:00:00.000000Z ",
            "2026-11-28T09:00:00.000000Z  INFO",
            "2026-11-28T09:00:00.000000Z  INFORM x\n",
            "2026-11-28T09:00:00.000000Z  LOUD x\n",
            "{\"timestamp\":\"2026-11-28T09:00:00.000000Z\",\"level\":\"INFO\"}\n",
            "--- missed 12 records (345 bytes): reader too slow ---\n",
            "caf\u{e9}\ttab \u{1f980}\n",
        ] {
            assert_eq!(shown(true, text.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_is_obeyed() {
        for (text, wanted) in [
            (&b"\x1b]0;title\x07\n"[..], "\\x1b]0;title\\x07\n"),
            (b"a\rb\n", "a\\x0db\n"),
            (b"\x1b[31mred\n", "\\x1b[31mred\n"),
            ("\u{9b}2J\n".as_bytes(), "\\xc2\\x9b2J\n"),
            ("\u{202e}gnp.exe".as_bytes(), "\\u{202e}gnp.exe"),
            (
                "a\u{61c}b\u{2028}c\u{2029}".as_bytes(),
                "a\\u{61c}b\\u{2028}c\\u{2029}",
            ),
            (b"\x9b2J \xff\xc3", "\\x9b2J \\xff\\xc3"),
            (b"\x7f\x00", "\\x7f\\x00"),
        ] {
            for colors in [false, true] {
                assert_eq!(shown(colors, text), wanted);
            }
        }
    }

    #[test]
    fn its_debug_shows_no_text() {
        let mut terminal = TerminalWriter::new(io::sink()).colors(true);
        terminal.write_all(b"password=hunter2").unwrap();
        let shown = format!("{terminal:?}");
        assert!(shown.contains("colors: true") && !shown.contains("hunter2"));
    }

    /// As a terminal that somebody has made non-blocking.
    struct Reluctant {
        taken: Vec<u8>,
        calls: u32,
    }

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            match self.calls % 3 {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                1 => Err(io::ErrorKind::Interrupted.into()),
                _ => {
                    let count = bytes.len().min(5);
                    self.taken.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_that_is_not_ready_gets_everything_once() {
        let sink = Reluctant {
            taken: Vec::new(),
            calls: 0,
        };
        let mut terminal = TerminalWriter::new(sink);
        let mut wanted = String::new();
        for number in 0..20 {
            let line = format!("line {number} of twenty\n");
            while let Err(error) = terminal.write(line.as_bytes()) {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            }
            wanted += &line;
        }
        while terminal.flush().is_err() {}
        assert_eq!(String::from_utf8(terminal.sink.taken).unwrap(), wanted);
    }
}
