//! The guards. They read the text itself, once from its beginning to its end, so that no parser has seen what they refuse.

use std::collections::HashSet;

use roxmltree::Document;

use crate::saml::names;

/// Elements in one another.
const DEEPEST: usize = 40;

/// Attributes and namespaces of one element.
const MOST_ATTRIBUTES: usize = 64;

/// Elements of a document.
const MOST_ELEMENTS: usize = 10_000;

/// Why XML is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The size.
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
    /// The encoding.
    #[error("it is not written in UTF-8")]
    NotUtf8,
    /// `<!DOCTYPE`, `<!ENTITY`, `<![CDATA[`, and comments in messages.
    #[error("it has a document type, an entity, a section or a comment, which are not read")]
    Markup,
    /// `<?`.
    #[error("it has a processing instruction, which is not read")]
    Instruction,
    /// The depth.
    #[error("its elements lie more than {DEEPEST} deep in one another")]
    TooDeep,
    /// The numbers.
    #[error("it has more elements or attributes than are read")]
    TooMany,
    /// Two elements of one ID, or an `xml:id`.
    #[error("two of its elements have the same ID")]
    DuplicateId,
    /// It is no XML.
    #[error("it is not well-formed XML: {0}")]
    Malformed(String),
}

impl Fault {
    pub(super) fn of(error: &roxmltree::Error) -> Self {
        match error {
            roxmltree::Error::DtdDetected => Self::Markup,
            roxmltree::Error::NodesLimitReached | roxmltree::Error::AttributesLimitReached => Self::TooMany,
            other => Self::Malformed(other.to_string()),
        }
    }
}

/// Whether comments are read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// They are.
    Allowed,
    /// A name with a comment in it is cut by many parsers.
    Refused,
}

/// The text without its declaration, which says nothing else than UTF-8.
pub(super) fn scanned(text: &str, comments: Comments) -> Result<&str, Fault> {
    let body = without_declaration(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    let (mut rest, mut depth, mut elements) = (body, 0_usize, 0_usize);
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with('?') {
            return Err(Fault::Instruction);
        }
        if let Some(after) = rest.strip_prefix('!') {
            let inside = after.strip_prefix("--").filter(|_| comments == Comments::Allowed).ok_or(Fault::Markup)?;
            rest = inside.split_once("-->").ok_or(Fault::Markup)?.1;
            continue;
        }
        if rest.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        let (tag, after) = tag(rest)?;
        rest = after;
        elements += 1;
        if !tag.ends_with('/') {
            depth += 1;
        }
        if depth > DEEPEST {
            return Err(Fault::TooDeep);
        }
        if elements > MOST_ELEMENTS {
            return Err(Fault::TooMany);
        }
    }
    Ok(body)
}

fn without_declaration(text: &str) -> Result<&str, Fault> {
    let Some(declaration) = text.strip_prefix("<?xml") else { return Ok(text) };
    let (inside, body) = declaration.split_once("?>").ok_or(Fault::Instruction)?;
    if !inside.starts_with([' ', '\t', '\r', '\n']) {
        return Err(Fault::Instruction);
    }
    let inside = inside.to_ascii_lowercase();
    let names_encoding = inside.contains("encoding");
    if names_encoding && !inside.contains("\"utf-8\"") && !inside.contains("'utf-8'") {
        return Err(Fault::NotUtf8);
    }
    Ok(body.trim_start_matches([' ', '\t', '\r', '\n']))
}

/// A tag from behind its `<` to its `>`, which may also stand inside a value; and what follows.
fn tag(text: &str) -> Result<(&str, &str), Fault> {
    let (mut quote, mut attributes) = (None, 0);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Ok((&text[..at], &text[at + 1..])),
            (None, b'"' | b'\'') => {
                attributes += 1;
                if attributes > MOST_ATTRIBUTES {
                    return Err(Fault::TooMany);
                }
                quote = Some(byte);
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    Err(Fault::Malformed("a tag does not end".to_owned()))
}

/// Refuses two elements of one ID, however an ID is spelled, and `xml:id`, which parsers take for one by themselves.
pub(super) fn ids(document: &Document) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for attribute in document.descendants().flat_map(|node| node.attributes()) {
        if !attribute.name().eq_ignore_ascii_case("id") {
            continue;
        }
        if attribute.namespace() == Some(names::XML) || !seen.insert(attribute.value()) {
            return Err(Fault::DuplicateId);
        }
    }
    Ok(())
}
