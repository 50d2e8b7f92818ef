//! The vocabulary of Common Access Tokens (CTA-5007), for those who write and read them by hand.

/// Parts of a URL in `catu`, by label.
pub(crate) const PARTS: [&str; 9] =
    ["scheme", "host", "port", "path", "query", "parent-path", "filename", "stem", "extension"];

/// Matches in `catu` and `cath`.
pub(crate) const MATCHES: [(i64, &str); 7] =
    [(0, "exact"), (1, "prefix"), (2, "suffix"), (3, "contains"), (4, "regex"), (-1, "sha256"), (-2, "sha512-256")];

/// Members of `catr`, by label.
pub(crate) const RENEWAL: [&str; 8] =
    ["type", "expadd", "deadline", "cookie-name", "header-name", "cookie-params", "header-params", "code"];

/// Types of `catr`, by number.
pub(crate) const RENEWAL_TYPES: [&str; 4] = ["automatic", "cookie", "header", "redirect"];

/// Values of `catreplay`.
pub(crate) const REPLAY: [&str; 3] = ["permitted", "prohibited", "reuse-detection"];

/// Tags of networks (RFC 9164, 3), and the bytes of their addresses.
pub(crate) const NETWORKS: [(u64, usize); 2] = [(52, 4), (54, 16)];
