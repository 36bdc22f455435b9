//! What an app is told of a person: which attributes, under which name, with which values.
//!
//! Beneath the rules lie the attributes that every app knows ([`USUAL`]), as the directory sees the person. A rule sets an
//! attribute to a text in which `{given_name}` and the like stand for the person's, takes one away, or sends one more. Paths
//! are those of PATCH (RFC 7644 §3.5.2): `title`, `name.honorificPrefix`, `emails[type eq "work"].value`, `urn:…:department`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::problem::{Problem, Trouble};
use crate::{
    directory::provisioning::Known,
    scim::{
        AttributePath, Document, PatchOp, PatchPath, ResourceType, ScimError, ScimType,
        document::say_schemas,
        patch::PATCH_SCHEMA,
        schema::{ENTERPRISE_USER, Mutability},
        value::Limits,
    },
    text::Slug,
};

/// Attributes that are sent unless a rule takes them away.
const USUAL: [&str; 13] = [
    "name",
    "displayName",
    "nickName",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "emails",
    "phoneNumbers",
    "addresses",
    "active",
    ENTERPRISE_USER.id,
];

/// What no rule may touch: by these people are found again.
const OURS: [&str; 4] = ["externalId", "userName", "active", "id"];

/// What a person is called in an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserNameFrom {
    /// What they sign in with, or what the source that brought them calls them.
    #[default]
    LoginName,
    /// Their e-mail address.
    Email,
    /// The id by which the source that brought them knows them.
    ExternalId,
}

impl UserNameFrom {
    /// As typed and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginName => "login-name",
            Self::Email => "email",
            Self::ExternalId => "external-id",
        }
    }
}

/// What a text may name in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    UserName,
    Email,
    GivenName,
    FamilyName,
    Name,
    Title,
    Phone,
    Locale,
    Kind,
    Profession,
    RegistrationNumber,
    Organization,
    ExternalId,
    MembershipId,
    UserId,
}

impl Part {
    const ALL: [(&'static str, Self); 15] = [
        ("user_name", Self::UserName),
        ("email", Self::Email),
        ("given_name", Self::GivenName),
        ("family_name", Self::FamilyName),
        ("name", Self::Name),
        ("title", Self::Title),
        ("phone", Self::Phone),
        ("locale", Self::Locale),
        ("kind", Self::Kind),
        ("profession", Self::Profession),
        ("registration_number", Self::RegistrationNumber),
        ("organization", Self::Organization),
        ("external_id", Self::ExternalId),
        ("membership_id", Self::MembershipId),
        ("user_id", Self::UserId),
    ];

    fn of(self, known: &Known, organization: &Slug) -> String {
        let maybe = |text: &Option<String>| text.clone().unwrap_or_default();
        let membership = &known.membership;
        match self {
            Self::UserName => known.user_name(),
            Self::Email => email(known).unwrap_or_default(),
            Self::GivenName => maybe(&known.given_name),
            Self::FamilyName => maybe(&known.family_name),
            Self::Name => known.name.to_string(),
            Self::Title => maybe(&membership.title),
            Self::Phone => maybe(&known.phone),
            Self::Locale => maybe(&known.locale),
            Self::Kind => membership.kind.to_string(),
            Self::Profession => maybe(&membership.profession),
            Self::RegistrationNumber => maybe(&membership.registration_number),
            Self::Organization => organization.to_string(),
            Self::ExternalId => external_id(known).unwrap_or_default(),
            Self::MembershipId => membership.id.to_string(),
            Self::UserId => membership.user_id.to_string(),
        }
    }
}

fn email(known: &Known) -> Option<String> {
    let seen = known.seen();
    let emails = seen.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let primary = emails.iter().find(|one| one["primary"] == true).or_else(|| emails.first());
    primary.and_then(|one| one["value"].as_str()).map(str::to_owned)
}

fn external_id(known: &Known) -> Option<String> {
    known.external_id.clone()
}

/// A text with names in braces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Result<Part, String>>,
}

/// A text in which something else stands in braces.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{0}}}` stands for nothing; there is {names}", names = Part::ALL.map(|(name, _)| format!("{{{name}}}")).join(" "))]
pub struct UnknownPart(String);

