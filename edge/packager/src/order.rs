/// Sorts, with the index in the list as the second of each pair stably. The packager's one sort: the standard library's takes four kilobytes of a module for
/// each type and order that it is asked for.
#[inline(never)]
pub(crate) fn sort(pairs: &mut [(u64, u64)]) {
    pairs.sort_unstable();
}
