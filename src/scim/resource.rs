//! A resource as it is answered, with its version (RFC 7644 §3.14): its text as it was made, or a tree.
//!
//! Most answers are told as they are; only where attributes are asked for one by one, or a filter looks at them, is the text
//! read again.

use std::borrow::Cow;

use serde_json::Value;

use super::{document::Document, projection::Projection, schema::ResourceType, version::Version};

/// A resource.
#[derive(Debug, Clone)]
pub struct Resource {
    kind: ResourceType,
    body: Body,
    /// Its version.
    pub version: Version,
    /// Its id.
    pub id: String,
    /// Its address.
    pub location: String,
}

#[derive(Debug, Clone)]
enum Body {
    /// An object with nothing in it that is answered only on request.
    Text(String),
    Tree(Document),
}

impl Resource {
    /// Of the text of an object that has no attribute which is answered only on request.
    #[must_use]
    pub fn of_text(kind: ResourceType, text: String, (id, location, version): (String, String, Version)) -> Self {
        Self { kind, body: Body::Text(text), version, id, location }
    }

    /// Of a tree.
    #[must_use]
    pub fn of_tree(kind: ResourceType, tree: Document, version: Version) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = tree.get("id").map(text).unwrap_or_default();
        let location = tree.get("meta").map(|meta| text(&meta["location"])).unwrap_or_default();
        Self { kind, body: Body::Tree(tree), version, id, location }
    }

    /// All of it.
    #[must_use]
    pub(crate) fn document(&self) -> Document {
        match &self.body {
            Body::Tree(tree) => tree.clone(),
            Body::Text(text) => serde_json::from_str(text).expect("it was made as an object"),
        }
    }

    /// What is answered of it, as JSON.
    #[must_use]
    pub fn shown(&self, projection: &Projection) -> Cow<'_, str> {
        if let (Body::Text(text), Projection::Default) = (&self.body, projection) {
            return Cow::Borrowed(text);
        }
        let shown = match &self.body {
            Body::Tree(tree) => projection.apply(self.kind, tree),
            Body::Text(_) => projection.apply(self.kind, &self.document()),
        };
        Cow::Owned(Value::Object(shown).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::Returned;

    /// [`Resource::of_text`] is for users.
    #[test]
    fn users_have_nothing_that_is_answered_only_on_request() {
        let kind = ResourceType::User;
        let all = kind.attributes().chain(kind.extensions().iter().flat_map(|schema| schema.attributes));
        for attribute in all {
            for one in std::iter::once(attribute).chain(attribute.sub_attributes) {
                assert_ne!(one.returned, Returned::Request, "{}", one.name);
            }
        }
    }
}
