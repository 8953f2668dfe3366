//! The expression of `re`, which is the feature `regex`, and most of what this crate weighs.

#[cfg(feature = "regex")]
pub(crate) use with::Expression;

#[cfg(not(feature = "regex"))]
pub(crate) use without::Expression;

#[cfg(feature = "regex")]
mod with {
    use regex::bytes::{Regex, RegexBuilder};

    /// What a compiled expression may take, and what its search may keep for speed, in bytes. A pattern
    /// from outside must not cost more than a reader does, give or take.
    const REGEX_SIZE: usize = 128 << 10;

    /// What a record must match.
    #[derive(Clone, Debug)]
    pub(crate) struct Expression(Regex);

    impl Expression {
        /// Compiles `pattern`, if it is not too large. The error is what would have been understood.
        pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
            RegexBuilder::new(pattern)
                .size_limit(REGEX_SIZE)
                .dfa_size_limit(REGEX_SIZE)
                .build()
                .map(Self)
                .map_err(|error| match error {
                    regex::Error::CompiledTooBig(_) => {
                        "an expression of bearable size: it is too large".to_owned()
                    }
                    error => format!("a regular expression: {error}"),
                })
        }

        pub(crate) fn is_match(&self, text: &[u8]) -> bool {
            self.0.is_match(text)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn it_matches_and_has_an_end() {
            let expression = Expression::parse("a+b").unwrap();
            assert!(expression.is_match(b"aab") && !expression.is_match(b"a+b"));
            let error = Expression::parse("(((a{50}){50}){50}){50}").unwrap_err();
            assert!(error.contains("too large"), "{error}");
        }
    }
}

#[cfg(not(feature = "regex"))]
mod without {
    use std::convert::Infallible;

    /// There is none.
    #[derive(Clone, Debug)]
    pub(crate) struct Expression(Infallible);

    impl Expression {
        /// Fails, and says why.
        pub(crate) fn parse(_pattern: &str) -> Result<Self, String> {
            let why = "understood: this program has circular-http without its feature `regex` (q finds text)";
            Err(why.to_owned())
        }

        pub(crate) fn is_match(&self, _text: &[u8]) -> bool {
            match self.0 {}
        }
    }
}
