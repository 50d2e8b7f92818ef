use std::{collections::BTreeSet, fmt};

/// Where a value comes from; the later, the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// Constants, arguments, the stack pointer.
    #[default]
    Public,
    /// A whole word in memory, or what a call gave, as pointers and lengths are.
    Word,
    /// Computed from a word otherwise than by sums and comparisons, as a rounded length is.
    Part,
    /// A byte in memory, as those of keys and blocks are.
    Byte,
    /// A vector, or a lane of one.
    Vector,
}

/// What a value decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decides {
    /// Which instruction is next, or which of two values is taken.
    Branch,
    /// Which memory is read or written, and how much of it.
    Address,
}

/// An instruction that a value decides.
pub(super) struct Decision {
    pub(super) decides: Decides,
    pub(super) origin: Origin,
    pub(super) instruction: String,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {:?} of {} is by a {:?}", self.decides, self.instruction, self.origin)
    }
}

/// All of a function's decisions, and what else is asked of it.
#[derive(Default)]
pub(super) struct Traced {
    pub(super) decisions: Vec<Decision>,
    /// The functions that it calls, by name.
    pub(super) calls: BTreeSet<String>,
    /// Look-ups in a register.
    pub(super) swizzles: usize,
}
