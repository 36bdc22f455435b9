//! One operation of a bulk request (RFC 7644 §3.7): what it is to do, and to which other operations it refers.

use std::collections::{BTreeSet, HashMap, HashSet};

use http::StatusCode;
use serde_json::{Value, json};

use crate::scim::{
    ResourceType, ScimError,
    caller::Access,
    document::{self, Document},
    error::{echo, invalid_syntax, invalid_value},
    failure::Result,
    list::{Groups, Users},
    operations::Operations,
    patch::{PATCH_SCHEMA, PatchOp},
    request::Request,
    resource::Resource,
    value::Limits,
    version::Versions,
};
use crate::storage::Tx;

/// What stands before the `bulkId` of another operation.
const REFERENCE: &str = "bulkId:";

/// The most characters of a `bulkId`.
const LONGEST_ID: usize = 200;

/// An operation as it was sent.
#[derive(Debug)]
pub(super) struct Operation {
    /// In capitals.
    pub(super) method: String,
    pub(super) bulk_id: Option<String>,
    /// What it is to do, or why that means nothing.
    deed: Result<Deed, ScimError>,
    /// The operations that it refers to.
    pub(super) references: BTreeSet<String>,
}

/// What an operation does, to resources of a type.
#[derive(Debug)]
struct Deed {
    kind: ResourceType,
    what: What,
    if_match: Option<Versions>,
    data: Value,
}

#[derive(Debug)]
enum What {
    Create,
    Replace(String),
    Patch(String),
    Delete(String),
}

/// The ids of the resources that were made, by `bulkId`.
pub(super) type Made = HashMap<String, String>;

/// What was made, and what there is to be made at all.
pub(super) type Known<'a> = (&'a Made, &'a HashSet<String>);

/// What was done.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) status: StatusCode,
    pub(super) location: String,
    pub(super) version: Option<String>,
    /// Of a resource that was made.
    pub(super) id: Option<String>,
}

impl Operation {
    /// Reads it; what it lacks it is refused for when its turn comes.
    pub(super) fn parse(sent: &Value) -> Result<Self, ScimError> {
        let Value::Object(sent) = sent else { return Err(invalid_syntax("an operation must be an object")) };
        let bulk_id = text(sent, "bulkId")?.map(str::to_owned);
        if bulk_id.as_ref().is_some_and(|id| id.is_empty() || id.chars().count() > LONGEST_ID) {
            return Err(invalid_value(format!("'bulkId' must have 1 to {LONGEST_ID} characters")));
        }
        let method = text(sent, "method")?.unwrap_or_default().to_ascii_uppercase();
        let deed = Deed::parse(&method, bulk_id.as_deref(), sent);
        let mut references = BTreeSet::new();
        if let Ok(deed) = &deed {
            collect(&deed.data, &mut references);
            references.extend(deed.what.target().and_then(referred).map(str::to_owned));
        }
        Ok(Self { method, bulk_id, deed, references })
    }

    /// Whether it makes a resource that others can refer to.
    pub(super) fn makes(&self) -> bool {
        self.method == "POST"
    }

    /// Where its resource is, as far as that is known before it is done.
    pub(super) fn location(&self, base: &str, made: &Made) -> Option<String> {
        let deed = self.deed.as_ref().ok()?;
        let id = deed.what.target()?;
        let id = referred(id).map_or(Some(id), |name| made.get(name).map(String::as_str))?;
        Some(format!("{base}{}/{id}", deed.kind.endpoint()))
    }

    /// Whether it makes a person, which changes nobody who is there.
    pub(super) fn makes_a_person(&self) -> bool {
        matches!(&self.deed, Ok(Deed { kind: ResourceType::User, what: What::Create, .. }))
    }

    /// How many changes it is, for those who wait.
    pub(super) fn weight(&self) -> usize {
        match &self.deed {
            Ok(Deed { kind: ResourceType::Group, what: What::Patch(_), data: Value::Object(body), .. }) => {
                PatchOp::parse(ResourceType::Group, body, Limits::default()).map_or(1, |patch| patch.weight())
            }
            _ => 1,
        }
    }

