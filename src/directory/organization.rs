//! An organization: a practice, the tenant. Nothing of one is visible from another.

use std::{fmt, str::FromStr};

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::OrganizationId,
    storage::Tx,
    text::{Name, Slug},
};

use super::{Change, Error, Noun, Result, kind, role};

/// A practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its short key, which never changes.
    pub slug: Slug,
    /// As people write it.
    pub name: Name,
    /// A picture on the sign-in page.
    pub logo_uri: Option<LogoUri>,
    /// The colour of the sign-in page.
    pub accent: Option<Accent>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when nobody can use it.
    pub disabled_at: Option<Timestamp>,
    /// When it was enabled again: tokens from before that stay dead, also those that a node issued which had not heard yet.
    pub tokens_void_before: Option<Timestamp>,
}

impl Organization {
    /// Whether members can use it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// A colour as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accent(String);

/// The path of a picture that this server keeps ([`super::logo`]): one of another site would tell that site who signs in
/// where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoUri(String);

/// A value that does not fit the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBranding {
    /// No colour.
    #[error("a colour is written like #1a7f64")]
    Colour,
    /// No address of a picture.
    #[error("a logo is an https address of a picture, at most 2,000 bytes")]
    Logo,
}

impl FromStr for Accent {
    type Err = NotBranding;
    fn from_str(text: &str) -> Result<Self, NotBranding> {
        let digits = text.strip_prefix('#').ok_or(NotBranding::Colour)?;
        let fits = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotBranding::Colour) }
    }
}

impl FromStr for LogoUri {
    type Err = NotBranding;
    fn from_str(text: &str) -> Result<Self, NotBranding> {
        let name = text.strip_prefix(super::logo::PATH).ok_or(NotBranding::Logo)?;
        let fits = name.len() <= 80 && name.bytes().all(|b| b == b'.' || b.is_ascii_digit() || b.is_ascii_lowercase());
        if fits { Ok(Self(text.to_owned())) } else { Err(NotBranding::Logo) }
    }
}

macro_rules! branding_texts {
    ($($name:ident)*) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub(super) fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

branding_texts! { Accent LogoUri }

/// What an edit changes.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// Another name.
    pub name: Option<Name>,
    /// Another picture.
    pub logo_uri: Change<LogoUri>,
    /// Another colour.
    pub accent: Change<Accent>,
}

/// Creates an organization with the built-in roles and kinds of membership.
///
/// # Errors
/// When the slug is taken.
pub async fn create(tx: &mut Tx, context: &Context, slug: &Slug, name: &Name) -> Result<Organization> {
    let organization = Organization {
        id: OrganizationId::fresh(context.now, &context.random),
        slug: slug.clone(),
        name: name.clone(),
        logo_uri: None,
        accent: None,
        created_at: context.now,
        disabled_at: None,
        tokens_void_before: None,
    };
    if !tx.organizations().insert(&organization).await? {
        return Err(Error::Taken(Noun::Organization, slug.to_string()));
    }
    role::template::establish(tx, context, &organization.id).await?;
    kind::establish(tx, &organization.id).await?;
    tx.record(context, Some(&organization.id), &Event::OrganizationCreation { organization: organization.id.clone() });
    Ok(organization)
}

/// Edits name and looks.
///
/// # Errors
/// When there is no such organization.
pub async fn update(tx: &mut Tx, context: &Context, id: &OrganizationId, edit: Edit) -> Result<Organization> {
    let mut organization = existing(tx, id).await?;
    let mut changed = vec![];
    if let Some(name) = edit.name {
        organization.name = name;
        changed.push("name");
    }
    if edit.logo_uri.apply(&mut organization.logo_uri) {
        changed.push("logo_uri");
    }
    if edit.accent.apply(&mut organization.accent) {
        changed.push("accent");
    }
    save(tx, context, &organization, &changed.join(" ")).await?;
    Ok(organization)
}

/// Keeps everybody out of the organization, at once: its sessions, codes and tokens end, and every session of whoever
/// belongs nowhere else. Nothing of the directory is lost.
///
/// # Errors
/// When there is no such organization.
pub async fn disable(tx: &mut Tx, context: &Context, id: &OrganizationId) -> Result<Organization> {
    let organization = existing(tx, id).await?;
    if !organization.is_active() {
        return Ok(organization);
    }
    let organization = Organization { disabled_at: Some(context.now), ..organization };
    save(tx, context, &organization, "disabled").await?;
    let stranded = tx.memberships().stranded_without(id, context.now).await?;
    tx.sessions().close_organization(context, id, &stranded).await?;
    Ok(organization)
}

/// Lets members in again; sessions and tokens do not come back.
///
/// # Errors
/// When there is no such organization.
pub async fn enable(tx: &mut Tx, context: &Context, id: &OrganizationId) -> Result<Organization> {
    let organization = existing(tx, id).await?;
    if organization.is_active() {
        return Ok(organization);
    }
    let organization = Organization { disabled_at: None, tokens_void_before: Some(context.now), ..organization };
    save(tx, context, &organization, "enabled").await?;
    Ok(organization)
}

async fn existing(tx: &mut Tx, id: &OrganizationId) -> Result<Organization> {
    tx.organizations().by_id(id).await?.ok_or_else(|| Noun::Organization.unknown(id))
}

async fn save(tx: &mut Tx, context: &Context, organization: &Organization, changed: &str) -> Result<()> {
    tx.organizations().save(organization).await?;
    let event = Event::OrganizationUpdate { organization: organization.id.clone(), attributes: changed.to_owned() };
    tx.record(context, Some(&organization.id), &event);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_logos_are_checked() {
        for (text, fits) in [("#1A7F64", true), ("#fff", false), ("red", false), ("#1a7f6g", false)] {
            assert_eq!(text.parse::<Accent>().is_ok(), fits, "{text}");
        }
        for (text, fits) in [
            ("/brand/00ff.png", true),
            ("https://clinic.example/logo.svg", false),
            ("/brand/../account", false),
            ("javascript:alert(1)", false),
            ("https://user:word@clinic.example/", false),
            ("data:image/png;base64,AAAA", false),
        ] {
            assert_eq!(text.parse::<LogoUri>().is_ok(), fits, "{text}");
        }
    }
}
