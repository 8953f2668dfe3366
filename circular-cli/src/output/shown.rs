//! Names and texts that somebody else may have chosen, as a terminal may have them.

use std::path::Path;

use circular_core::{Colors, push_for_terminal};

/// Returns a text with what a terminal would obey, line ends included, as escapes.
pub(crate) fn text(text: &str) -> String {
    let mut shown = Vec::new();
    push_for_terminal(&mut shown, text.as_bytes(), Colors::Show);
    let shown = String::from_utf8_lossy(&shown);
    shown.replace('\n', "\\n").replace('\t', "\\t")
}

/// Returns a path so, with what is not UTF-8 in it.
pub(crate) fn path(path: &Path) -> String {
    let mut shown = Vec::new();
    push_for_terminal(
        &mut shown,
        path.as_os_str().as_encoded_bytes(),
        Colors::Show,
    );
    let shown = String::from_utf8_lossy(&shown);
    shown.replace('\n', "\\n").replace('\t', "\\t")
}
