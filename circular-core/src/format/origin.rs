//! META: what people want to know of where a ring comes from. Lines of `key=value`, padded with zeroes.
//!
//! Invariant: nothing depends on it, and damage to it costs no record. It has no arguments and no environment, which
//! may be secret.

use crate::format::bytes::{cut, put, text};
use crate::format::crc32c::crc32c;
use crate::format::layout::META_BYTES;

/// A value has at most so many bytes: as long as a path is, and all together fit.
const LONGEST: usize = 4096;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Path of the program.
    pub(crate) program: String,
    /// Version of the library that wrote the ring.
    pub(crate) version: String,
    /// Name of the machine, or of the container.
    pub(crate) host: String,
    /// Path of the command whose output is recorded, where that is not the program.
    pub(crate) command: String,
    /// And its process.
    pub(crate) command_pid: String,
    /// The ring that goes before this one, of what the command printed until it ended.
    pub(crate) rest_of: String,
}

/// Whose output is recorded, where that is another program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The command's path, and its process.
    pub(crate) command: Option<(String, u32)>,
    /// The id of the ring that goes before this one, of what the command printed until it ended.
    pub(crate) rest_of: Option<u64>,
}

impl Origin {
    /// The same, of a ring of what another program prints.
    pub(crate) fn of(self, recorded: &Recorded) -> Self {
        let (command, command_pid) = match &recorded.command {
            Some((path, pid)) => (path.clone(), pid.to_string()),
            None => Default::default(),
        };
        let rest_of = recorded
            .rest_of
            .map_or(String::new(), |ring| format!("{ring:016x}"));
        Self {
            command,
            command_pid,
            rest_of,
            ..self
        }
    }

    /// The section, as long as it is in a file. Control characters in a value, such as newlines, are replaced.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut lines = String::new();
        for (key, value) in [
            ("program", &self.program),
            ("version", &self.version),
            ("host", &self.host),
            ("command", &self.command),
            ("command_pid", &self.command_pid),
            ("rest_of", &self.rest_of),
        ] {
            let is_of_command = key.starts_with("command") || key == "rest_of";
            if value.is_empty() && is_of_command {
                continue;
            }
            lines.push_str(key);
            lines.push('=');
            let value = cut(value, LONGEST).chars();
            lines.extend(value.map(|c| if c.is_control() { '?' } else { c }));
            lines.push('\n');
        }
        let mut section = vec![0; META_BYTES];
        put(&mut section, 0, lines.as_bytes());
        section
    }

    /// What a section says that has this checksum; `None` if it has another. Keys that are not known here are left out.
    pub(crate) fn decode(section: &[u8], checksum: u32) -> Option<Self> {
        if crc32c(section) != checksum {
            return None;
        }
        let mut origin = Self::default();
        for line in text(section).lines() {
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let place = match key {
                "program" => &mut origin.program,
                "version" => &mut origin.version,
                "host" => &mut origin.host,
                "command" => &mut origin.command,
                "command_pid" => &mut origin.command_pid,
                "rest_of" => &mut origin.rest_of,
                _ => continue,
            };
            *place = String::from(value);
        }
        Some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(section: &[u8]) -> Origin {
        Origin::decode(section, crc32c(section)).unwrap()
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let origin = Origin {
            program: String::from("/opt/shop=1/bin/shop"),
            version: String::from("0.1.0"),
            host: String::from("web-ñ"),
            command: String::from("/usr/bin/python3"),
            command_pid: String::from("4711"),
            rest_of: String::from("00000000000000ab"),
        };
        let section = origin.encode();
        assert_eq!(section.len(), 40 << 10);
        assert!(section.starts_with(b"program=/opt/shop=1/bin/shop\nversion=0.1.0\nhost=web-"));
        assert_eq!(decoded(&section), origin);
        assert_eq!(Origin::decode(&section, crc32c(&section) ^ 1), None);
    }

    #[test]
    fn no_value_makes_another_line_or_the_end() {
        let origin = Origin {
            program: String::from("a\nhost=elsewhere\r\0"),
            host: "ñ".repeat(META_BYTES),
            ..Origin::default()
        };
        let decoded = decoded(&origin.encode());
        assert_eq!(decoded.program, "a?host=elsewhere??");
        assert_eq!(decoded.host, "ñ".repeat(2048));
    }

    #[test]
    fn what_others_add_is_left_out() {
        let decoded = decoded(b"\nunit=shop.service\nnothing\nhost=web\nprogram");
        assert_eq!(decoded.host, "web");
        assert_eq!(decoded.program, "");
        assert_eq!(Origin::decode(b"", 0), Some(Origin::default()));
    }
}
