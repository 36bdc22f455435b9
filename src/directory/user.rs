//! A person with one login across all organizations. The id never changes and is the `sub` of tokens.
//!
//! Operations on the person as a whole: creating, disabling, address, password; [`erasure`](super::erasure) and
//! [login names](super::login_name) have their own files. What an organization knows of a person is the membership's; attributes of the profile are edited in
//! [`profile`](super::profile).

use std::fmt;

use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    id::{OrganizationId, UserId},
    session::EndReason,
    storage::Tx,
    text::{EmailAddress, Name, UserName},
};

pub use super::erasure::{Erasure, delete, delete_once_released};
use super::{Error, Noun, Result, emergency, login_name, owner, search, validity::Validity};

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id; the `sub` of tokens.
    pub id: UserId,
    /// The name as the person writes it.
    pub name: Name,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// The address to write to, which is also a login name.
    pub email: Option<EmailAddress>,
    /// When the person proved that mail to the address reaches them.
    pub email_verified_at: Option<Timestamp>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Postal address, in lines.
    pub postal_address: Option<String>,
    /// Language tag of pages and mails.
    pub locale: Option<String>,
    /// Address of a picture.
    pub picture: Option<String>,
    /// Where the person works when an app names no organization.
    pub default_organization: Option<OrganizationId>,
    /// The encoded password hash.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_changed_at: Option<Timestamp>,
    /// From when on the person has to choose another password before anything else.
    pub password_must_change_at: Option<Timestamp>,
    /// When the person was created.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
    /// From when until when the person can sign in at all.
    pub validity: Validity,
    /// Since when the person cannot sign in.
    pub disabled_at: Option<Timestamp>,
    /// When the person was erased; only the id is left.
    pub deleted_at: Option<Timestamp>,
}

impl fmt::Debug for User {
    /// The id alone: the rest is personal or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({})", self.id)
    }
}

impl User {
    /// Whether the person may sign in at all.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.disabled_at.is_none() && self.deleted_at.is_none() && self.validity.contains(now)
    }

    /// Whether another password has to be chosen first.
    #[must_use]
    pub fn must_change_password(&self, now: Timestamp) -> bool {
        self.password_must_change_at.is_some_and(|at| at <= now)
    }
}

/// A password of which only the hash is known here.
#[derive(Clone)]
pub struct NewPassword {
    /// The encoded hash (PHC string).
    pub hash: String,
    /// How long it is good for.
    pub kind: PasswordKind,
    /// Who set it: `person`, `reset` or `administrator`.
    pub by: &'static str,
}

/// How long a password is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordKind {
    /// Chosen by the person.
    Lasting,
    /// Handed to the person; has to be changed at the first sign-in.
    OneTime,
}

impl PasswordKind {
    fn must_change_at(self, now: Timestamp) -> Option<Timestamp> {
        (self == Self::OneTime).then_some(now)
    }
}

/// A person to be created.
pub struct NewUser {
    /// The name.
    pub name: Name,
    /// The address; becomes a login name.
    pub email: Option<EmailAddress>,
    /// Whether mail to the address is known to reach the person.
    pub email_is_verified: bool,
    /// A user name, for staff without a mailbox.
    pub user_name: Option<UserName>,
    /// The first password; none until the person sets one by a link.
    pub password: Option<NewPassword>,
    /// Language tag.
    pub locale: Option<String>,
}

