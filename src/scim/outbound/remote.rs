//! An app that speaks SCIM, as its client sees it (RFC 7644 §3): requests, and what its answers come to.
//!
//! Nothing of an answer is believed before it was looked at: an id is checked before it becomes part of an address, whoever
//! is found by a filter has to have what was looked for, and the token is cut out of whatever an app says.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use url::Url;

use super::{
    features::Features,
    listing::{Listing, Place},
    problem::{Problem, Trouble},
};
use crate::{
    outbound::{Answer, Bounds, Call, Fault, Outbound},
    scim::{Document, ResourceType, error::ERROR_SCHEMA},
    secret::{ExposeSecret, SecretString},
};

/// Apps may look for a while.
const BOUNDS: Bounds = Bounds { longest: Duration::from_secs(30), largest: 4 * 1024 * 1024 };

/// RFC 7644 §3.1.
const MEDIA_TYPE: &str = "application/scim+json";

/// Resources of a page.
const PAGE: u32 = 100;

/// Characters of an id of an app.
const LONGEST_ID: usize = 512;

/// The longest pause that an app may ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Yes,
    /// There is no such resource.
    Gone,
}

/// Trouble, with the pause that the app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub problem: Problem,
    /// How long to wait, where it said so.
    pub pause: Option<Duration>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, pause: None }
    }
}

/// What a [`Result`] of this module holds.
pub type Result<T> = std::result::Result<T, Failure>;

/// One app.
pub struct Remote {
    outbound: Outbound,
    base: Url,
    token: SecretString,
}

impl Remote {
    /// The app at `base`, which lets in by `token`.
    #[must_use]
    pub fn new(outbound: Outbound, base: Url, token: SecretString) -> Self {
        Self { outbound, base, token }
    }

