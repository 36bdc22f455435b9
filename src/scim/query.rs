//! What a list is asked for (RFC 7644 §3.4.2, §3.4.3; RFC 9865 §2): by parameters of an address, or by a search request.
//!
//! Filter, order and attributes stay texts here: they mean something for a type of resource only (see [`ListQuery::filter`]).

use serde_json::Value;

use super::{
    document::{self, Document},
    error::{ScimError, ScimType, echo, invalid_syntax, invalid_value},
    filter::Filter,
    projection::Projection,
    schema::ResourceType,
    sort::{Sort, SortOrder},
};

/// The schema of the body of a search (RFC 7644 §3.4.3).
pub const SEARCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The resources of a page when the request does not say.
pub const DEFAULT_COUNT: usize = 100;

/// The most resources of a page; whoever asks for more gets these.
pub const MOST_COUNT: usize = 1_000;

/// The most attributes that a request names.
const MOST_NAMES: usize = 200;

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// From this resource on, the first of the list being 1 (RFC 7644 §3.4.2.4).
    Index(usize),
    /// The first page of those that lead on by cursor (RFC 9865 §2.1).
    FirstByCursor,
    /// The page that a cursor leads to.
    Cursor(String),
}

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Which resources.
    pub filter: Option<String>,
    /// By what they are sorted.
    pub sort_by: Option<String>,
    /// In which direction.
    pub sort_order: SortOrder,
    /// From where on.
    pub page: Page,
    /// The most resources of the answer, at most [`MOST_COUNT`]; 0 asks for the total alone.
    pub count: usize,
    /// What each has (RFC 7644 §3.9).
    pub attributes: Vec<String>,
    /// What each is without (RFC 7644 §3.9).
    pub excluded_attributes: Vec<String>,
}

const NAMES: [&str; 8] =
    ["filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"];

impl ListQuery {
    /// Reads the parameters of an address, decoded; those of other names are left alone.
    ///
    /// # Errors
    /// For a parameter that is given twice or has no meaning, by its name.
    pub fn from_pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Result<Self, ScimError> {
        let mut body = Document::new();
        for (name, value) in pairs {
            let Some(name) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)) else { continue };
            let value = match *name {
                "attributes" | "excludedAttributes" => {
                    value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
                }
                "startIndex" | "count" => {
                    let number = value.trim().parse::<i64>();
                    number.map_or_else(|_| Value::from(value), Value::from)
                }
                _ => Value::from(value),
            };
            if body.insert((*name).to_owned(), value).is_some() {
                return Err(invalid_value(format!("'{name}' is given twice")));
            }
        }
        Self::of(&body)
    }

    /// Reads the body of a search (RFC 7644 §3.4.3).
    ///
    /// # Errors
    /// For a member that has no meaning, by its name.
    pub fn from_search_request(body: &Document) -> Result<Self, ScimError> {
        let schemas = document::strings(body, "schemas")?;
        if !schemas.iter().any(|urn| urn.eq_ignore_ascii_case(SEARCH_SCHEMA)) {
            return Err(invalid_syntax(format!("'schemas' must name '{SEARCH_SCHEMA}'")));
        }
        Self::of(body)
    }

    fn of(body: &Document) -> Result<Self, ScimError> {
        let names = |name: &str| -> Result<Vec<String>, ScimError> {
            let names = document::strings(body, name)?;
            if names.len() > MOST_NAMES {
                return Err(invalid_value(format!("'{name}' names more than {MOST_NAMES} attributes")));
            }
            Ok(names.into_iter().map(str::to_owned).collect())
        };
        let page = page(body)?;
        Ok(Self {
            filter: text(body, "filter")?,
            sort_by: text(body, "sortBy")?.filter(|name| !name.is_empty()),
            sort_order: sort_order(body)?,
            count: count(body, &page)?,
            page,
            attributes: names("attributes")?,
            excluded_attributes: names("excludedAttributes")?,
        })
    }

    /// The filter on resources of a type.
    ///
    /// # Errors
    /// `invalidFilter`.
    pub fn filter(&self, kind: ResourceType) -> Result<Option<Filter>, ScimError> {
        self.filter.as_deref().map(|text| Filter::parse(kind, text)).transpose()
    }

    /// The order of resources of a type.
    ///
    /// # Errors
    /// `invalidValue` for an attribute that has no order.
    pub fn sort(&self, kind: ResourceType) -> Result<Option<Sort>, ScimError> {
        self.sort_by.as_deref().map(|name| Sort::parse(kind, name, self.sort_order)).transpose()
    }

    /// What each resource of these types has.
    ///
    /// # Errors
    /// `invalidValue` for a name that no type knows.
    pub fn projection(&self, kinds: &[ResourceType]) -> Result<Projection, ScimError> {
        Projection::parse(kinds, &self.attributes, &self.excluded_attributes)
    }
}

/// RFC 9865 §2: paging is by index or by cursor, never by both.
fn page(body: &Document) -> Result<Page, ScimError> {
    let start = number(body, "startIndex", ScimType::InvalidValue)?;
    match (text(body, "cursor")?, start) {
        (Some(_), Some(_)) => Err(invalid_value("'cursor' and 'startIndex' cannot be given together")),
        (Some(cursor), None) if cursor.is_empty() => Ok(Page::FirstByCursor),
        (Some(cursor), None) => Ok(Page::Cursor(cursor)),
        // RFC 7644 §3.4.2.4: what is less than 1 is 1.
        (None, start) => Ok(Page::Index(usize::try_from(start.unwrap_or(1).max(1)).unwrap_or(usize::MAX))),
    }
}

