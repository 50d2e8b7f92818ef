//! Options of the development commands: `--name value`, `--name=value` and flags, after one optional leading `--`.

/// Wrong usage. Exit status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// The arguments of a program, taken out one by one.
#[derive(Clone, Debug)]
pub struct Options {
    rest: Vec<String>,
}

impl Options {
    /// From the process's arguments. The aliases in `.cargo/config.toml` end in `--`, so that one more is dropped.
    pub fn from_env() -> Self {
        Self::new(std::env::args().skip(1))
    }

    /// From arguments without the program's name.
    pub fn new(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut rest: Vec<String> = arguments.into_iter().collect();
        if rest.first().is_some_and(|first| first == "--") {
            rest.remove(0);
        }
        Self { rest }
    }

    /// Whether the flag was given.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|argument| argument != name);
        self.rest.len() < before
    }

    /// The value of an option, where it was given.
    ///
    /// # Errors
    /// Where it was given twice or without a value.
    pub fn value(&mut self, name: &str) -> Result<Option<String>, UsageError> {
        let mut found = None;
        while let Some(at) = self.rest.iter().position(|argument| is_option(argument, name)) {
            let argument = self.rest.remove(at);
            let value = match argument.split_once('=') {
                Some((_, value)) => value.to_owned(),
                None if at < self.rest.len() => self.rest.remove(at),
                None => return Err(UsageError(format!("{name} wants a value"))),
            };
            if found.replace(value).is_some() {
                return Err(UsageError(format!("{name} was given twice")));
            }
        }
        Ok(found)
    }

    /// What is left, where none of it looks like an option.
    ///
    /// # Errors
    /// Where an option is left: nobody knows it.
    pub fn operands(self) -> Result<Vec<String>, UsageError> {
        match self.rest.iter().find(|argument| argument.starts_with('-')) {
            Some(unknown) => Err(UsageError(format!("unknown option {unknown}"))),
            None => Ok(self.rest),
        }
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Where something is.
    pub fn nothing_more(self) -> Result<(), UsageError> {
        match self.operands()?.first() {
            Some(extra) => Err(UsageError(format!("unexpected argument {extra}"))),
            None => Ok(()),
        }
    }
}

fn is_option(argument: &str, name: &str) -> bool {
    argument.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        Options::new(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn options_flags_and_operands() {
        for leading in [&["--"][..], &[]] {
            let mut given = options(&[leading, &["--port", "80", "a", "--once", "--kv=sqlite:x=y", "b"]].concat());
            assert!(given.flag("--once"));
            assert!(!given.flag("--once"));
            assert_eq!(given.value("--port"), Ok(Some("80".to_owned())));
            assert_eq!(given.value("--kv"), Ok(Some("sqlite:x=y".to_owned())));
            assert_eq!(given.value("--title"), Ok(None));
            assert_eq!(given.operands(), Ok(vec!["a".to_owned(), "b".to_owned()]));
        }
    }

    #[test]
    fn wrong_usage_is_told() {
        assert!(options(&["--port"]).value("--port").is_err());
        assert!(options(&["--port=1", "--port", "2"]).value("--port").is_err());
        assert!(options(&["--ports", "1"]).operands().is_err());
        assert!(options(&["a"]).nothing_more().is_err());
        assert_eq!(options(&["--"]).nothing_more(), Ok(()));
    }
}
