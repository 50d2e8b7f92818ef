//! Requests for tests.

use super::{Lookup, Presented};
use crate::{ClientFacts, Unix};

/// Headers or cookies.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) Vec<(String, String)>);

impl Lookup for Table {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        self.0.iter().filter(|(known, _)| known == name).for_each(|(_, value)| take(value));
    }
}

/// A request, and what can be changed about it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) url: Option<String>,
    pub(super) headers: Table,
    pub(super) cookies: Table,
    pub(super) client: ClientFacts,
    pub(super) now: Unix,
}

impl Request {
    pub(super) fn new(url: &str, now: Unix) -> Self {
        let (headers, cookies) = (Table::default(), Table::default());
        Self { url: Some(url.to_owned()), headers, cookies, client: ClientFacts::default(), now }
    }

    pub(super) fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    pub(super) fn from(mut self, address: Option<&str>) -> Self {
        self.client.address = address.map(|address| address.parse().expect("an address"));
        self
    }

    pub(super) fn at(mut self, now: Unix) -> Self {
        self.now = now;
        self
    }

    pub(super) fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn presented(&self) -> Presented<'_> {
        Presented {
            url: self.url.as_deref(),
            method: "POST",
            bearer: None,
            headers: &self.headers,
            cookies: &self.cookies,
            client: &self.client,
            now: self.now,
        }
    }
}