    /// What was sent with it.
    pub(super) fn data(&self) -> &Value {
        self.deed.as_ref().map_or(&Value::Null, |deed| &deed.data)
    }

    /// The body of a user that it makes without referring to anything else.
    pub(super) fn creation(&self, request: &Request) -> Option<Document> {
        let deed = self.allowed(request).ok()?;
        let Value::Object(body) = &deed.data else { return None };
        let is_creation = deed.kind == ResourceType::User && matches!(deed.what, What::Create);
        (is_creation && self.references.is_empty()).then(|| body.clone())
    }

    /// What is told of a resource that was made.
    pub(super) fn created(made: &Resource) -> Done {
        Done { status: StatusCode::CREATED, id: Some(made.id.clone()), ..changed(made) }
    }

    /// Does it.
    pub(super) async fn run(&self, tx: &mut Tx, request: &Request, known: Known<'_>) -> Result<Done> {
        match self.allowed(request)?.kind {
            ResourceType::User => self.run_on::<Users>(tx, request, known).await,
            ResourceType::Group => self.run_on::<Groups>(tx, request, known).await,
        }
    }

    async fn run_on<S: Operations>(&self, tx: &mut Tx, request: &Request, known: Known<'_>) -> Result<Done> {
        let Deed { what, if_match, data, .. } = self.allowed(request)?;
        let if_match = if_match.as_ref();
        let (data, id) = (|| body(data, known), |id: &str| resolve(id, known));
        match what {
            What::Create => self.create(tx, request, (self.data(), known)).await,
            What::Replace(target) => Ok(changed(&S::replace(tx, request, (&id(target)?, data()?, if_match)).await?)),
            What::Patch(target) => {
                let id = id(target)?;
                if let Some(resource) = S::patch(tx, request, (&id, &data()?, if_match)).await? {
                    return Ok(changed(&resource));
                }
                let resource = S::get(tx, request, (&id, false)).await?;
                Ok(Done { status: StatusCode::NO_CONTENT, ..changed(&resource) })
            }
            What::Delete(target) => {
                let id = id(target)?;
                S::delete(tx, request, (&id, if_match)).await?;
                let location = format!("{}{}/{id}", request.base(), S::KIND.endpoint());
                Ok(Done { status: StatusCode::NO_CONTENT, location, version: None, id: None })
            }
        }
    }