    /// What it can do. An app without a word about itself is taken for a usual one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn features(&self) -> Result<Features> {
        let answer = self.ask(Method::GET, self.address(&["ServiceProviderConfig"])?, None, None).await?;
        match answer.status {
            404 | 405 | 501 => Ok(Features::default()),
            _ => Ok(Features::of(&Value::Object(self.document(&answer)?))),
        }
    }

    /// Whether it lets us read users at all: what it says of itself it may say to everybody.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn see_users(&self) -> Result<()> {
        let mut address = self.address(&[part(ResourceType::User)])?;
        address.query_pairs_mut().append_pair("count", "1");
        let answer = self.ask(Method::GET, address, None, None).await?;
        match trouble(&answer) {
            // Not every app lists what it has.
            Trouble::Unsupported | Trouble::Rights => Ok(()),
            _ => self.list(&answer).map(drop),
        }
    }

    /// Creates a resource (RFC 7644 §3.3); its id, unless the app does not say it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create(&self, kind: ResourceType, document: &Document) -> Result<Option<String>> {
        let body = Value::Object(document.clone());
        let answer = self.ask(Method::POST, self.address(&[part(kind)])?, Some(&body), None).await?;
        self.succeeded(&answer)?;
        Ok(self.document(&answer).ok().and_then(|document| id(&document)))
    }

    /// A resource with its version; `None` when there is none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get(&self, kind: ResourceType, id: &str) -> Result<Option<(Document, Option<String>)>> {
        let answer = self.ask(Method::GET, self.address(&[part(kind), id])?, None, None).await?;
        if is_gone(&answer) {
            return Ok(None);
        }
        let document = self.document(&answer)?;
        let version = document.get("meta").and_then(|meta| meta["version"].as_str()).map(str::to_owned);
        Ok(Some((document, answer.version.or(version))))
    }

    /// Changes a resource (RFC 7644 §3.5.2).
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn patch(&self, kind: ResourceType, id: &str, body: &Value) -> Result<Changed> {
        let answer = self.ask(Method::PATCH, self.address(&[part(kind), id])?, Some(body), None).await?;
        self.changed(&answer)
    }

    /// Replaces a resource (RFC 7644 §3.5.1), where it has this version still.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn put(
        &self,
        kind: ResourceType,
        id: &str,
        document: &Document,
        version: Option<&str>,
    ) -> Result<Changed> {
        let body = Value::Object(document.clone());
        let answer = self.ask(Method::PUT, self.address(&[part(kind), id])?, Some(&body), version).await?;
        self.changed(&answer)
    }

    /// Removes a resource (RFC 7644 §3.6).
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn delete(&self, kind: ResourceType, id: &str) -> Result<Changed> {
        let answer = self.ask(Method::DELETE, self.address(&[part(kind), id])?, None, None).await?;
        self.changed(&answer)
    }

    /// Resources that have this text in this attribute: those of the answer that really have it.
    ///
    /// # Errors
    /// [`Failure`]; so is an answer that holds only others, from which nothing follows.
    pub async fn find(&self, kind: ResourceType, attribute: &str, text: &str) -> Result<Vec<Document>> {
        let mut address = self.address(&[part(kind)])?;
        let filter = format!("{attribute} eq {}", Value::from(text));
        address.query_pairs_mut().append_pair("filter", &filter);
        let answer = self.ask(Method::GET, address, None, None).await?;
        let listing = self.list(&answer)?;
        let (ignores_case, is_empty) = (attribute == "userName", listing.is_empty());
        let has_it = |document: &Document| match document.get(attribute).and_then(Value::as_str) {
            Some(there) if ignores_case => there.to_lowercase() == text.to_lowercase(),
            there => there == Some(text),
        };
        let found: Vec<Document> = listing.resources.into_iter().filter(has_it).collect();
        if found.is_empty() && !is_empty {
            let detail = format!("asked for {attribute}, the app answers with others");
            return Err(Problem::new(Trouble::Nonsense, &detail).into());
        }
        Ok(found)
    }

    /// A page of all resources.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn page(&self, kind: ResourceType, place: &Place) -> Result<Listing> {
        let mut address = self.address(&[part(kind)])?;
        {
            let mut query = address.query_pairs_mut();
            query.append_pair("count", &PAGE.to_string());
            match place {
                Place::Index(first) => query.append_pair("startIndex", &first.to_string()),
                Place::Cursor(cursor) => query.append_pair("cursor", cursor),
            };
            if kind == ResourceType::Group {
                query.append_pair("excludedAttributes", "members");
            }
        }
        let answer = self.ask(Method::GET, address, None, None).await?;
        self.list(&answer)
    }

    fn address(&self, parts: &[&str]) -> Result<Url> {
        let mut address = self.base.clone();
        let nonsense = || Problem::new(Trouble::Nonsense, "the address cannot be extended");
        address.path_segments_mut().map_err(|()| nonsense())?.pop_if_empty().extend(parts);
        Ok(address)
    }

    async fn ask(&self, method: Method, address: Url, body: Option<&Value>, version: Option<&str>) -> Result<Answer> {
        let bearer = self.token.expose_secret();
        let call = Call { method, media_type: MEDIA_TYPE, body, bearer, if_match: version, bounds: BOUNDS };
        let answer = self.outbound.call(&address, call).await.map_err(|fault| self.fault(&fault))?;
        match Trouble::of_status(answer.status) {
            trouble @ (Trouble::Token | Trouble::Redirect | Trouble::Busy) => Err(self.refusal(&answer, trouble)),
            _ => Ok(answer),
        }
    }

    fn fault(&self, fault: &Fault) -> Problem {
        let trouble = match fault {
            Fault::Forbidden(_) => Trouble::Forbidden,
            Fault::Unreachable(_) => Trouble::Unreachable,
            Fault::TooLarge(_) => Trouble::TooLarge,
        };
        Problem::new(trouble, &self.without_token(&fault.to_string()))
    }

    fn changed(&self, answer: &Answer) -> Result<Changed> {
        if is_gone(answer) {
            return Ok(Changed::Gone);
        }
        self.succeeded(answer).map(|()| Changed::Yes)
    }

    fn succeeded(&self, answer: &Answer) -> Result<()> {
        if answer.is_success() { Ok(()) } else { Err(self.refusal(answer, trouble(answer))) }
    }

    fn refusal(&self, answer: &Answer, trouble: Trouble) -> Failure {
        let said = serde_json::from_slice::<Value>(&answer.body).ok();
        let detail = said.as_ref().and_then(|said| said["detail"].as_str()).unwrap_or_default();
        let scim_type = said.as_ref().and_then(|said| said["scimType"].as_str()).map(|name| format!(" {name}"));
        let words = format!("{}{}: {detail}", answer.status, scim_type.unwrap_or_default());
        let words = self.without_token(words.trim_end_matches([':', ' ']));
        let pause = answer.retry_after.map(|pause| pause.min(LONGEST_PAUSE));
        Failure { problem: Problem::new(trouble, &words), pause }
    }

    /// An app that repeats what it got does not bring the token into a log.
    fn without_token(&self, text: &str) -> String {
        text.replace(self.token.expose_secret(), "[token]")
    }

    fn document(&self, answer: &Answer) -> Result<Document> {
        self.succeeded(answer)?;
        match serde_json::from_slice(&answer.body) {
            Ok(Value::Object(document)) => Ok(document),
            _ => {
                Err(Problem::new(Trouble::Nonsense, &format!("{}: the answer is no JSON object", answer.status)).into())
            }
        }
    }

    fn list(&self, answer: &Answer) -> Result<Listing> {
        Ok(Listing::of(self.document(answer)?)?)
    }
}

