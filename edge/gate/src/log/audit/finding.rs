use core::fmt;

use super::super::read::LineError;
use crate::SessionId;

/// Something in a log that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: u64,
    /// The session, where the line could be read.
    pub session: Option<SessionId>,
    /// What.
    pub cause: Cause,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The line is none of the log's, unsigned or forged.
    Line(LineError),
    /// The line stands in the log already.
    Duplicate {
        /// Where.
        first: u64,
    },
    /// Lines of the session's chain are missing before this one.
    Gap {
        /// The number of the first.
        from: u64,
        /// Of the last.
        to: u64,
    },
    /// The line stands before the one that it follows.
    Reordered {
        /// Its number in its chain.
        n: u64,
        /// Where the line that it follows stands.
        follows: u64,
    },
    /// Another line follows the same one: two writers did not see each other. No break: an eventual store lets it happen.
    Fork {
        /// Its number in its chain.
        n: u64,
        /// Where the other stands.
        other: u64,
    },
    /// Its number is not one more than that of the line before. Who has the key wrote it so.
    Contradiction {
        /// Its number in its chain.
        n: u64,
    },
}

impl Cause {
    /// Whether a sound log cannot have it.
    pub fn is_break(&self) -> bool {
        !matches!(self, Self::Fork { .. })
    }

    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Line(LineError::Foreign) => "foreign",
            Self::Line(LineError::Unsigned) => "unsigned",
            Self::Line(LineError::Forged) => "forged",
            Self::Line(LineError::Unreadable(_)) => "unreadable",
            Self::Duplicate { .. } => "duplicate",
            Self::Gap { .. } => "gap",
            Self::Reordered { .. } => "reordered",
            Self::Fork { .. } => "fork",
            Self::Contradiction { .. } => "contradiction",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(error) => write!(f, "{error}"),
            Self::Duplicate { first } => write!(f, "duplicate: the same as line {first}"),
            Self::Gap { from, to } if from == to => write!(f, "gap: number {from} of the chain is missing before it"),
            Self::Gap { from, to } => write!(f, "gap: numbers {from} to {to} of the chain are missing before it"),
            Self::Reordered { n, follows } => {
                write!(f, "reordered: number {n} of the chain stands before what it follows, line {follows}")
            }
            Self::Fork { n, other } => {
                write!(f, "fork: number {n} of the chain stands on line {other} too, both with a right MAC")
            }
            Self::Contradiction { n } => write!(f, "contradiction: number {n} does not follow what it names"),
        }
    }
}