    /// Makes its resource of `data`, which may be less than was sent.
    pub(super) async fn create(
        &self,
        tx: &mut Tx,
        request: &Request,
        (data, known): (&Value, Known<'_>),
    ) -> Result<Done> {
        let body = body(data, known)?;
        let made = match self.allowed(request)?.kind {
            ResourceType::User => Users::create(tx, request, body).await?,
            ResourceType::Group => Groups::create(tx, request, body).await?,
        };
        Ok(Self::created(&made))
    }

    /// Writes all that was sent into the resource that was made of less.
    pub(super) async fn complete(
        &self,
        tx: &mut Tx,
        request: &Request,
        (done, known): (&Done, Known<'_>),
    ) -> Result<Done> {
        let body = body(self.data(), known)?;
        let id = done.id.clone().unwrap_or_default();
        let whole = match self.allowed(request)?.kind {
            ResourceType::User => Users::replace(tx, request, (&id, body, None)).await?,
            ResourceType::Group => Groups::replace(tx, request, (&id, body, None)).await?,
        };
        Ok(Done { status: StatusCode::CREATED, id: Some(id), ..changed(&whole) })
    }

    /// What it is to do, if it means anything and the caller may do it.
    fn allowed(&self, request: &Request) -> Result<&Deed> {
        let deed = self.deed.as_ref().map_err(Clone::clone)?;
        request.caller.allow(deed.kind, Access::Write)?;
        Ok(deed)
    }
}

/// The data with ids in place of references.
fn body(data: &Value, known: Known<'_>) -> Result<Document> {
    match replaced(data, &|text: &str| resolve(text, known))? {
        Value::Object(body) => Ok(body),
        _ => Err(invalid_syntax("'data' must be an object").into()),
    }
}

impl Deed {
    fn parse(method: &str, bulk_id: Option<&str>, sent: &Document) -> Result<Self, ScimError> {
        let path = text(sent, "path")?.ok_or_else(|| invalid_syntax("'path' is required"))?;
        let (kind, target) = target(path)?;
        let what = match (method, target) {
            ("POST", None) if bulk_id.is_none() => return Err(invalid_syntax("'bulkId' is required with POST")),
            ("POST", None) => What::Create,
            ("PUT", Some(id)) => What::Replace(id.to_owned()),
            ("PATCH", Some(id)) => What::Patch(id.to_owned()),
            ("DELETE", Some(id)) => What::Delete(id.to_owned()),
            ("POST" | "PUT" | "PATCH" | "DELETE", _) => {
                return Err(invalid_value(format!("'path' '{}' has no {method}", echo(path))));
            }
            ("", _) => return Err(invalid_syntax("'method' is required")),
            _ => {
                let detail = format!("'method' must be POST, PUT, PATCH or DELETE, not '{}'", echo(method));
                return Err(invalid_syntax(detail));
            }
        };
        let data = document::member(sent, "data")?.cloned();
        let data = match (&what, data) {
            (What::Delete(_), _) => Value::Null,
            (_, None) => return Err(invalid_syntax(format!("'data' is required with {method}"))),
            // RFC 7644 §3.7.3 has the operations of a PATCH alone.
            (What::Patch(_), Some(Value::Array(all))) => json!({"schemas": [PATCH_SCHEMA], "Operations": all}),
            (_, Some(data)) => data,
        };
        let if_match = text(sent, "version")?.and_then(|version| Versions::parse(std::iter::once(version)));
        Ok(Self { kind, what, if_match, data })
    }
}

impl What {
    fn target(&self) -> Option<&str> {
        match self {
            Self::Create => None,
            Self::Replace(id) | Self::Patch(id) | Self::Delete(id) => Some(id),
        }
    }
}

/// The type and the id that a path leads to.
fn target(path: &str) -> Result<(ResourceType, Option<&str>), ScimError> {
    let nowhere = || invalid_value(format!("'path' '{}' leads to no users and no groups", echo(path)));
    for kind in ResourceType::ALL {
        match path.strip_prefix(kind.endpoint()) {
            Some("" | "/") => return Ok((kind, None)),
            Some(rest) if rest.starts_with('/') => {
                let id = &rest[1..];
                return if id.contains(['/', '?', '#', '%']) { Err(nowhere()) } else { Ok((kind, Some(id))) };
            }
            _ => {}
        }
    }
    Err(nowhere())
}

fn text<'s>(sent: &'s Document, name: &str) -> Result<Option<&'s str>, ScimError> {
    match document::member(sent, name)? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid_syntax(format!("'{name}' must be a string"))),
    }
}

pub(super) fn referred(text: &str) -> Option<&str> {
    text.strip_prefix(REFERENCE)
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => references.extend(referred(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Object(members) => members.values().for_each(|value| collect(value, references)),
        _ => {}
    }
}

/// The same value with ids in place of references.
fn replaced(value: &Value, resolve: &impl Fn(&str) -> Result<String>) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(resolve(text)?),
        Value::Array(items) => items.iter().map(|item| replaced(item, resolve)).collect::<Result<_>>()?,
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| Ok((name.clone(), replaced(value, resolve)?)));
            Value::Object(members.collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

/// The id that a reference stands for; any other text is itself.
fn resolve(text: &str, (made, names): Known<'_>) -> Result<String> {
    let Some(name) = referred(text) else { return Ok(text.to_owned()) };
    if let Some(id) = made.get(name) {
        return Ok(id.clone());
    }
    let shown = echo(name);
    if names.contains(name) {
        // RFC 7644 §3.7.1.
        let detail = format!("'{REFERENCE}{shown}' was not made: its operation was refused");
        return Err(ScimError::of_status(StatusCode::CONFLICT, detail).into());
    }
    Err(invalid_value(format!("'{REFERENCE}{shown}' is made by no operation of this request")).into())
}

fn changed(resource: &Resource) -> Done {
    let version = Some(resource.version.as_str().to_owned());
    Done { status: StatusCode::OK, location: resource.location.clone(), version, id: None }
}
