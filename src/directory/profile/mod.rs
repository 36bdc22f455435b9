//! Attributes of a person and of a member, and who may edit which.
//!
//! An organization sets for each attribute whether the person, an administrator, both or nobody edits it. What a person
//! is called belongs to the person; what a register says of them (profession, registration) is the organization's to
//! enter unless it decides otherwise.

mod rules;

use std::{fmt, str::FromStr};

pub use rules::{EditableBy, Editor, Rules, set_rule};

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{MembershipId, OrganizationId, UserId},
    storage::Tx,
    text::Name,
};

use super::{
    Result, membership,
    membership::Membership,
    provisioning::people,
    registration,
    rule::{self, Mandate},
    search, tenancy, user,
    user::User,
};

macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $subject:ident $rule:ident $most:literal;)*) => {
        /// A single fact about somebody.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attribute { $($(#[$doc])* $variant,)* }

        impl Attribute {
            /// Every attribute.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in commands, forms and the audit log.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whom it belongs to.
            #[must_use]
            pub const fn subject(self) -> Subject {
                match self { $(Self::$variant => Subject::$subject,)* }
            }

            /// Who edits it unless the organization says otherwise.
            #[must_use]
            pub const fn default_rule(self) -> EditableBy {
                match self { $(Self::$variant => EditableBy::$rule,)* }
            }

            /// The longest value in bytes.
            const fn most(self) -> usize {
                match self { $(Self::$variant => $most,)* }
            }
        }
    };
}

attributes! {
    /// The name as the person writes it.
    Name "name" Person Both 200;
    /// Given name.
    GivenName "given_name" Person Both 200;
    /// Family name.
    FamilyName "family_name" Person Both 200;
    /// Telephone number.
    Phone "phone" Person Both 40;
    /// Postal address, in lines.
    PostalAddress "postal_address" Person Both 500;
    /// Language tag (BCP 47).
    Locale "locale" Person Person 35;
    /// Address of a picture.
    Picture "picture" Person Both 2000;
    /// Profession.
    Profession "profession" Membership Administrator 200;
    /// Number in the register of the profession.
    RegistrationNumber "registration_number" Membership Administrator 100;
    /// Who keeps the register.
    RegistrationBody "registration_body" Membership Administrator 200;
    /// When the registration ends: a date, or an instant.
    RegistrationExpires "registration_expires" Membership Administrator 40;
    /// Specialty.
    Specialty "specialty" Membership Administrator 200;
    /// Title.
    Title "title" Membership Both 100;
}

impl Attribute {
    /// What its values look like, for whoever wrote one that does not.
    const fn form(self) -> &'static str {
        match self {
            Self::Phone => "write digits, spaces and + - ( ) . alone, as in +45 12 34 56 78",
            Self::Locale => "write the tag of a language, as in en or da-DK",
            Self::RegistrationExpires => "write a date, as in 2027-06-30, or an instant, as in 2027-06-30T12:00:00Z",
            Self::Picture => "write an address that begins with https://",
            _ => "the value has another form",
        }
    }
}

/// Whom an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The person, in every organization.
    Person,
    /// The person in one organization.
    Membership,
}

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The organization's rule.
    #[error("`{0}` is not edited here: the organization's rule says `{1}`")]
    Rule(&'static str, &'static str),
    /// The value does not fit.
    #[error("`{0}`: {1}")]
    Value(&'static str, &'static str),
    /// The name was to be removed.
    #[error("a person needs a name")]
    NoName,
    /// No such attribute or rule.
    #[error("`{0}` is not known; expected one of {1}")]
    Unknown(String, String),
}

impl FromStr for Attribute {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let names = || Self::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
        Self::ALL.iter().copied().find(|one| one.name() == text).ok_or_else(|| Refusal::Unknown(text.into(), names()))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One attribute with its new value; made by [`Edit::set`] and [`Edit::clear`], so that the value always fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    attribute: Attribute,
    value: Option<String>,
}

