//! A directory of a test's own, in memory, and gone when it is dropped.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Dir(pub(crate) PathBuf);

impl Dir {
    pub(crate) fn new(name: &str) -> Self {
        let path = format!("circular-test-{name}-{}", std::process::id());
        let path = Path::new("/dev/shm").join(path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
