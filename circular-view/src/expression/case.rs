//! Whether a pattern asks for case to count: it does where there is an upper-case letter that stands for itself.

/// Whether there is such a letter in a pattern.
pub(super) fn has_upper_case(pattern: &str) -> bool {
    let mut rest = pattern;
    let mut classes = 0_usize;
    while let Some(char) = rest.chars().next() {
        let behind = &rest[char.len_utf8()..];
        rest = match char {
            '\\' => behind_escape(behind),
            '(' if classes == 0 => behind_group_opening(behind),
            _ if char.is_uppercase() => return true,
            _ => behind,
        };
        match char {
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What comes behind an escape without its backslash: a letter, a class by its name, a character by its number.
fn behind_escape(text: &str) -> &str {
    let Some(kind) = text.chars().next() else {
        return text;
    };
    let rest = &text[kind.len_utf8()..];
    let signs = match kind {
        'p' | 'P' => 1,
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return rest,
    };
    match rest.strip_prefix('{') {
        Some(braced) => braced.split_once('}').map_or("", |(_, behind)| behind),
        None => rest
            .char_indices()
            .nth(signs)
            .map_or("", |(end, _)| &rest[end..]),
    }
}

/// What comes behind a group's flags, or its name, if there are some behind the parenthesis.
fn behind_group_opening(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('?') else {
        return text;
    };
    let named = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<'));
    match named {
        Some(named) => named.split_once('>').map_or("", |(_, behind)| behind),
        None => rest.trim_start_matches(|char: char| char.is_ascii_alphabetic() || char == '-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_for_itself_counts() {
        for pattern in [
            "",
            "timeout",
            r"\W+\S\D\B\A",
            r"\p{Lu}\P{Greek}\pL\PN",
            r"\x4A\x{4A}\u004A\U0000004A",
            "(?U:a)(?R-i)b",
            "(?P<Name>a)(?<Other>b)",
            "[[:alpha:]]",
            r"[\W\\a]",
            "ä",
            r"\",
            r"\p{",
            r"\x4",
        ] {
            assert!(!has_upper_case(pattern), "{pattern}");
        }
        for pattern in [
            "Timeout",
            r"\WA",
            r"\\W",
            r"\p{Lu}A",
            r"\pLA",
            r"\x4AB",
            "(?i:A)",
            "(?P<name>A)",
            "(A)",
            "[A-Z]",
            "[(?A]",
            "[a](?i)B",
            "Ä",
        ] {
            assert!(has_upper_case(pattern), "{pattern}");
        }
    }
}
