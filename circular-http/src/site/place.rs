//! Which of the log's addresses a path is, however a client or a proxy writes it.
//!
//! Proxies put something before a path, double its slashes where they join two, and escape what need not be escaped.
//! Of a server of our own, nothing else is there, so whatever comes before the log's path is taken for a proxy's. What a
//! browser sees as the path's last name is not known here: the page finds that out by itself (`page.rs`).

use std::borrow::Cow;

use crate::site::page::{self, File};

/// What is at a path.
#[derive(Debug)]
pub(crate) enum Place {
    /// The log, which a browser gets as a page.
    Log,
    Stats,
    /// How many records there are.
    Counts,
    SignOut,
    File(File),
    /// The top of a server that has a log further down.
    Top,
    Nowhere,
}

/// Whose the path's beginning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// The log's path is what the path begins with.
    Nothing,
    /// Something may stand before it.
    Anything,
}

impl Place {
    /// What is at `path`, where the log is at `base`, which ends without a slash.
    pub(crate) fn of(path: &str, base: &str, before: Before) -> Self {
        let path = plain(path);
        if path == "/" && !base.is_empty() && before == Before::Anything {
            return Self::Top;
        }
        if before == Before::Nothing || base.is_empty() {
            return path.strip_prefix(base).map_or(Self::Nowhere, Self::below);
        }
        // The first that something is behind, as what is before it may look like it.
        let mut found = path.match_indices(base);
        let behind = found.find_map(|(at, _)| match Self::below(&path[at + base.len()..]) {
            Self::Nowhere => None,
            place => Some(place),
        });
        behind.unwrap_or(Self::Nowhere)
    }

    /// What comes behind the log's path.
    fn below(below: &str) -> Self {
        match below {
            "" | "/" => Self::Log,
            "/stats" => Self::Stats,
            "/counts" => Self::Counts,
            "/logout" => Self::SignOut,
            _ => match below.strip_prefix('/').and_then(page::file) {
                Some(file) => Self::File(file),
                None => Self::Nowhere,
            },
        }
    }
}

/// The same path with single slashes, and nothing escaped that need not be: a log's path has nothing that must be.
fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains('%') {
        return path.into();
    }
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let (c, length) = match unescaped(rest) {
            Some(unescaped) => (unescaped, 3),
            None => (c, c.len_utf8()),
        };
        if c != '/' || !plain.ends_with('/') {
            plain.push(c);
        }
        rest = &rest[length..];
    }
    plain.into()
}

/// The character that `text` begins with as `%41`, if it is one that need not be escaped.
fn unescaped(text: &str) -> Option<char> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)).then_some(char::from(byte))
}

/// What comes behind the last slash of a path.
pub(crate) fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, base: &str, before: Before) -> &'static str {
        match Place::of(path, base, before) {
            Place::Log => "log",
            Place::Stats => "stats",
            Place::Counts => "counts",
            Place::SignOut => "logout",
            Place::File(_) => "file",
            Place::Top => "top",
            Place::Nowhere => "nowhere",
        }
    }

    #[test]
    fn a_path_is_found_however_it_is_written() {
        for (path, expected) in [
            ("/debug/log", "log"),
            ("/debug/log/", "log"),
            ("/debug/log//", "log"),
            ("//debug//log", "log"),
            ("/%64ebug/lo%67", "log"),
            ("/debug/log/stats", "stats"),
            ("/debug/log//stats", "stats"),
            ("/debug/log/logout", "logout"),
            ("/debug/log/app.js", "file"),
            ("/debug/log//app%2Ejs", "file"),
            ("/", "top"),
            ("//", "top"),
            ("", "nowhere"),
            ("/debug", "nowhere"),
            ("/debug/logs", "nowhere"),
            ("/debug/log/app.js/", "nowhere"),
            ("/debug/log/nothing", "nowhere"),
            ("/debug%2flog", "nowhere"),
            ("/debug/log%", "nowhere"),
            ("/debug/log/%é", "nowhere"),
            ("/debug/log%00", "nowhere"),
        ] {
            assert_eq!(
                named(path, "/debug/log", Before::Anything),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn what_a_proxy_puts_before_it_does_not_matter_where_nothing_else_is() {
        for (path, ours, others) in [
            ("/admin/debug/log", "log", "nowhere"),
            ("/admin//debug/log/app.js", "file", "nowhere"),
            ("/debug/log/debug/log/stats", "stats", "nowhere"),
            ("/debug/logs/debug/log", "log", "nowhere"),
            ("/xdebug/log", "nowhere", "nowhere"),
            ("/", "top", "nowhere"),
            ("/debug/log/", "log", "log"),
        ] {
            assert_eq!(named(path, "/debug/log", Before::Anything), ours, "{path}");
            assert_eq!(named(path, "/debug/log", Before::Nothing), others, "{path}");
        }
        // A log that is called as something of it is.
        for (path, expected) in [
            ("/stats", "log"),
            ("/stats/stats", "stats"),
            ("/a/stats/stats", "stats"),
            ("/stats/app.js", "file"),
        ] {
            assert_eq!(named(path, "/stats", Before::Anything), expected, "{path}");
        }
        assert_eq!(named("/log/logout", "/log", Before::Anything), "logout");
        // At the top itself there is nothing to find it by.
        for (path, expected) in [("/", "log"), ("/stats", "stats"), ("/a/stats", "nowhere")] {
            assert_eq!(named(path, "", Before::Anything), expected, "{path}");
        }
    }
}
