//! The names of rings, for shells that complete them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap_complete::engine::CompletionCandidate;

use crate::find::ending;
use crate::find::rings;

/// Whether a shell takes a name as it is, as one word and not as an option: what completes it is put into the line as it is, and a name may be
/// anybody's.
fn is_word(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+,@%/".contains(&byte);
    !name.starts_with('-') && name.bytes().all(is_plain)
}

/// Returns the names of programs that have rings and begin with `typed`, and the ids of rings, once there is
/// something to go by; and those of rings with names that would have to be quoted.
pub(crate) fn complete(typed: &OsStr) -> Vec<CompletionCandidate> {
    // Behind this, all shells have what is on the line.
    let words = env::args_os().skip_while(|word| word != "--").skip(1);
    let dirs = dirs(words);
    let (Some(typed), Ok(listing)) = (typed.to_str(), rings::list(&dirs)) else {
        return Vec::new();
    };
    let mut candidates = BTreeMap::new();
    for ring in &listing.rings {
        let what = format!("pid {}, {}", ring.pid(), ending::phrase(ring));
        let name = &ring.info.program;
        let is_word = is_word(name);
        if is_word {
            candidates.insert(name.clone(), what.clone());
        }
        if !typed.is_empty() || !is_word {
            candidates.insert(ring.id(), format!("{}, {what}", ring.info.program));
        }
    }
    candidates.retain(|name, _| name.starts_with(typed));
    let candidate =
        |(name, what): (String, String)| CompletionCandidate::new(name).help(Some(what.into()));
    candidates.into_iter().map(candidate).collect()
}

/// Returns the directories that are asked for on a line that is not whole yet, whose words are as they were typed.
fn dirs(words: impl Iterator<Item = OsString>) -> Vec<PathBuf> {
    let mut words = words.map(|word| word.to_string_lossy().into_owned());
    let mut dirs = Vec::new();
    while let Some(word) = words.next().filter(|word| word != "--") {
        let Some(rest) = behind_flag(&word) else {
            continue;
        };
        let mut value = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        // Bash takes `--dir=DIR` for three words.
        while value.as_deref().is_none_or(|value| value == "=") {
            match words.next() {
                Some(next) => value = Some(next),
                None => return dirs,
            }
        }
        dirs.extend(value.map(|value| as_read(&value)));
    }
    dirs
}

/// What stands in the same word behind `-D` or `--dir`, if it is that.
fn behind_flag(word: &str) -> Option<&str> {
    /// Those that have no value, and may stand before it.
    const FLAGS: [char; 3] = ['f', 'q', 'r'];
    if let Some(rest) = word.strip_prefix("--dir") {
        let is_it = rest.is_empty() || rest.starts_with('=');
        return is_it.then(|| rest.strip_prefix('=').unwrap_or(rest));
    }
    let letters = word.strip_prefix('-')?.trim_start_matches(FLAGS);
    let rest = letters.strip_prefix('D')?;
    Some(rest.strip_prefix('=').unwrap_or(rest))
}

/// A path as the shell will read it: without quotes, and from home on. What would take more than that is no directory.
fn as_read(word: &str) -> PathBuf {
    let (mut path, mut quote) = (String::new(), None);
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => path.extend(chars.next()),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(end)) if c == end => quote = None,
            (c, _) => path.push(c),
        }
    }
    let home = env::var_os("HOME").filter(|_| word.starts_with('~'));
    match (home, path.strip_prefix('~')) {
        (Some(home), Some("")) => PathBuf::from(home),
        (Some(home), Some(rest)) if rest.starts_with('/') => {
            Path::new(&home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_found_as_the_command_would_find_it() {
        let home = env::var("HOME").unwrap_or_default();
        let in_home = format!("{home}/rings");
        for (line, expected) in [
            ("dump -D one p", &["one"][..]),
            ("dump -D one --dir two p", &["one", "two"]),
            ("dump -Done p", &["one"]),
            ("dump -D=one p", &["one"]),
            ("dump --dir=one p", &["one"]),
            ("dump --dir = one p", &["one"]),
            ("tail -fqD one p", &["one"]),
            ("dump 'p' -D \"o\\\"ne\"", &["o\"ne"]),
            ("dump -D it\\'s p", &["it's"]),
            ("dump -D ~/rings p", &[&in_home]),
            ("dump -D '~/rings' p", &["~/rings"]),
            ("dump -D", &[]),
            ("dump -gD one p", &[]),
            ("dump --directory one p", &[]),
            ("dump -- -D one", &[]),
        ] {
            if line.contains(" ~/") && home.is_empty() {
                continue;
            }
            let words = line.split(' ').map(OsString::from);
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(dirs(words), expected, "{line}");
        }
    }
}
