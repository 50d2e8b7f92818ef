use zeroize::Zeroizing;

/// The namespaces of a CPIX document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// `urn:dashif:org:cpix`
    Cpix,
    /// `urn:ietf:params:xml:ns:keyprov:pskc`
    Pskc,
    /// Any other, kept so that an answer gives back what it was asked.
    Other(String),
}

/// `urn:dashif:org:cpix`
pub(super) const CPIX: &str = "urn:dashif:org:cpix";
/// `urn:ietf:params:xml:ns:keyprov:pskc`
pub(super) const PSKC: &str = "urn:ietf:params:xml:ns:keyprov:pskc";

impl Namespace {
    pub(super) fn of(uri: &str) -> Self {
        match uri {
            CPIX => Self::Cpix,
            PSKC => Self::Pskc,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// An XML element. Without `Debug`: its text may be a key.
#[derive(Clone)]
pub struct Element {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its local name.
    pub name: String,
    /// Attributes without a namespace, in document order.
    pub attributes: Vec<(String, String)>,
    /// Its own character data, without what is inside children. Zeroized when dropped.
    pub text: Zeroizing<String>,
    /// Child elements, in document order.
    pub children: Vec<Element>,
}

impl Element {
    /// An empty element of CPIX.
    pub fn cpix(name: &str) -> Self {
        Self::empty(Namespace::Cpix, name)
    }

    /// An empty element of PSKC.
    pub fn pskc(name: &str) -> Self {
        Self::empty(Namespace::Pskc, name)
    }

    /// An empty element of another namespace.
    pub fn other(uri: &str, name: &str) -> Self {
        Self::empty(Namespace::of(uri), name)
    }

    fn empty(namespace: Namespace, name: &str) -> Self {
        Self {
            namespace,
            name: name.to_owned(),
            attributes: Vec::new(),
            text: Zeroizing::default(),
            children: Vec::new(),
        }
    }

    /// With an attribute more.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// With these children appended.
    pub fn holding(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// With this text.
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.text = Zeroizing::new(text.into());
        self
    }

    /// The attribute's value; an empty one counts as absent.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether it is this element of CPIX.
    pub fn is(&self, name: &str) -> bool {
        self.namespace == Namespace::Cpix && self.name == name
    }

    /// The children of that name in CPIX.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The first child of that name in CPIX.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name))
    }

    /// The first child of that name in PSKC.
    pub fn pskc_child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.namespace == Namespace::Pskc && child.name == name)
    }

    /// The first child of that name in another namespace.
    pub fn other_child(&self, uri: &str, name: &str) -> Option<&Self> {
        let is_other = |child: &&Self| matches!(&child.namespace, Namespace::Other(own) if own == uri);
        self.children.iter().filter(is_other).find(|child| child.name == name)
    }
}