/// RFC 7644 §3.4.2.4: what is less than 0 is 0.
fn count(body: &Document, page: &Page) -> Result<usize, ScimError> {
    let refusal = if matches!(page, Page::Index(_)) { ScimType::InvalidValue } else { ScimType::InvalidCount };
    let count = number(body, "count", refusal)?;
    Ok(count.map_or(DEFAULT_COUNT, |count| usize::try_from(count.max(0)).unwrap_or(usize::MAX).min(MOST_COUNT)))
}

fn sort_order(body: &Document) -> Result<SortOrder, ScimError> {
    match text(body, "sortOrder")?.as_deref() {
        None | Some("ascending") => Ok(SortOrder::Ascending),
        Some("descending") => Ok(SortOrder::Descending),
        Some(other) => Err(invalid_value(format!("'sortOrder' is 'ascending' or 'descending', not '{}'", echo(other)))),
    }
}

fn text(body: &Document, name: &str) -> Result<Option<String>, ScimError> {
    match document::member(body, name)? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(invalid_syntax(format!("'{name}' must be a string"))),
    }
}

fn number(body: &Document, name: &str, refusal: ScimType) -> Result<Option<i64>, ScimError> {
    let Some(value) = document::member(body, name)? else { return Ok(None) };
    let number = value.as_i64().map(Some);
    number.ok_or_else(|| ScimError::new(refusal, format!("'{name}' must be a whole number")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn default() -> ListQuery {
        ListQuery {
            filter: None,
            sort_by: None,
            sort_order: SortOrder::Ascending,
            page: Page::Index(1),
            count: 100,
            attributes: vec![],
            excluded_attributes: vec![],
        }
    }

    fn of_address(query: &str) -> Result<ListQuery, String> {
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        ListQuery::from_pairs(pairs)
            .map_err(|error| format!("{}: {}", error.scim_type.map_or("", ScimType::name), error.detail))
    }

    #[test]
    fn the_parameters_of_an_address_are_read() {
        for (query, expected) in [
            ("", default()),
            ("tenant=7", default()),
            ("filter=title pr", ListQuery { filter: Some("title pr".into()), ..default() }),
            ("startIndex=-3&count=-1", ListQuery { count: 0, ..default() }),
            ("startindex=11&COUNT=20", ListQuery { page: Page::Index(11), count: 20, ..default() }),
            ("count=100000", ListQuery { count: 1000, ..default() }),
            ("cursor=", ListQuery { page: Page::FirstByCursor, ..default() }),
            ("cursor=VZ&count=5", ListQuery { page: Page::Cursor("VZ".into()), count: 5, ..default() }),
            (
                "sortBy=userName&sortOrder=descending",
                ListQuery { sort_by: Some("userName".into()), sort_order: SortOrder::Descending, ..default() },
            ),
            (
                "attributes=userName, name.familyName,",
                ListQuery { attributes: vec!["userName".into(), "name.familyName".into()], ..default() },
            ),
            ("excludedAttributes=members", ListQuery { excluded_attributes: vec!["members".into()], ..default() }),
        ] {
            assert_eq!(of_address(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_parameter_without_meaning_is_refused_by_name() {
        let many = format!("attributes={}", "title,".repeat(201));
        for (query, expected) in [
            ("count=many", "invalidValue: 'count' must be a whole number"),
            ("cursor=&count=1.5", "invalidCount: 'count' must be a whole number"),
            ("startIndex=99999999999999999999", "invalidValue: 'startIndex' must be a whole number"),
            ("cursor=a&startIndex=1", "invalidValue: 'cursor' and 'startIndex' cannot be given together"),
            ("count=1&Count=1", "invalidValue: 'count' is given twice"),
            ("sortOrder=up", "invalidValue: 'sortOrder' is 'ascending' or 'descending', not 'up'"),
            (&many, "invalidValue: 'attributes' names more than 200 attributes"),
        ] {
            assert_eq!(of_address(query), Err(expected.to_owned()), "{query:.40}");
        }
    }

    /// RFC 7644 §3.4.3, the example there among them.
    #[test]
    fn the_body_of_a_search_is_read() {
        let example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "attributes": ["displayName", "userName"],
            "filter": "displayName sw \"smith\"",
            "startIndex": 1,
            "count": 10
        });
        let read = ListQuery::from_search_request(example.as_object().unwrap()).unwrap();
        assert_eq!(read.filter(ResourceType::User).unwrap().unwrap().to_string(), "displayName sw \"smith\"");
        assert_eq!((read.count, read.page), (10, Page::Index(1)));
        assert_eq!(read.attributes, ["displayName", "userName"]);

        for (body, expected) in [
            (json!({}), "'schemas' must name 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'"),
            (json!({"schemas": [SEARCH_SCHEMA], "filter": 1}), "'filter' must be a string"),
            (json!({"schemas": [SEARCH_SCHEMA], "count": "10"}), "'count' must be a whole number"),
            (json!({"schemas": [SEARCH_SCHEMA], "attributes": "id"}), "'attributes' must be an array of strings"),
        ] {
            let refused = ListQuery::from_search_request(body.as_object().unwrap()).unwrap_err();
            assert_eq!(refused.detail, expected);
        }
    }
}
