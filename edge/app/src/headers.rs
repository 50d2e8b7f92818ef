use http::HeaderValue;

/// The headers of a request, in the order in which they came. A request's few are looked at a handful of times: no table of them is made.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, HeaderValue)>);

impl Headers {
    /// One more.
    pub fn append(&mut self, name: String, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// The values of that name (whose case does not matter), in order.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a HeaderValue> {
        self.0.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl FromIterator<(String, HeaderValue)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, HeaderValue)>>(headers: I) -> Self {
        Self(headers.into_iter().collect())
    }
}
