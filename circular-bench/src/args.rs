//! The command line.

pub(crate) const HELP: &str = "\
Times circular and its peers, and prints what it found.

    cargo run --release -p circular-bench [-- OPTION ...]

    --quick        a few short rounds: to see that everything works; the figures mean nothing
    --only NAME    only the groups with NAME in their names
    --markdown     the tables as markdown
    --json FILE    everything that was found as JSON, too
    --svg FILE     a plot of it, too
    --help         this

The exit status is not 0 only if something does not work, never because something is slow.";

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Args {
    pub(crate) quick: bool,
    pub(crate) markdown: bool,
    pub(crate) help: bool,
    pub(crate) only: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) svg: Option<String>,
}

impl Args {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Args, String> {
        let mut args = Args::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => args.quick = true,
                "--markdown" => args.markdown = true,
                "--help" | "-h" => args.help = true,
                "--only" => args.only = Some(value()?),
                "--json" => args.json = Some(value()?),
                "--svg" => args.svg = Some(value()?),
                _ => return Err(format!("what is {word:?}?\n\n{HELP}")),
            }
        }
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn options_and_their_values() {
        let expected = Args {
            quick: true,
            json: Some("file".into()),
            only: Some("wake".into()),
            ..Args::default()
        };
        assert_eq!(parse("--only wake --quick --json file"), Ok(expected));
        assert_eq!(parse(""), Ok(Args::default()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(parse("--fast").unwrap_err().contains("--fast"));
        assert_eq!(parse("--quick --svg"), Err("--svg needs a value".into()));
    }
}
