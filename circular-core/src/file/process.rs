//! Which process this is, and whether another is still the one that it was.

use crate::format::file_header::FileId;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;

/// What this boot of the system is called: `/proc/sys/kernel/random/boot_id`, from random(4). Zeroes if it is not told.
pub(super) fn boot_id() -> [u8; 16] {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.ok().and_then(|text| uuid(&text)).unwrap_or_default()
}

/// Which pids are seen here: `/proc/self/ns/pid`, from namespaces(7). Zeroes if it is not told.
pub(super) fn pid_namespace() -> FileId {
    let namespace = fs::metadata("/proc/self/ns/pid");
    namespace.map_or_else(
        |_| FileId::default(),
        |namespace| FileId {
            device: namespace.dev(),
            inode: namespace.ino(),
        },
    )
}

/// When this process was started; 0 if it is not told.
pub(super) fn own_start() -> u64 {
    let stat = fs::read("/proc/self/stat").unwrap_or_default();
    let stat = Stat::parse(&String::from_utf8_lossy(&stat));
    stat.map_or(0, |stat| stat.started)
}

/// Whether the process with that pid lives, and was started at that time: another may have its pid by now.
pub(super) fn is_alive(pid: u64, started: u64) -> io::Result<bool> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(stat) => {
            let stat = Stat::parse(&String::from_utf8_lossy(&stat));
            let stat = stat.ok_or(ErrorKind::InvalidData)?;
            Ok(stat.started == started && !stat.is_over)
        }
        // The second is what a process gives that ends while it is read.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a process has mapped a file with that inode, from proc_pid_maps(5). Devices are called otherwise there on some
/// file systems, so they are not compared.
pub(super) fn has_mapped(pid: u64, inode: u64) -> io::Result<bool> {
    let maps = fs::read(format!("/proc/{pid}/maps"))?;
    let inode = inode.to_string();
    let is_it = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b' ');
        fields.nth(4) == Some(inode.as_bytes())
    };
    Ok(maps.split(|byte| *byte == b'\n').any(is_it))
}

/// What `/proc/<pid>/stat` tells, from proc_pid_stat(5).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// It has ended, and its parent has not asked how.
    is_over: bool,
    /// In ticks of the clock since the system was started.
    started: u64,
}

impl Stat {
    fn parse(stat: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, and may have anything in it.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_ascii_whitespace();
        // The third, and the twenty-second.
        let state = fields.next()?;
        let started = fields.nth(18)?;
        Some(Self {
            is_over: matches!(state, "Z" | "X" | "x"),
            started: started.parse().ok()?,
        })
    }
}

/// The bytes of `01234567-89ab-…`.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut digits = text
        .trim_end()
        .bytes()
        .filter(|byte| *byte != b'-')
        .map(|byte| char::from(byte).to_digit(16));
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process;

    #[test]
    fn a_programs_name_may_be_anything() {
        // Field 22 is its own number, as are the others.
        let rest: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let rest = rest.join(" ");
        for name in ["shop", "a b", "a) R 1 2", ")", "(", ""] {
            let stat = Stat::parse(&format!("1 ({name}) S {rest}\n"));
            let expected = Stat {
                is_over: false,
                started: 22,
            };
            assert_eq!(stat, Some(expected), "{name}");
        }
        assert!(Stat::parse(&format!("1 (a) Z {rest}")).unwrap().is_over);
        for stat in ["", "1 (a", "1 (a)", "1 (a) S", "1 (a) S 4 5 6"] {
            assert_eq!(Stat::parse(stat), None, "{stat}");
        }
    }

    #[test]
    fn this_process_lives_and_one_that_had_its_pid_does_not() {
        let (pid, started) = (process::id().into(), own_start());
        assert!(started > 0);
        assert!(is_alive(pid, started).unwrap());
        assert!(!is_alive(pid, started - 1).unwrap());
        // Larger than any pid can be.
        assert!(!is_alive(1 << 32, started).unwrap());
    }

    #[test]
    fn a_process_that_nobody_has_asked_for_its_end_is_over() {
        let mut child = process::Command::new("cat")
            .stdin(process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id().into();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let started = Stat::parse(&stat).unwrap().started;
        assert!(is_alive(pid, started).unwrap());
        drop(child.stdin.take());
        // It becomes a zombie, and stays one until it is waited for.
        while is_alive(pid, started).unwrap() {}
        assert!(fs::exists(format!("/proc/{pid}")).unwrap());
        child.wait().unwrap();
    }

    #[test]
    fn a_boot_has_an_id() {
        let id = "00112233-4455-6677-8899-aabbccddeeff";
        let bytes = uuid(&format!("{id}\n")).unwrap();
        assert_eq!(bytes[..3], [0x00, 0x11, 0x22]);
        assert_eq!(bytes[15], 0xff);
        for text in ["", "00", &id[1..], &format!("{id}0"), &id.replace('a', "g")] {
            assert_eq!(uuid(text), None, "{text}");
        }
        assert_ne!(boot_id(), [0; 16]);
        assert_ne!(pid_namespace(), FileId::default());
    }
}