const fn part(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "Users",
        ResourceType::Group => "Groups",
    }
}

/// What an answer that is no success means. Whoever says that something is missing, and not in the words of SCIM (RFC 7644
/// §3.12), is a proxy or a web page, and does not know; an app that says nothing beyond the status is asked again by others.
fn trouble(answer: &Answer) -> Trouble {
    match Trouble::of_status(answer.status) {
        Trouble::Missing if !answer.body.is_empty() && !is_of_scim(answer) => Trouble::Nonsense,
        trouble => trouble,
    }
}

fn is_of_scim(answer: &Answer) -> bool {
    let said = serde_json::from_slice::<Value>(&answer.body).ok();
    let schemas = said.as_ref().and_then(|said| said["schemas"].as_array());
    schemas.is_some_and(|all| all.iter().any(|one| one == ERROR_SCHEMA))
}

fn is_gone(answer: &Answer) -> bool {
    trouble(answer) == Trouble::Missing
}

/// The id of a resource, where it can be part of an address.
#[must_use]
pub fn id(document: &Document) -> Option<String> {
    let id = match document.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let fits = !id.is_empty() && id.len() <= LONGEST_ID && !matches!(id.as_str(), "." | "..");
    (fits && !id.chars().any(char::is_control)).then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Document {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn an_id_is_taken_only_where_it_can_be_part_of_an_address() {
        for (given, expected) in [
            (json!("2819c223"), Some("2819c223")),
            (json!("a/b?c#d e"), Some("a/b?c#d e")),
            (json!(17), Some("17")),
            (json!(""), None),
            (json!(".."), None),
            (json!("."), None),
            (json!("a\nb"), None),
            (json!("x".repeat(513)), None),
            (json!(null), None),
            (json!({}), None),
        ] {
            assert_eq!(id(&map(json!({"id": given.clone()}))).as_deref(), expected, "{given}");
        }
        assert_eq!(id(&Document::new()), None);
    }

    #[test]
    fn an_id_stays_one_part_of_the_address() {
        let outbound = Outbound::new(&crate::config::Outgoing::default(), crate::clock::Clock::System);
        let remote = Remote::new(outbound, "https://app.example/scim/v2".parse().unwrap(), "t".to_owned().into());
        let address = remote.address(&["Users", "../a b?c#d/e"]).unwrap();
        assert_eq!(address.as_str(), "https://app.example/scim/v2/Users/..%2Fa%20b%3Fc%23d%2Fe");
    }
}
