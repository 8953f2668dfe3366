//! A ring on the heap has its text written to a file when the program crashes.

use crate::crash;
use crate::error::MappingError;
use crate::ring::shared::Shared;
use std::path::Path;

/// What is asked of that file.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "no such file is made but on Linux")
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextOptions<'a> {
    /// The directory and the program of the file that the ring should have had.
    pub(crate) file: Option<(Option<&'a Path>, &'a str)>,
    pub(crate) keep: usize,
    /// Bytes of the ring: the text has fewer.
    pub(crate) capacity: usize,
}

/// A file that is open, and not the ring's yet.
#[derive(Debug)]
pub(crate) struct Opened {
    #[cfg(target_os = "linux")]
    text: crash::text::Text,
}

/// Opens the file for ring `id`, and has signals come to us.
#[cfg(target_os = "linux")]
pub(crate) fn open(options: TextOptions<'_>, id: u64) -> Result<Opened, MappingError> {
    use crate::file::crash_text::{self, WantedText};

    crash::install()?;
    let TextOptions {
        file,
        keep,
        capacity,
    } = options;
    let wanted = WantedText {
        dir: file.and_then(|(dir, _)| dir),
        program: file.map(|(_, program)| program),
        keep,
        len: capacity as u64,
        ring: id,
    };
    let prepared = crash_text::prepare(wanted).map_err(|error| {
        let message =
            format!("there is no place for the text of a crash: {error}; or leave out crash_note");
        MappingError::new(error.kind(), message)
    })?;
    let text = crash::text::Text::new(prepared).map_err(|error| {
        let message =
            format!("cannot look at the file for the text of a crash: {error}; try again");
        MappingError::of_system(message, error)
    })?;
    Ok(Opened { text })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open(_: TextOptions<'_>, _: u64) -> Result<Opened, MappingError> {
    crash::install()?;
    Ok(Opened {})
}

impl Opened {
    /// Makes it that of a ring, which stays where it is from now on.
    pub(crate) fn watch(self, ring: &Shared) {
        #[cfg(target_os = "linux")]
        ring.watch_on_heap(self.text);
        #[cfg(not(target_os = "linux"))]
        let _ = ring;
    }
}