impl Edit {
    /// Sets an attribute.
    ///
    /// # Errors
    /// When the value does not fit the attribute.
    pub fn set(attribute: Attribute, value: &str) -> Result<Self, Refusal> {
        let refused = |why| Err(Refusal::Value(attribute.name(), why));
        let value = value.trim();
        let lines = attribute == Attribute::PostalAddress;
        if value.is_empty() || value.len() > attribute.most() {
            return refused("the value is empty or too long");
        }
        let plain = value.chars().filter(|c| !(lines && *c == '\n')).collect::<String>();
        if plain.len() <= 200 && plain.parse::<Name>().is_err() || plain.chars().any(char::is_control) {
            return refused("the value contains a character that is not allowed");
        }
        let fits = match attribute {
            Attribute::Phone => plain.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c)),
            Attribute::Locale => plain.split('-').all(|part| (1..=8).contains(&part.len()) && is_alphanumeric(part)),
            Attribute::RegistrationExpires => Timestamp::parse(value).is_ok(),
            Attribute::Picture => url::Url::parse(value).is_ok_and(|uri| uri.scheme() == "https"),
            _ => true,
        };
        if fits { Ok(Self { attribute, value: Some(value.to_owned()) }) } else { refused(attribute.form()) }
    }

    /// Removes the value of an attribute.
    ///
    /// # Errors
    /// For the name, which everybody has.
    pub fn clear(attribute: Attribute) -> Result<Self, Refusal> {
        if attribute == Attribute::Name { Err(Refusal::NoName) } else { Ok(Self { attribute, value: None }) }
    }

    /// Which attribute.
    #[must_use]
    pub fn attribute(&self) -> Attribute {
        self.attribute
    }
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// An administrator edits a member: the organization's facts, and the person's own while no other organization has them.
///
/// # Errors
/// For another organization's member, a rule that refuses, a person who is shared, or an attribute that an outside source
/// keeps.
pub async fn edit_member(
    tx: &mut Tx,
    context: &Context,
    (organization, id): (&OrganizationId, &MembershipId),
    editor: Editor,
    edits: &[Edit],
) -> Result<()> {
    if editor == Editor::Person {
        // Nobody gives themselves a role by saying what the rule of a group looks at.
        tx.act_by(Mandate::Roles(vec![]));
    }
    tx.organizations().lock(organization).await?;
    let mut membership = membership::existing(tx, organization, id).await?;
    tx.attribute_rules().of(organization).await?.check(edits, editor)?;
    let (of_person, of_member): (Vec<&Edit>, Vec<&Edit>) =
        edits.iter().partition(|edit| edit.attribute.subject() == Subject::Person);
    if !of_person.is_empty() {
        if editor == Editor::Administrator {
            let organizations = tx.memberships().organizations_ever(&membership.user_id).await?;
            let scope = tenancy::Scope::Organization(organization.clone());
            tenancy::may_change(&scope, tenancy::Aspect::Profile, &organizations)?;
        }
        people::edit_person(tx, &membership.user_id, edits).await?;
        save_person(tx, context, &membership.user_id, &of_person).await?;
    }
    if !of_member.is_empty() {
        people::edit_member(tx, &membership, edits).await?;
        edit_membership(tx, context, &mut membership, &of_member).await?;
        let event = Event::MembershipUpdate {
            user: membership.user_id.clone(),
            membership: id.clone(),
            attributes: names(&of_member),
        };
        tx.record(context, Some(organization), &event);
    }
    rule::settle(tx).await.map(drop)
}

/// The same for somebody whom nobody knew, before they are written down.
pub(super) fn apply(edits: &[Edit], person: &mut User, member: &mut Membership) {
    for edit in edits {
        apply_to_person(person, edit);
        apply_to_member(member, edit);
    }
}

/// An outside source edits a member, bound by no rule of the organization, which let it in.
pub(super) async fn provision(tx: &mut Tx, context: &Context, member: &Membership, edits: &[Edit]) -> Result<()> {
    let (of_person, of_member): (Vec<&Edit>, Vec<&Edit>) =
        edits.iter().partition(|edit| edit.attribute.subject() == Subject::Person);
    if !of_person.is_empty() {
        let mut person = user::existing(tx, &member.user_id).await?;
        for edit in &of_person {
            apply_to_person(&mut person, edit);
        }
        person.updated_at = context.now;
        tx.users().save_profile(&person).await?;
        tx.search_index().wait(&[&person.id]).await?;
        tx.record(context, None, &Event::UserUpdate { user: person.id, attributes: names(&of_person) });
    }
    if !of_member.is_empty() {
        let mut member = membership::existing(tx, &member.organization_id, &member.id).await?;
        edit_membership(tx, context, &mut member, &of_member).await?;
    }
    Ok(())
}

async fn edit_membership(tx: &mut Tx, context: &Context, member: &mut Membership, edits: &[&Edit]) -> Result<()> {
    let was_verified = member.verification.is_some();
    for edit in edits {
        apply_to_member(member, edit);
    }
    tx.memberships().save(member).await?;
    if was_verified && member.verification.is_none() {
        registration::record(tx, context, member);
    }
    Ok(())
}

