//! How far a long work is: on a terminal, a line that is rewritten. Elsewhere nothing is said, so that what a machine
//! keeps has no clutter.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

/// No more often than a person reads.
const PAUSE: Duration = Duration::from_millis(200);
/// A longer line would break on a narrow terminal, and there is no way back over two.
const WIDTH: usize = 79;

pub(crate) struct Progress<W: Write> {
    /// None where it is no terminal.
    terminal: Option<W>,
    pause: Duration,
    shown: Option<Instant>,
}

impl Progress<io::Stderr> {
    pub(crate) fn on_stderr() -> Self {
        let stderr = io::stderr();
        Self::new(stderr.is_terminal().then_some(stderr), PAUSE)
    }
}

impl<W: Write> Progress<W> {
    fn new(terminal: Option<W>, pause: Duration) -> Self {
        Self {
            terminal,
            pause,
            shown: None,
        }
    }

    /// The line is this now. It is not made where nobody would see it.
    pub(crate) fn show(&mut self, line: impl FnOnce() -> String) {
        let is_early = self.shown.is_some_and(|shown| shown.elapsed() < self.pause);
        if let Some(terminal) = self.terminal.as_mut().filter(|_| !is_early) {
            let line: String = line().chars().take(WIDTH).collect();
            // Where it cannot be shown, nobody misses it.
            let _ = write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush());
            self.shown = Some(Instant::now());
        }
    }

    /// The line goes, for something that is to stay, or because all is done.
    pub(crate) fn clear(&mut self) {
        if self.shown.take().is_none() {
            return;
        }
        if let Some(terminal) = &mut self.terminal {
            let _ = write!(terminal, "\r\x1b[K").and_then(|()| terminal.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;
    use std::time::Duration;

    #[test]
    fn a_line_is_rewritten_but_not_with_every_call_and_goes_at_the_end() {
        let mut progress = Progress::new(Some(Vec::new()), Duration::MAX);
        progress.show(|| "one".into());
        progress.show(|| unreachable!("it is too early for the next"));
        progress.clear();
        progress.show(|| "x".repeat(100));
        progress.clear();
        progress.clear();
        let long = "x".repeat(79);
        let expected = format!("\r\x1b[Kone\r\x1b[K\r\x1b[K{long}\r\x1b[K");
        assert_eq!(progress.terminal, Some(expected.into_bytes()));
    }

    #[test]
    fn nothing_is_said_where_there_is_no_terminal() {
        let mut progress: Progress<Vec<u8>> = Progress::new(None, Duration::ZERO);
        progress.show(|| unreachable!("nobody sees it"));
        progress.clear();
    }
}
