use std::fmt;

/// Most problems that are told one by one.
const TOLD: usize = 20;

/// What is wrong with a title, all of it that could be found in one run; a line each.
#[derive(Debug, Default)]
pub struct Problems {
    lines: Vec<String>,
}

impl Problems {
    /// Takes a problem in.
    pub(super) fn push(&mut self, error: &anyhow::Error) {
        match error.downcast_ref::<Self>() {
            Some(several) => self.lines.extend(several.lines.iter().cloned()),
            None => self.lines.push(format!("{error:#}")),
        }
    }

    /// The value, or nothing and a problem more.
    pub(super) fn note<T>(&mut self, result: anyhow::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(&error)).ok()
    }

    /// Whether so many were found that looking for more helps nobody.
    pub(super) fn enough(&self) -> bool {
        self.lines.len() > TOLD
    }

    /// # Errors
    /// Where there are any, themselves.
    pub(super) fn none(self) -> anyhow::Result<()> {
        if self.lines.is_empty() { Ok(()) } else { Err(self.into()) }
    }

    /// A line for each, to be told one after another.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let more = self.lines.len().checked_sub(TOLD).filter(|more| *more > 0);
        let told = self.lines.iter().take(TOLD).cloned();
        told.chain(more.map(|more| format!("and at least {more} more like these")))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines().enumerate() {
            write!(f, "{}{line}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn problems_within_problems_are_told_flat_and_not_without_end() {
        let mut inner = Problems::default();
        (0..30).for_each(|n| inner.push(&anyhow!("segment {n}")));
        let mut outer = Problems::default();
        assert_eq!(outer.note(Ok(5)), Some(5));
        assert_eq!(outer.note::<()>(inner.none()), None);
        assert!(outer.enough());
        let lines: Vec<String> = outer.lines().collect();
        assert_eq!((lines.len(), lines[0].as_str()), (21, "segment 0"));
        assert_eq!(lines[20], "and at least 10 more like these");
        assert!(Problems::default().none().is_ok());
    }
}
