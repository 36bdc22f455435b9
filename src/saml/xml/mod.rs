//! XML of others, guarded before any parser reads it, and the elements in it.
//!
//! What passes is UTF-8 within bounds of size, depth and number, has no document type, entities, sections, or processing
//! instructions, no comments where it is a message, and no two elements of one ID: nothing that two parsers read
//! differently.

mod element;
mod guard;
mod text;

use roxmltree::{Document, ParsingOptions};

pub use self::{
    element::{Element, Unexpected},
    guard::Fault,
    text::{escaped, instant},
};

/// The largest message, in bytes.
pub const LARGEST_MESSAGE: usize = 256 * 1024;

/// The largest metadata, in bytes: those of one entity, with its certificates and many languages.
pub const LARGEST_METADATA: usize = 1024 * 1024;

/// Nodes of a document: elements, texts, and the comments between them.
const MOST_NODES: u32 = 20_000;

/// XML that passed the guards and is well-formed, with its namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xml(String);

impl Xml {
    /// A message.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn message(bytes: &[u8]) -> Result<Self, Fault> {
        Self::guarded(bytes, LARGEST_MESSAGE, guard::Comments::Refused)
    }

    /// Metadata, in which people write comments.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn metadata(bytes: &[u8]) -> Result<Self, Fault> {
        Self::guarded(bytes, LARGEST_METADATA, guard::Comments::Allowed)
    }

    fn guarded(bytes: &[u8], largest: usize, comments: guard::Comments) -> Result<Self, Fault> {
        if bytes.len() > largest {
            return Err(Fault::TooLarge(largest));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
        let xml = Self(guard::scanned(text, comments)?.to_owned());
        let document = Document::parse_with_options(&xml.0, options()).map_err(|error| Fault::of(&error))?;
        guard::ids(&document)?;
        drop(document);
        Ok(xml)
    }

    /// Its text, without the declaration.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its elements.
    ///
    /// # Panics
    /// Never: it was parsed before.
    #[must_use]
    pub fn tree(&self) -> Tree<'_> {
        Tree(Document::parse_with_options(&self.0, options()).expect("it was parsed before"))
    }
}

/// The elements of a document.
#[derive(Debug)]
pub struct Tree<'x>(Document<'x>);

impl Tree<'_> {
    /// The outermost element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element::of(self.0.root_element())
    }
}

fn options<'x>() -> ParsingOptions<'x> {
    ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() }
}

#[cfg(test)]
mod tests;
