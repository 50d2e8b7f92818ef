//! What requests to other servers have in common.

/// The innermost reason of an HTTP error, which says more than its outer layers and names no URL.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}
