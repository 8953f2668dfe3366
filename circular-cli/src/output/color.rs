//! Whether there are colours.
//!
//! In this order: the flag, `NO_COLOR` (no-color.org), `CLICOLOR_FORCE` (bixense.com/clicolors), `TERM=dumb`, whether it is a
//! terminal.

use std::env;
use std::ffi::OsStr;
use std::io::IsTerminal;

use crate::args::ColorChoice;

/// Returns whether what is written to `stream` is coloured.
pub(crate) fn is_on(choice: ColorChoice, stream: &impl IsTerminal) -> bool {
    decide(choice, |name| env::var_os(name), stream.is_terminal())
}

fn decide<V: AsRef<OsStr>>(
    choice: ColorChoice,
    variable: impl Fn(&str) -> Option<V>,
    is_terminal: bool,
) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.as_ref().is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if is_forced(variable("CLICOLOR_FORCE")) => true,
        ColorChoice::Auto => {
            let is_dumb = variable("TERM").is_some_and(|term| term.as_ref() == "dumb");
            is_terminal && !is_dumb
        }
    }
}

/// Anything but 0, as its page has it.
fn is_forced(value: Option<impl AsRef<OsStr>>) -> bool {
    value.is_some_and(|value| !value.as_ref().is_empty() && value.as_ref() != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_has_something_to_say_decides() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, variables, is_terminal, expected) in [
            (Auto, &[][..], true, true),
            (Auto, &[], false, false),
            (Auto, &[("TERM", "dumb")], true, false),
            (
                Auto,
                &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")],
                true,
                true,
            ),
            (Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Auto, &[("CLICOLOR_FORCE", "0")], true, true),
            (
                Auto,
                &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                true,
                false,
            ),
            (Auto, &[("NO_COLOR", "")], true, true),
            (Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], false, true),
            (Never, &[("CLICOLOR_FORCE", "1")], true, false),
        ] {
            let variable = |wanted: &str| {
                let found = variables.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| *value)
            };
            let decided = decide(choice, variable, is_terminal);
            assert_eq!(decided, expected, "{choice:?} {variables:?} {is_terminal}");
        }
    }
}
