//! The file of a ring: where it is, how it is made, who lives, and which old ones go.
//!
//! Invariant: a file with a public name (`<program>.<ring>.ring`) is whole, and its writer holds a lock on it as long as
//! it lives. What is removed is a ring of this program and of this user whose writer is dead, or what a maker that was
//! killed has left; nothing is ever replaced or written through a link.
//!
//! Making is for Linux, which has locks that belong to an open file, names that are given only if they are free, and
//! `/proc`. Elsewhere it is an error that says so, and files that were copied there can be read.

#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
pub(crate) mod crash_text;
#[cfg(target_os = "linux")]
pub(crate) mod dir;
#[cfg(target_os = "linux")]
mod dir_lock;
#[cfg(target_os = "linux")]
mod explain;
#[cfg(target_os = "linux")]
mod file_system;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
pub(crate) mod lock;
#[cfg(target_os = "linux")]
pub(crate) mod make;
pub(crate) mod names;
pub(crate) mod opened;
#[cfg(target_os = "linux")]
mod process;
pub(crate) mod program;
#[cfg(target_os = "linux")]
mod prune;
pub(crate) mod state;
#[cfg(target_os = "linux")]
mod system;
#[cfg(all(test, target_os = "linux"))]
mod tests;
pub(crate) mod wanted;

/// Where no ring has a file.
#[cfg(not(target_os = "linux"))]
pub(crate) mod make {
    use crate::error::MappingError;
    use crate::file::wanted::Wanted;
    use std::convert::Infallible;

    /// There is none.
    #[derive(Debug)]
    pub(crate) struct Prepared(Infallible);

    pub(crate) fn prepare(_: &Wanted) -> Result<Prepared, MappingError> {
        Err(MappingError::new(
            std::io::ErrorKind::Unsupported,
            String::from(
                "a ring in a file needs Linux: make one on the heap on this system, or say or_heap(), which does so",
            ),
        ))
    }

    impl Prepared {
        pub(crate) fn never(&self) -> ! {
            match self.0 {}
        }
    }
}
