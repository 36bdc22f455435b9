//! An element as messages are read: by namespace and name, one where there may be one.

use roxmltree::Node;

/// An element that is not as the specification has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexpected {
    /// One that has to be there.
    #[error("there is no `{0}`")]
    Missing(&'static str),
    /// Several where there may be one.
    #[error("there is more than one `{0}`")]
    Repeated(&'static str),
    /// Elements where text should be.
    #[error("there are elements in `{0}`, which holds text")]
    NotText(String),
}

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub struct Element<'x>(Node<'x, 'x>);

impl<'x> Element<'x> {
    pub(super) fn of(node: Node<'x, 'x>) -> Self {
        Self(node)
    }

    /// Whether it has this name in this namespace.
    #[must_use]
    pub fn is(self, namespace: &str, name: &str) -> bool {
        self.0.tag_name().name() == name && self.0.tag_name().namespace() == Some(namespace)
    }

    /// Its namespace and name.
    #[must_use]
    pub fn name(self) -> (&'x str, &'x str) {
        (self.0.tag_name().namespace().unwrap_or_default(), self.0.tag_name().name())
    }

    /// The element that it lies in.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.0.parent_element().map(Self)
    }

    /// Itself and all below it, in their order.
    pub fn all(self) -> impl Iterator<Item = Self> {
        self.0.descendants().filter(Node::is_element).map(Self)
    }

    /// The elements right below it.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.0.children().filter(Node::is_element).map(Self)
    }

    /// Those of a name.
    pub fn named(self, namespace: &'static str, name: &'static str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.is(namespace, name))
    }

    /// The one of a name, where there is one.
    ///
    /// # Errors
    /// When there are several.
    pub fn optional(self, namespace: &'static str, name: &'static str) -> Result<Option<Self>, Unexpected> {
        let mut found = self.named(namespace, name);
        let first = found.next();
        if found.next().is_some() { Err(Unexpected::Repeated(name)) } else { Ok(first) }
    }

    /// The one of a name.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn only(self, namespace: &'static str, name: &'static str) -> Result<Self, Unexpected> {
        self.optional(namespace, name)?.ok_or(Unexpected::Missing(name))
    }

    /// An attribute without a namespace.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'x str> {
        let mut attributes = self.0.attributes();
        attributes.find(|attribute| attribute.namespace().is_none() && attribute.name() == name).map(|a| a.value())
    }

    /// Its text, whole, without the spaces around it.
    ///
    /// # Errors
    /// When there are elements in it.
    pub fn text(self) -> Result<String, Unexpected> {
        if self.elements().next().is_some() {
            return Err(Unexpected::NotText(self.0.tag_name().name().to_owned()));
        }
        let parts = self.0.children().filter(Node::is_text).filter_map(|node| node.text());
        Ok(parts.collect::<String>().trim().to_owned())
    }

    /// Where it stands in the text of the document.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.0.range()
    }

    /// Whether it is the same element of the same document.
    #[must_use]
    pub fn is_same(self, other: Self) -> bool {
        self.0 == other.0
    }
}