impl FromStr for Template {
    type Err = UnknownPart;
    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        let mut parts = vec![];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| UnknownPart(after.to_owned()))?;
            let found = Part::ALL.into_iter().find(|(known, _)| *known == name);
            parts.push(Err(before.to_owned()));
            parts.push(Ok(found.ok_or_else(|| UnknownPart(name.to_owned()))?.1));
            rest = after;
        }
        parts.push(Err(rest.to_owned()));
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl TryFrom<String> for Template {
    type Error = UnknownPart;
    fn try_from(text: String) -> Result<Self, UnknownPart> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl Template {
    fn fill(&self, known: &Known, organization: &Slug) -> String {
        let one = |part: &Result<Part, String>| match part {
            Ok(part) => part.of(known, organization),
            Err(text) => text.clone(),
        };
        self.parts.iter().map(one).collect::<String>().trim().to_owned()
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The attribute has this value, or none when nothing is left of it.
    Set(String, Template),
    /// The attribute is not sent.
    Drop(String),
    /// The attribute is sent too.
    Send(String),
}

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// The path.
    #[error("{0}")]
    Path(String),
    /// What people are found by.
    #[error("`{0}` is not for rules: Lanyard finds people again by it")]
    Ours(String),
    /// It holds several values.
    #[error("`{0}` holds several values: say which, as in `emails[type eq \"work\"].value`")]
    Several(String),
}

impl Rule {
    /// The path that it is about.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Set(path, _) | Self::Drop(path) | Self::Send(path) => path,
        }
    }

    /// Checks that its path leads somewhere that may be written.
    ///
    /// # Errors
    /// [`BadRule`].
    pub fn check(&self) -> Result<(), BadRule> {
        let path = PatchPath::parse(ResourceType::User, self.path()).map_err(|error| BadRule::Path(error.detail))?;
        let attribute = match &path {
            PatchPath::Extension(_) if !matches!(self, Self::Set(..)) => return Ok(()),
            PatchPath::Extension(schema) => return Err(BadRule::Several(schema.id.to_owned())),
            PatchPath::Attribute(path) | PatchPath::Values { attribute: path, .. } => *path,
        };
        let is_ours = attribute.extension.is_none() && OURS.contains(&attribute.attribute.name);
        if is_ours || attribute.last().mutability != Mutability::ReadWrite {
            return Err(BadRule::Ours(self.path().to_owned()));
        }
        let is_one_value = match &path {
            PatchPath::Values { sub_attribute, .. } => sub_attribute.is_some(),
            _ => !attribute.last().multi_valued && attribute.last().sub_attributes.is_empty(),
        };
        match self {
            Self::Set(path, _) if !is_one_value => Err(BadRule::Several(path.clone())),
            Self::Send(_) if attribute.sub_attribute.is_some() || matches!(path, PatchPath::Values { .. }) => {
                Err(BadRule::Path(format!("`{}` is a part: send all of the attribute", self.path())))
            }
            _ => Ok(()),
        }
    }
}

/// How people of an organization look to an app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mapping {
    /// What they are called.
    pub user_name: UserNameFrom,
    /// In this order.
    pub rules: Vec<Rule>,
}

impl Mapping {
    /// What the app is told of a person who is to be in it. `externalId` is the membership, by which they are found again.
    ///
    /// # Errors
    /// [`Trouble::Mapping`] where there is no user name, or a value does not fit.
    pub fn document(&self, known: &Known, organization: &Slug) -> Result<Document, Problem> {
        let mut seen = known.seen();
        if let Some(Value::Object(enterprise)) = seen.get_mut(ENTERPRISE_USER.id) {
            // The id of the manager is the source's, and means nothing elsewhere.
            enterprise.remove("manager");
        }
        let mut document = seen;
        document.retain(|name, _| USUAL.contains(&name.as_str()) || self.sends(name));
        document.retain(|_, value| value.as_object().is_none_or(|parts| !parts.is_empty()));
        let user_name = match self.user_name {
            UserNameFrom::LoginName => Some(known.user_name()),
            UserNameFrom::Email => email(known),
            UserNameFrom::ExternalId => external_id(known),
        };
        let none = || {
            let what = if self.user_name == UserNameFrom::Email { "e-mail address" } else { "external id" };
            Problem::new(Trouble::Mapping, &format!("{} has no {what} to be called by", known.name))
        };
        document.insert("userName".into(), json!(user_name.ok_or_else(none)?));
        document.insert("externalId".into(), json!(known.membership.id.as_str()));
        document.insert("active".into(), json!(true));
        for rule in &self.rules {
            document = apply(rule, document, known, organization)?;
        }
        say_schemas(ResourceType::User, &mut document);
        Ok(document)
    }

    fn sends(&self, name: &str) -> bool {
        let is_it = |path: &String| match PatchPath::parse(ResourceType::User, path) {
            Ok(PatchPath::Attribute(AttributePath { extension: None, attribute, .. })) => attribute.name == name,
            Ok(PatchPath::Extension(schema) | PatchPath::Attribute(AttributePath { extension: Some(schema), .. })) => {
                schema.id == name
            }
            _ => false,
        };
        self.rules.iter().any(|rule| matches!(rule, Rule::Send(path) if is_it(path)))
    }
}

fn apply(rule: &Rule, document: Document, known: &Known, organization: &Slug) -> Result<Document, Problem> {
    let operation = match rule {
        Rule::Send(_) => return Ok(document),
        Rule::Drop(path) => json!({"op": "remove", "path": path}),
        Rule::Set(path, template) => match template.fill(known, organization) {
            nothing if nothing.is_empty() => json!({"op": "remove", "path": path}),
            value => json!({"op": "replace", "path": path, "value": value}),
        },
    };
    let is_removal = operation["op"] == "remove";
    let body = json!({"schemas": [PATCH_SCHEMA], "Operations": [operation]});
    let Value::Object(body) = body else { return Ok(document) };
    let done = PatchOp::parse(ResourceType::User, &body, Limits::default()).and_then(|patch| patch.apply(&document));
    match done {
        Ok(patched) => Ok(patched.document),
        // What is not there is taken away already.
        Err(ScimError { scim_type: Some(ScimType::NoTarget), .. }) if is_removal => Ok(document),
        Err(error) => Err(Problem::new(Trouble::Mapping, &format!("{}: {}", rule.path(), error.detail))),
    }
}

#[cfg(test)]
mod tests;
