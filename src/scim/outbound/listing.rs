//! A list of an app (RFC 7644 §3.4.2, RFC 9865), page by page, and when it is not believed.
//!
//! What was found tells more than what was announced. A list that repeats itself, or that does not end, is nonsense; so are
//! more resources on a page than anybody asked for.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    problem::{Problem, Trouble},
    remote,
};
use crate::{scim::Document, secret::sha256};

/// Resources of one answer: some apps list all at once, whatever they were asked for.
const MOST_OF_PAGE: usize = 10_000;

/// Resources of a whole list.
const MOST: u64 = 2_000_000;

/// Pages in a row on which there is nobody.
const MOST_EMPTY: u32 = 10;

/// Resources of a list, as they came.
#[derive(Debug)]
pub struct Listing {
    /// The resources.
    pub resources: Vec<Document>,
    /// How many there are in all, as the app says.
    total: Option<u64>,
    /// Where it goes on, as the app says.
    cursor: Option<String>,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The number of the first resource, from 1.
    Index(u64),
    /// Behind a cursor; the first one is empty.
    Cursor(String),
}

impl Place {
    /// Whether it lies behind a cursor that the app gave.
    #[must_use]
    pub fn is_behind_cursor(&self) -> bool {
        matches!(self, Self::Cursor(cursor) if !cursor.is_empty())
    }
}

impl Listing {
    /// Reads a list.
    ///
    /// # Errors
    /// When it is none, or a page is too long.
    pub fn of(mut list: Document) -> Result<Self, Problem> {
        let total = list.get("totalResults").and_then(Value::as_u64);
        let cursor = list.get("nextCursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty());
        let cursor = cursor.map(str::to_owned);
        let resources = match list.remove("Resources") {
            Some(Value::Array(all)) => all,
            None | Some(Value::Null) if list.contains_key("totalResults") => vec![],
            _ => return Err(Problem::new(Trouble::Nonsense, "the answer is no list of resources")),
        };
        if resources.len() > MOST_OF_PAGE {
            let detail = format!("the app lists {} at once; at most {MOST_OF_PAGE} are read", resources.len());
            return Err(Problem::new(Trouble::TooLarge, &detail));
        }
        let documents = resources.into_iter().filter_map(|one| match one {
            Value::Object(document) => Some(document),
            _ => None,
        });
        Ok(Self { resources: documents.collect(), total, cursor })
    }

    /// Whether it says that there is nobody, with every word of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.total.unwrap_or(0) == 0 && self.cursor.is_none()
    }

    fn next(&self, place: &Place) -> Option<Place> {
        match place {
            Place::Cursor(_) => self.cursor.clone().map(Place::Cursor),
            Place::Index(first) => {
                let found = self.resources.len() as u64;
                let next = first.saturating_add(found);
                (found > 0 && self.total.is_some_and(|total| next <= total)).then_some(Place::Index(next))
            }
        }
    }

    /// Tells one page from another, by whom it lists.
    fn look(&self) -> String {
        let ids: Vec<String> = self.resources.iter().filter_map(remote::id).collect();
        BASE64URL_NOPAD.encode(&sha256(ids.join("\n").as_bytes())[..18])
    }
}

/// A way through a list. It notices when it goes in circles, however long they are, and keeps one page in mind for that
/// (Brent's algorithm).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Where it is.
    pub place: Place,
    pages: u64,
    resources: u64,
    empty: u32,
    mark: Option<String>,
}

impl Walk {
    /// At the beginning of a list.
    #[must_use]
    pub fn begin(is_by_cursor: bool) -> Self {
        let place = if is_by_cursor { Place::Cursor(String::new()) } else { Place::Index(1) };
        Self { place, pages: 0, resources: 0, empty: 0, mark: None }
    }