/// Creates a person.
///
/// # Errors
/// Without any login name, and when a login name is in use.
pub async fn create(tx: &mut Tx, context: &Context, new: NewUser) -> Result<User> {
    let names = login_name::of_newcomer(&new)?;
    let user = User {
        id: UserId::fresh(context.now, &context.random),
        name: new.name,
        given_name: None,
        family_name: None,
        email_verified_at: (new.email.is_some() && new.email_is_verified).then_some(context.now),
        email: new.email,
        phone: None,
        postal_address: None,
        locale: new.locale,
        picture: None,
        default_organization: None,
        password_changed_at: new.password.as_ref().map(|_| context.now),
        password_must_change_at: new.password.as_ref().and_then(|password| password.kind.must_change_at(context.now)),
        password_hash: new.password.map(|password| password.hash),
        created_at: context.now,
        updated_at: context.now,
        validity: Validity::ALWAYS,
        disabled_at: None,
        deleted_at: None,
    };
    tx.newcomers().people(&[(&user, None)]).await?;
    for (name, kind) in names {
        login_name::give(tx, context, &user.id, (name, kind)).await?;
    }
    search::index(tx, std::slice::from_ref(&user.id)).await?;
    tx.record(context, None, &Event::UserCreation { user: user.id.clone() });
    Ok(user)
}

/// A person whom an outside source names: with the address of a domain whose owner vouches for it, or without any.
pub(super) fn named(context: &Context, (name, email): (Option<Name>, Option<&EmailAddress>)) -> User {
    let id = UserId::fresh(context.now, &context.random);
    User {
        name: name.unwrap_or_else(|| Name::from_stored(id.to_string())),
        id,
        given_name: None,
        family_name: None,
        email_verified_at: email.map(|_| context.now),
        email: email.cloned(),
        phone: None,
        postal_address: None,
        locale: None,
        picture: None,
        default_organization: None,
        password_hash: None,
        password_changed_at: None,
        password_must_change_at: None,
        created_at: context.now,
        updated_at: context.now,
        validity: Validity::ALWAYS,
        disabled_at: None,
        deleted_at: None,
    }
}

/// Writes people whom an outside source named. Whoever has no address stands for somebody who has not joined.
pub(super) async fn provision(tx: &mut Tx, context: &Context, people: &[&User]) -> Result<()> {
    let placeholder_since = |person: &User| person.email.is_none().then_some(context.now);
    let rows: Vec<_> = people.iter().map(|person| (*person, placeholder_since(person))).collect();
    tx.newcomers().people(&rows).await?;
    let email = |person: &User| person.email.as_ref().map(|email| UserName::from_stored(email.to_string()));
    let named = people.iter().filter_map(|person| Some((&person.id, email(person)?, login_name::Kind::Email)));
    let named: Vec<_> = named.collect();
    if !tx.login_names().insert(&named, context.now).await? {
        return Err(Error::Taken(Noun::LoginName, named[0].1.to_string()));
    }
    tx.search_index().wait(&named.iter().map(|(person, ..)| *person).collect::<Vec<_>>()).await?;
    for person in people {
        tx.record(context, None, &Event::UserCreation { user: person.id.clone() });
    }
    Ok(())
}

/// Moves the login and the contact to an address that is proved (or vouched for by the server's administrator); links
/// that were mailed to the former address are void.
///
/// # Errors
/// When somebody else signs in with it.
pub async fn change_email(tx: &mut Tx, context: &Context, user: &UserId, email: &EmailAddress) -> Result<()> {
    tx.users().keep_still(user).await?;
    let before = emergency::ordinary(tx, user).await?;
    tx.login_names().retire(user, login_name::Kind::Email, context.now).await?;
    let address = (UserName::from_stored(email.to_string()), login_name::Kind::Email);
    login_name::give(tx, context, user, address).await?;
    tx.users().set_email(user, email, context.now).await?;
    search::index(tx, std::slice::from_ref(user)).await?;
    tx.email_changes().void_all(user, context.now).await?;
    // Whoever administers people says that the former address is theirs no more; they themselves may be somebody else.
    if context.actor != Actor::User(user.clone()) {
        tx.safety_links().void(user, Timestamp(0), context.now).await?;
    }
    let event = Event::EmailChange {
        user: user.clone(),
        from: before.email.map(String::from).unwrap_or_default(),
        to: email.to_string(),
    };
    tx.record(context, None, &event);
    Ok(())
}

