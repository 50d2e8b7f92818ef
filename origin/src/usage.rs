/// An argument that is wrong in itself: exit status 2, as for one that the command line's parser refuses.
///
/// For arguments whose parser must not repeat them, such as keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} (try --help)")]
pub struct UsageError(pub String);
