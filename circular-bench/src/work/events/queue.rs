//! A contender as the writer of `fmt`, as somebody would write it who keeps lines there.

use crate::contenders::Shared;
use std::io;
use std::sync::Arc;
use tracing_subscriber::fmt::MakeWriter;

pub(super) struct Queue<T>(pub(super) Arc<T>);

/// `fmt` writes each line at once.
pub(super) struct Line<'a, T>(&'a T);

impl<'a, T: Shared> MakeWriter<'a> for Queue<T> {
    type Writer = Line<'a, T>;

    fn make_writer(&'a self) -> Line<'a, T> {
        Line(&self.0)
    }
}

impl<T: Shared> io::Write for Line<'_, T> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
