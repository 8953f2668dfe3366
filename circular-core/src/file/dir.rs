//! Which directory rings are in.
//!
//! Invariant: a directory that nobody asked for is this user's, no link, and writable by nobody else: else others could
//! take our rings away, or see to it that there are none. One that somebody asked for is taken as it is.
//!
//! | who asks | directory | if it is not there |
//! |---|---|---|
//! | the program, by `mapped_in` | that | an error |
//! | `$CIRCULAR_DIR` | that | an error: it is a volume that should be mounted |
//! | nobody, and `$XDG_RUNTIME_DIR` is there and ours | `circular` in it | it is made |
//! | nobody | `/dev/shm/circular-<uid>` | it is made |

use crate::error::MappingError;
use crate::file::explain::cannot;
use crate::file::system;
use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{self, Path, PathBuf};

/// What the choice depends on.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// `$CIRCULAR_DIR`.
    pub(super) asked: Option<OsString>,
    /// `$XDG_RUNTIME_DIR`, of the XDG Base Directory Specification.
    pub(super) runtime: Option<OsString>,
    /// Where files are memory on each Linux: shm_overview(7).
    pub(super) memory: PathBuf,
}

/// A directory that is there, and may be used.
#[derive(Debug)]
pub(super) struct Dir {
    /// Absolute, so that a change of the working directory makes no difference.
    pub(super) path: PathBuf,
    pub(super) handle: File,
}

/// A directory, and whether somebody asked for it.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Asked(PathBuf),
    Default(PathBuf),
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            asked: env::var_os("CIRCULAR_DIR"),
            runtime: env::var_os("XDG_RUNTIME_DIR"),
            memory: PathBuf::from("/dev/shm"),
        }
    }

    /// The directory that the caller wants, or else the default one, which is made if need be.
    pub(super) fn open(&self, wanted: Option<&Path>) -> Result<Dir, MappingError> {
        let choice = match wanted {
            Some(dir) => Choice::Asked(dir.to_path_buf()),
            None => self.choose(),
        };
        match choice {
            Choice::Asked(path) => open_asked(&path),
            Choice::Default(path) => open_default(path),
        }
    }

    fn choose(&self) -> Choice {
        match (&self.asked, &self.runtime) {
            // By the customs for such variables, an empty one is none.
            (Some(dir), _) if !dir.is_empty() => Choice::Asked(PathBuf::from(dir)),
            (_, Some(dir)) if is_usable(Path::new(dir)) => {
                Choice::Default(Path::new(dir).join("circular"))
            }
            _ => {
                let user = system::user();
                Choice::Default(self.memory.join(format!("circular-{user}")))
            }
        }
    }
}

/// Whether it is what a login session has; `su` and `sudo` may leave another user's.
fn is_usable(runtime: &Path) -> bool {
    let is_ours = |metadata: fs::Metadata| {
        metadata.is_dir() && metadata.uid() == system::user() && metadata.mode() & 0o700 == 0o700
    };
    runtime.is_absolute() && fs::metadata(runtime).is_ok_and(is_ours)
}

fn open_asked(dir: &Path) -> Result<Dir, MappingError> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let path = path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    match open(&path, 0) {
        Ok(handle) => Ok(Dir { path, handle }),
        Err(error) => Err(cannot("use the directory", &path, error)),
    }
}

