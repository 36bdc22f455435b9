//! In which order resources are listed (RFC 7644 §3.4.2.3).

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value;

use super::{
    document::Document,
    error::{ScimError, invalid_value},
    filter::{fold, numbers},
    path::AttributePath,
    schema::{Kind, ResourceType, Returned},
    value::{instant, is_primary},
};

/// The direction of a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// From the least to the greatest; what has no value comes last.
    #[default]
    Ascending,
    /// The other way round; what has no value comes first.
    Descending,
}

/// By what, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The attribute.
    pub path: AttributePath,
    /// The direction.
    pub order: SortOrder,
}

impl Sort {
    /// Resolves `sortBy`.
    ///
    /// # Errors
    /// `invalidValue` for an attribute that is not there or has no order.
    pub fn parse(kind: ResourceType, sort_by: &str, order: SortOrder) -> Result<Self, ScimError> {
        let path =
            AttributePath::parse(kind, sort_by).map_err(|unknown| invalid_value(format!("'sortBy': {unknown}")))?;
        let path = path.to_value();
        if matches!(path.last().kind, Kind::Complex | Kind::Binary) || path.last().returned == Returned::Never {
            return Err(invalid_value(format!("'sortBy': '{path}' has no order")));
        }
        Ok(Self { path, order })
    }

    /// What of a resource says where it comes.
    #[must_use]
    pub fn told_of(&self, mut document: Document) -> Document {
        let name = self.path.extension.map_or(self.path.attribute.name, |schema| schema.id);
        document.remove_entry(name).into_iter().collect()
    }

    /// How two resources follow each other.
    #[must_use]
    pub fn compare(&self, one: &Document, other: &Document) -> Ordering {
        let order = match (self.key(one), self.key(other)) {
            (Some(one), Some(other)) => one.compare(&other),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        };
        match self.order {
            SortOrder::Ascending => order,
            SortOrder::Descending => order.reverse(),
        }
    }

    /// Of several values the primary one counts, else the first.
    fn key<'d>(&self, document: &'d Document) -> Option<Key<'d>> {
        let items = self.path.items(document);
        let item = items.iter().find(|item| is_primary(item)).or_else(|| items.first())?;
        match (self.path.last().kind, self.path.within(item)?) {
            (Kind::DateTime, Value::String(text)) => instant(text).map(|at| Key::Number(at.0.into())),
            (_, Value::String(text)) if self.path.last().case_exact => Some(Key::Text(Cow::Borrowed(text))),
            (_, Value::String(text)) => Some(Key::Text(Cow::Owned(fold(text)))),
            (_, Value::Bool(value)) => Some(Key::Number(i64::from(*value).into())),
            (_, Value::Number(number)) => Some(Key::Number(number.clone())),
            _ => None,
        }
    }
}

enum Key<'d> {
    Text(Cow<'d, str>),
    Number(serde_json::Number),
}

impl Key<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => numbers(one, other).unwrap_or(Ordering::Equal),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn people() -> Vec<Document> {
        let people = json!([
            {"id": "b", "userName": "Bob", "active": true, "meta": {"created": "2026-01-01T00:00:00+02:00"}},
            {"id": "A", "userName": "alice", "name": {"familyName": "z"}, "emails": [{"value": "z"}, {"value": "a", "primary": true}],
                "meta": {"created": "2025-12-31T23:00:00Z"}},
            {"id": "c", "userName": "CAROL", "active": false, "name": {"familyName": "Å"}, "emails": [{"value": "M"}]},
        ]);
        people.as_array().unwrap().iter().map(|one| one.as_object().unwrap().clone()).collect()
    }

    #[test]
    fn resources_are_sorted_as_the_specification_says() {
        for (sort_by, order, expected) in [
            ("userName", SortOrder::Ascending, "A b c"),
            ("userName", SortOrder::Descending, "c b A"),
            ("id", SortOrder::Ascending, "A b c"),
            ("name.familyName", SortOrder::Ascending, "A c b"),
            ("name.familyName", SortOrder::Descending, "b c A"),
            ("emails", SortOrder::Ascending, "A c b"),
            ("emails.value", SortOrder::Descending, "b c A"),
            ("meta.created", SortOrder::Ascending, "b A c"),
            ("active", SortOrder::Ascending, "c b A"),
        ] {
            let sort = Sort::parse(ResourceType::User, sort_by, order).unwrap();
            let mut people = people();
            people.sort_by(|one, other| sort.compare(one, other));
            let ids: Vec<_> = people.iter().map(|one| one["id"].as_str().unwrap()).collect();
            assert_eq!(ids.join(" "), expected, "{sort_by} {order:?}");
        }
    }

    #[test]
    fn what_has_no_order_is_refused() {
        for (sort_by, expected) in [
            ("nick", "'sortBy': 'nick' is not an attribute of User"),
            ("name", "'sortBy': 'name' has no order"),
            ("password", "'sortBy': 'password' has no order"),
            ("x509Certificates", "'sortBy': 'x509Certificates.value' has no order"),
        ] {
            let refused = Sort::parse(ResourceType::User, sort_by, SortOrder::Ascending).unwrap_err();
            assert_eq!(refused.detail, expected);
        }
    }
}
