//! What dumps of every cause can be told: what their files are called after, and what of the log goes into them.

use crate::dump::file::dir::DumpDir;
use crate::dump::file::names::Cause;
use crate::dump::select::DumpSelect;
use crate::file::program::executable_name;
use crate::ring::at_exit;
use std::path::PathBuf;

#[derive(Debug, Default)]
pub(crate) struct DumpOptions {
    /// The program's name; `None` is that of the executable.
    pub(crate) program: Option<String>,
    pub(crate) select: DumpSelect,
}

impl DumpOptions {
    /// The files of dumps in `dir`. From now on whoever ends the process waits for one that is being made.
    pub(crate) fn files(&self, dir: PathBuf, cause: Cause) -> DumpDir {
        at_exit::register_for_dumps();
        match &self.program {
            Some(program) => DumpDir::new(dir, program, cause),
            None => DumpDir::new(dir, &executable_name(), cause),
        }
    }
}