    /// Behind this page; `None` at the end.
    ///
    /// # Errors
    /// When the list repeats itself or does not end.
    pub fn behind(mut self, page: &Listing) -> Result<Option<Self>, Problem> {
        let Some(next) = page.next(&self.place) else { return Ok(None) };
        let nonsense = |what: &str| Err(Problem::new(Trouble::Nonsense, what));
        self.pages += 1;
        self.resources += page.resources.len() as u64;
        if page.resources.is_empty() {
            self.empty += 1;
        } else {
            self.empty = 0;
            let look = page.look();
            if self.mark.as_ref() == Some(&look) {
                return nonsense("the list of the app repeats itself");
            }
            if self.pages.is_power_of_two() {
                self.mark = Some(look);
            }
        }
        if self.empty > MOST_EMPTY || self.resources > MOST {
            return nonsense("the list of the app does not end");
        }
        Ok(Some(Self { place: next, ..self }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(ids: std::ops::Range<u32>, rest: &Value) -> Listing {
        let mut list = rest.as_object().unwrap().clone();
        list.insert("Resources".to_owned(), ids.map(|id| json!({"id": id.to_string()})).collect());
        Listing::of(list).unwrap()
    }

    #[test]
    fn a_list_goes_on_where_it_says_and_ends() {
        let index = |first| Place::Index(first);
        let cursor = |text: &str| Place::Cursor(text.to_owned());
        for (place, found, list, expected) in [
            (index(1), 100, json!({"totalResults": 250}), Some(index(101))),
            (index(201), 50, json!({"totalResults": 250}), None),
            (index(1), 20, json!({"totalResults": 21, "itemsPerPage": 100}), Some(index(21))),
            (index(1), 0, json!({"totalResults": 10}), None),
            (index(1), 10, json!({}), None),
            (index(u64::MAX), 10, json!({"totalResults": 10}), None),
            (cursor(""), 100, json!({"nextCursor": "a"}), Some(cursor("a"))),
            (cursor("a"), 0, json!({"nextCursor": "b"}), Some(cursor("b"))),
            (cursor("a"), 5, json!({"nextCursor": ""}), None),
            (cursor("a"), 5, json!({"totalResults": 500}), None),
        ] {
            assert_eq!(page(0..found, &list).next(&place), expected, "{place:?} {list}");
        }
    }

    #[test]
    fn nobody_is_there_only_where_every_word_says_so() {
        for (list, expected) in [
            (json!({"totalResults": 0}), true),
            (json!({"totalResults": 0, "Resources": []}), true),
            (json!({"Resources": []}), true),
            (json!({"totalResults": 3, "Resources": []}), false),
            (json!({"totalResults": 0, "Resources": [{"id": "1"}]}), false),
            (json!({"totalResults": 0, "Resources": ["nonsense"], "nextCursor": "a"}), false),
        ] {
            let read = Listing::of(list.as_object().unwrap().clone()).unwrap();
            assert_eq!(read.is_empty(), expected, "{list}");
        }
        for list in [json!({}), json!({"Resources": "none"}), json!({"Resources": {}, "totalResults": 1})] {
            let problem = Listing::of(list.as_object().unwrap().clone()).unwrap_err();
            assert_eq!(problem.trouble, Trouble::Nonsense, "{list}");
        }
        let long = Document::from_iter([("Resources".to_owned(), vec![json!({}); MOST_OF_PAGE + 1].into())]);
        assert_eq!(Listing::of(long).unwrap_err().trouble, Trouble::TooLarge);
    }

    /// Walks through pages that are made by number; how many there were, or what is wrong.
    fn walk(is_by_cursor: bool, make: impl Fn(u32) -> Listing) -> Result<u32, String> {
        let mut here = Walk::begin(is_by_cursor);
        for number in 0..100_000 {
            match here.behind(&make(number)) {
                Ok(Some(next)) => here = next,
                Ok(None) => return Ok(number + 1),
                Err(problem) => return Err(format!("{} after {}", problem.detail, number + 1)),
            }
        }
        panic!("nobody ends it");
    }

    #[test]
    fn a_list_that_repeats_itself_or_never_ends_is_noticed() {
        let ever = json!({"totalResults": u64::MAX, "nextCursor": "same"});
        let fresh = |number: u32| json!({"totalResults": u64::MAX, "nextCursor": number.to_string()});
        let repeats = |after| Err(format!("the list of the app repeats itself after {after}"));
        let ends = |after| Err(format!("the list of the app does not end after {after}"));
        for is_by_cursor in [true, false] {
            assert_eq!(walk(is_by_cursor, |_| page(0..100, &ever)), repeats(2), "always the same page");
            let circle = |number: u32| page(number % 50..number % 50 + 1, &fresh(number));
            assert_eq!(walk(is_by_cursor, circle), repeats(114), "fifty pages in a circle");
            let endless = Walk { resources: MOST, ..Walk::begin(is_by_cursor) };
            assert!(endless.behind(&page(0..1, &fresh(0))).is_err(), "ever new people");
            let honest = |number: u32| {
                let rest = if number < 999 { fresh(number) } else { json!({"totalResults": 100_000}) };
                page(number * 100..(number + 1) * 100, &rest)
            };
            assert_eq!(walk(is_by_cursor, honest), Ok(1_000));
        }
        assert_eq!(walk(true, |number| page(0..0, &fresh(number))), ends(11), "ever new cursors and nobody");
    }
}