/// Sets the password.
///
/// # Errors
/// When there is no such person.
pub async fn set_password(tx: &mut Tx, context: &Context, user: &UserId, password: &NewPassword) -> Result<()> {
    emergency::ordinary(tx, user).await?;
    let must_change_at = password.kind.must_change_at(context.now);
    tx.users().set_password(user, &password.hash, context.now, must_change_at).await?;
    tx.record(context, None, &Event::PasswordChange { user: user.clone(), by: password.by.to_owned() });
    Ok(())
}

/// Whoever holds a link that was mailed to the person proves the address by it. What waits for another address is void; and
/// where nobody had proved the address, which it says, no app stays allowed: somebody who made the address up may have
/// allowed it. Sessions and tokens end with the password, which is set next.
///
/// # Errors
/// When there is no such person.
pub async fn take_over(tx: &mut Tx, context: &Context, user: &UserId) -> Result<bool> {
    let person = existing(tx, user).await?;
    tx.email_changes().void_all(user, context.now).await?;
    let is_first = person.email.is_some() && person.email_verified_at.is_none();
    if is_first {
        tx.users().prove_email(user, context.now).await?;
        tx.users().forget_consents(user).await?;
        updated(tx, context, user, "email_verified");
    }
    Ok(is_first)
}

/// Chooses where the person works when an app names no organization.
///
/// # Errors
/// When the person is not a member there.
pub async fn choose_default_organization(
    tx: &mut Tx,
    context: &Context,
    user: &UserId,
    organization: Option<&OrganizationId>,
) -> Result<()> {
    if let Some(id) = organization
        && tx.memberships().active(user, id, context.now).await?.is_none()
    {
        return Err(Noun::Organization.unknown(id));
    }
    tx.users().set_default_organization(user, organization, context.now).await?;
    updated(tx, context, user, "default_organization");
    Ok(())
}

/// Keeps the person out of every organization; sessions, tokens and mailed links end with it.
///
/// # Errors
/// For the last owner of an organization.
pub async fn disable(tx: &mut Tx, context: &Context, user: &UserId) -> Result<()> {
    let person = existing(tx, user).await?;
    if person.disabled_at.is_some() {
        if tx.users().is_ended_by_date(user).await? {
            tx.users().set_ended_by_date(user, None).await?;
            tx.record(context, None, &Event::UserDisabling { user: user.clone() });
        }
        return Ok(());
    }
    owner::spare_person(tx, context.now, user).await?;
    tx.users().set_disabled(user, Some(context.now), context.now).await?;
    tx.sessions().end_all_of_user(context, user, None, EndReason::Disabled).await?;
    tx.email_changes().void_all(user, context.now).await?;
    tx.record(context, None, &Event::UserDisabling { user: user.clone() });
    Ok(())
}

/// Lets the person in again, who is not to be erased any more; sessions do not come back.
///
/// # Errors
/// When there is no such person, and when the account has come to its end.
pub async fn enable(tx: &mut Tx, context: &Context, user: &UserId) -> Result<()> {
    tx.users().keep_still(user).await?;
    let person = existing(tx, user).await?;
    if person.validity.is_over(context.now) {
        return Err(Error::Refused("the account has come to its end; give it another: `lanyard user validity`"));
    }
    let was_asked = tx.retention().withdraw(user).await?;
    if person.disabled_at.is_none() && !was_asked {
        return Ok(());
    }
    tx.users().set_disabled(user, None, context.now).await?;
    tx.record(context, None, &Event::UserEnabling { user: user.clone() });
    Ok(())
}

/// The person, unless erased.
pub(super) async fn existing(tx: &mut Tx, user: &UserId) -> Result<User> {
    let found = tx.users().by_id(user).await?.filter(|person| person.deleted_at.is_none());
    found.ok_or_else(|| Noun::User.unknown(user))
}

pub(super) fn updated(tx: &mut Tx, context: &Context, user: &UserId, attributes: &str) {
    tx.record(context, None, &Event::UserUpdate { user: user.clone(), attributes: attributes.to_owned() });
}