/// A person edits their own profile: every organization they belong to must leave the attribute to them.
///
/// # Errors
/// When a rule of one of their organizations refuses, and for an attribute that an outside source keeps.
pub async fn edit_own(tx: &mut Tx, context: &Context, user: &UserId, edits: &[Edit]) -> Result<()> {
    for rules in tx.attribute_rules().of_organizations_of(user).await? {
        rules.check(edits, Editor::Person)?;
    }
    let own: Vec<&Edit> = edits.iter().filter(|edit| edit.attribute.subject() == Subject::Person).collect();
    if own.len() < edits.len() {
        return Err(super::Error::Refused("this is part of a membership; edit it in that organization"));
    }
    people::edit_person(tx, user, edits).await?;
    save_person(tx, context, user, &own).await
}

/// The server's administrator edits a person.
///
/// # Errors
/// When there is no such person, and for an attribute that an outside source keeps.
pub async fn edit_person(tx: &mut Tx, context: &Context, user: &UserId, edits: &[Edit]) -> Result<()> {
    let own: Vec<&Edit> = edits.iter().filter(|edit| edit.attribute.subject() == Subject::Person).collect();
    if own.len() < edits.len() {
        return Err(super::Error::Refused("this is part of a membership; edit it in that organization"));
    }
    people::edit_person(tx, user, edits).await?;
    save_person(tx, context, user, &own).await
}

async fn save_person(tx: &mut Tx, context: &Context, id: &UserId, edits: &[&Edit]) -> Result<()> {
    let mut person = user::existing(tx, id).await?;
    for edit in edits {
        apply_to_person(&mut person, edit);
    }
    person.updated_at = context.now;
    tx.users().save_profile(&person).await?;
    search::index(tx, std::slice::from_ref(id)).await?;
    tx.record(context, None, &Event::UserUpdate { user: id.clone(), attributes: names(edits) });
    Ok(())
}

fn names(edits: &[&Edit]) -> String {
    edits.iter().map(|edit| edit.attribute.name()).collect::<Vec<_>>().join(" ")
}

fn apply_to_person(person: &mut User, edit: &Edit) {
    let value = edit.value.clone();
    match edit.attribute {
        Attribute::Name => {
            if let Some(name) = value {
                person.name = Name::from_stored(name);
            }
        }
        Attribute::GivenName => person.given_name = value,
        Attribute::FamilyName => person.family_name = value,
        Attribute::Phone => person.phone = value,
        Attribute::PostalAddress => person.postal_address = value,
        Attribute::Locale => person.locale = value,
        Attribute::Picture => person.picture = value,
        Attribute::Profession
        | Attribute::RegistrationNumber
        | Attribute::RegistrationBody
        | Attribute::RegistrationExpires
        | Attribute::Specialty
        | Attribute::Title => {}
    }
}

fn apply_to_member(member: &mut Membership, edit: &Edit) {
    let value = edit.value.clone();
    match edit.attribute {
        Attribute::Profession => member.profession = value,
        Attribute::RegistrationNumber => registration::change(member, |member| member.registration_number = value),
        Attribute::RegistrationBody => registration::change(member, |member| member.registration_body = value),
        Attribute::RegistrationExpires => {
            let end = value.and_then(|text| Timestamp::parse(&text).ok());
            registration::change(member, |member| member.registration_expires_at = end);
        }
        Attribute::Specialty => member.specialty = value,
        Attribute::Title => member.title = value,
        Attribute::Name
        | Attribute::GivenName
        | Attribute::FamilyName
        | Attribute::Phone
        | Attribute::PostalAddress
        | Attribute::Locale
        | Attribute::Picture => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_attribute() {
        for (attribute, value, fits) in [
            (Attribute::Phone, "+45 12 34 56 78", true),
            (Attribute::Phone, "call me", false),
            (Attribute::Locale, "da-DK", true),
            (Attribute::Locale, "da_DK", false),
            (Attribute::Picture, "https://x.example/p.png", true),
            (Attribute::Picture, "javascript:alert(1)", false),
            (Attribute::PostalAddress, "Havnegade 1\n8000 Aarhus", true),
            (Attribute::Name, "a\nb", false),
            (Attribute::Name, "", false),
            (Attribute::Title, &"x".repeat(101), false),
            (Attribute::RegistrationExpires, "2027-06-30", true),
            (Attribute::RegistrationExpires, "2027-06-30T12:00:00+02:00", true),
            (Attribute::RegistrationExpires, "next year", false),
        ] {
            assert_eq!(Edit::set(attribute, value).is_ok(), fits, "{attribute} {value}");
        }
        assert_eq!(Edit::clear(Attribute::Name), Err(Refusal::NoName));
        assert!(Edit::clear(Attribute::Phone).is_ok());
    }
}