fn open_default(path: PathBuf) -> Result<Dir, MappingError> {
    match DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(cannot("make the directory", &path, error));
        }
        _ => {}
    }
    let handle = match open(&path, libc::O_NOFOLLOW) {
        Ok(handle) => handle,
        Err(error) => {
            let number = error.raw_os_error();
            return Err(match number {
                // Which of them a link gives depends on the system.
                Some(libc::ELOOP | libc::ENOTDIR) => {
                    in_the_way(&path, "is a link, or no directory: remove it")
                }
                _ => cannot("use the directory", &path, error),
            });
        }
    };
    let metadata = handle
        .metadata()
        .map_err(|error| cannot("look at the directory", &path, error))?;
    if metadata.uid() != system::user() {
        return Err(in_the_way(&path, "is another user's: have it removed"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(in_the_way(
            &path,
            "can be written to by other users: take that away (chmod go-w)",
        ));
    }
    Ok(Dir { path, handle })
}

fn in_the_way(path: &Path, what: &str) -> MappingError {
    let path = path.display();
    let message = format!(
        "cannot have rings in {path}, which {what}, or name a directory of your own ($CIRCULAR_DIR, or mapped_in)"
    );
    MappingError::new(ErrorKind::PermissionDenied, message)
}

fn open(path: &Path, flags: i32) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_DIRECTORY | flags);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::TempDir;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// What a process has that was told nothing, in a directory for both defaults.
    fn nothing(dir: &TempDir) -> Surroundings {
        Surroundings {
            asked: None,
            runtime: None,
            memory: dir.path().to_path_buf(),
        }
    }

    fn ours() -> String {
        format!("circular-{}", system::user())
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[track_caller]
    fn is_refused(surroundings: &Surroundings, what: &str) {
        let error = surroundings.open(None).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(what), "{told}");
        assert!(told.contains("$CIRCULAR_DIR"), "{told}");
    }

    #[test]
    fn without_a_word_it_is_memory_and_ours_alone() {
        let dir = TempDir::new();
        let made = nothing(&dir).open(None).unwrap();
        assert_eq!(made.path, dir.path().join(ours()));
        assert_eq!(mode(&made.path), 0o700);
        // And a second time, when it is there, even if others may read it.
        fs::set_permissions(&made.path, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(nothing(&dir).open(None).unwrap().path, made.path);
        assert_eq!(mode(&made.path), 0o755);
    }

    #[test]
    fn a_session_has_a_directory_for_it() {
        let (dir, session) = (TempDir::new(), TempDir::new());
        let with = |runtime: &Path| Surroundings {
            runtime: Some(runtime.into()),
            ..nothing(&dir)
        };
        let made = with(session.path()).open(None).unwrap();
        assert_eq!(made.path, session.path().join("circular"));
        assert_eq!(mode(&made.path), 0o700);
        // One that is of no use is no session's.
        let memory = dir.path().join(ours());
        for runtime in [Path::new(""), Path::new("run"), &dir.path().join("gone")] {
            assert_eq!(with(runtime).open(None).unwrap().path, memory);
        }
        fs::set_permissions(session.path(), Permissions::from_mode(0o500)).unwrap();
        assert_eq!(with(session.path()).open(None).unwrap().path, memory);
    }

    #[test]
    fn what_is_asked_for_comes_first_and_is_taken_as_it_is() {
        let (dir, asked, given) = (TempDir::new(), TempDir::new(), TempDir::new());
        fs::set_permissions(asked.path(), Permissions::from_mode(0o777)).unwrap();
        let surroundings = Surroundings {
            asked: Some(asked.path().into()),
            runtime: Some(given.path().into()),
            ..nothing(&dir)
        };
        assert_eq!(surroundings.open(None).unwrap().path, asked.path());
        let link = dir.path().join("link");
        symlink(given.path(), &link).unwrap();
        assert_eq!(surroundings.open(Some(&link)).unwrap().path, link);
        let empty = Surroundings {
            asked: Some(OsString::new()),
            ..nothing(&dir)
        };
        assert_eq!(empty.open(None).unwrap().path, dir.path().join(ours()));
    }

    #[test]
    fn what_is_asked_for_must_be_there() {
        let dir = TempDir::new();
        let gone = dir.path().join("gone");
        let surroundings = Surroundings {
            asked: Some(gone.clone().into()),
            ..nothing(&dir)
        };
        for error in [
            surroundings.open(None).unwrap_err(),
            nothing(&dir).open(Some(&gone)).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("make the directory"), "{error}");
            assert!(error.to_string().contains("gone"), "{error}");
        }
        assert!(!gone.exists());
        fs::write(&gone, b"").unwrap();
        let error = surroundings.open(None).unwrap_err();
        assert!(error.to_string().contains("it is no directory"), "{error}");
    }

    #[test]
    fn a_default_that_others_have_made_is_refused() {
        let dir = TempDir::new();
        let path = dir.path().join(ours());
        let elsewhere = TempDir::new();
        symlink(elsewhere.path(), &path).unwrap();
        is_refused(&nothing(&dir), "is a link, or no directory");
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"").unwrap();
        is_refused(&nothing(&dir), "is a link, or no directory");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        for mode in [0o720, 0o702, 0o1777] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            is_refused(&nothing(&dir), "can be written to by other users");
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    /// Only root can give a directory away.
    #[test]
    fn a_default_of_another_user_is_refused() {
        let dir = TempDir::new();
        let path = dir.path().join(ours());
        fs::create_dir(&path).unwrap();
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            is_refused(&nothing(&dir), "is another user's");
        }
    }

    #[test]
    fn a_system_without_such_memory_says_what_to_do() {
        let dir = TempDir::new();
        let surroundings = Surroundings {
            memory: dir.path().join("gone"),
            ..nothing(&dir)
        };
        is_refused(&surroundings, "cannot make the directory");
    }
}
