//! A directory in memory for the rings, gone at the end.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Result<Self, String> {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() {
            shared.into()
        } else {
            env::temp_dir()
        };
        let path = parent.join(format!("circular-kills-{}", process::id()));
        make(&path)?;
        Ok(Self(path))
    }

    /// An empty directory in it.
    pub(crate) fn dir(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        // There is none, as a rule.
        let _ = fs::remove_dir_all(&path);
        make(&path)?;
        Ok(path)
    }

    /// Keeps a ring in which something is wrong, where it is not removed, and tells where.
    pub(crate) fn keep(&self, ring: &Path) -> String {
        let kept = env::temp_dir().join(format!("circular-kills-{}.wrong.ring", process::id()));
        match fs::copy(ring, &kept) {
            Ok(_) => format!("the ring is kept as {}", kept.display()),
            Err(error) => format!("the ring cannot be kept: {error}"),
        }
    }
}

fn make(path: &Path) -> Result<(), String> {
    fs::create_dir(path).map_err(|error| format!("cannot make {}: {error}", path.display()))
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
