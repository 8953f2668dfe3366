//! A sink that hands on each dump of a trigger as one text.

use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{self, Receiver, Sender};

/// A dump is over when it is flushed.
pub(crate) struct Dumped {
    text: Vec<u8>,
    dumps: Sender<String>,
}

pub(crate) fn sink() -> (Dumped, Receiver<String>) {
    let (dumps, received) = mpsc::channel();
    let text = Vec::new();
    (Dumped { text, dumps }, received)
}

impl Write for Dumped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8(mem::take(&mut self.text)).unwrap();
        // The test may have had enough.
        let _ = self.dumps.send(text);
        Ok(())
    }
}
