//! A person's own resource (RFC 7644 §3.11): they read all of it, and change what their organizations leave to them.
//!
//! What an outside source keeps is changed there; what is no part of a profile (`userName`, `active`, `roles`) is changed by
//! those who administer.

use serde_json::Value;

use super::{
    document::{self, Document},
    error::{ScimError, ScimType, invalid_value},
    failure::{Failure, Result, not_found},
    patch::PatchOp,
    request::Request,
    resource::Resource,
    schema::{PRACTITIONER, ResourceType},
    users,
    value::Limits,
    version::Versions,
};
use crate::{
    directory::{
        Error,
        profile::{self, Attribute, Edit, Editor, Refusal, Subject},
        provisioning::{self, Kept, Known, Owned},
    },
    id::UserId,
    storage::Tx,
};

/// What is wanted.
#[derive(Debug, Clone)]
pub enum Change {
    /// This resource (RFC 7644 §3.5.1); what it does not mention stays.
    Replace(Document),
    /// These operations (RFC 7644 §3.5.2).
    Patch(Document),
}

/// The resource.
///
/// # Errors
/// `404`.
pub async fn get(tx: &mut Tx, request: &Request, user: &UserId) -> Result<Resource> {
    let known = own(tx, request, user).await?;
    users::get(tx, request, known.membership.id.as_str()).await
}

/// Changes it.
///
/// # Errors
/// `404`, `412`, of the schema, `mutability` for what is not the person's to change, `403` where an organization's rule says
/// so.
pub async fn change(
    tx: &mut Tx,
    request: &Request,
    user: &UserId,
    (change, if_match): (Change, Option<&Versions>),
) -> Result<Resource> {
    let id = own(tx, request, user).await?.membership.id;
    let known = users::held(tx, request, id.as_str()).await?;
    let before = users::current(&known, request, if_match)?.document();
    let limits = Limits::default();
    let (after, says_all) = match change {
        Change::Replace(body) => (document::replace(ResourceType::User, body, &before, limits)?, true),
        Change::Patch(body) => (PatchOp::parse(ResourceType::User, &body, limits)?.apply(&before)?.document, false),
    };
    let kept = provisioning::kept_of(tx, &known).await?;
    let edits = edits(&kept, (&before, &after), says_all)?;
    let (of_person, of_member): (Vec<Edit>, Vec<Edit>) =
        edits.into_iter().partition(|edit| edit.attribute().subject() == Subject::Person);
    if !of_person.is_empty() {
        profile::edit_own(tx, &request.context, user, &of_person).await.map_err(refused)?;
    }
    if !of_member.is_empty() {
        let member = (&request.caller.organization, &id);
        profile::edit_member(tx, &request.context, member, Editor::Person, &of_member).await.map_err(refused)?;
    }
    users::get(tx, request, id.as_str()).await
}

async fn own(tx: &mut Tx, request: &Request, user: &UserId) -> Result<Known> {
    let found = tx.member_records().of(&request.caller.organization, user).await?;
    found.ok_or_else(|| not_found(user.as_str()))
}

fn refused(error: Error) -> Failure {
    match error {
        Error::Profile(rule @ Refusal::Rule(..)) => {
            ScimError::of_status(http::StatusCode::FORBIDDEN, rule.to_string()).into()
        }
        other => other.into(),
    }
}

/// What has to be edited for the one to become the other.
fn edits(kept: &[Kept], (before, after): (&Document, &Document), says_all: bool) -> Result<Vec<Edit>> {
    let (before, after) = (parts(before), parts(after));
    let value_of = |all: &[(String, Value)], name: &str| {
        all.iter().find(|(other, _)| other == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let gone = before.iter().filter(|(name, _)| !says_all && value_of(&after, name).is_null());
    let mut edits: Vec<Edit> = vec![];
    for (name, value) in after.iter().cloned().chain(gone.map(|(name, _)| (name.clone(), Value::Null))) {
        if value_of(&before, &name) == value {
            continue;
        }
        let edit = edit(kept, (&name, &value))?;
        match edits.iter().find(|other| other.attribute() == edit.attribute()) {
            Some(same) if *same == edit => {}
            Some(_) => return Err(invalid_value(format!("'{name}' contradicts another value for the same")).into()),
            None => edits.push(edit),
        }
    }
    Ok(edits)
}

/// The attributes by name: of a name and of extensions each part.
fn parts(document: &Document) -> Vec<(String, Value)> {
    let of = |(name, value): (&String, &Value)| match value {
        Value::Object(parts) if name == "name" || ResourceType::User.extension(name).is_some() => {
            let mark = if name == "name" { '.' } else { ':' };
            parts.iter().map(|(part, value)| (format!("{name}{mark}{part}"), value.clone())).collect()
        }
        value => vec![(name.clone(), value.clone())],
    };
    document.iter().filter(|(name, _)| *name != "schemas").flat_map(of).collect()
}

fn edit(kept: &[Kept], (name, value): (&str, &Value)) -> Result<Edit> {
    let mine = attribute(name)
        .ok_or_else(|| ScimError::new(ScimType::Mutability, format!("'{name}' is not for the person to change")))?;
    let key = name.split_once('.').map_or(name, |(above, _)| if above == "name" { above } else { name });
    if let Some(kept) = kept.iter().find(|kept| kept.attribute == mine) {
        let keeper = kept.source.name.clone();
        return Err(Error::Owned(Owned { attribute: key.to_owned(), keeper }).into());
    }
    let edit = match text(name, value)? {
        Some(text) => Edit::set(mine, &text),
        None => Edit::clear(mine),
    };
    edit.map_err(|refusal| invalid_value(format!("'{name}': {refusal}")).into())
}

/// What it is in the profile.
fn attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "displayName" | "name.formatted" => Attribute::Name,
        "name.givenName" => Attribute::GivenName,
        "name.familyName" => Attribute::FamilyName,
        "phoneNumbers" => Attribute::Phone,
        "photos" => Attribute::Picture,
        "preferredLanguage" => Attribute::Locale,
        "title" => Attribute::Title,
        name => match name.strip_prefix(PRACTITIONER.id)?.strip_prefix(':')? {
            "profession" => Attribute::Profession,
            "registrationNumber" => Attribute::RegistrationNumber,
            "registrationBody" => Attribute::RegistrationBody,
            "registrationExpires" => Attribute::RegistrationExpires,
            "specialties" => Attribute::Specialty,
            _ => return None,
        },
    })
}

/// The one text that a profile has of it.
fn text(name: &str, value: &Value) -> Result<Option<String>> {
    let items = match value {
        Value::Null => return Ok(None),
        Value::String(text) => return Ok(Some(text.clone())),
        Value::Array(items) => items,
        _ => return Err(invalid_value(format!("'{name}' must be a text")).into()),
    };
    let texts: Vec<&str> = items.iter().filter_map(|item| item.as_str().or_else(|| item["value"].as_str())).collect();
    match texts[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.to_owned())),
        _ => Err(invalid_value(format!("'{name}' can have one value here")).into()),
    }
}
