//! `lanyard user`: persons, across all organizations.
//!
//! Without `--organization` the server's administrator acts. With it, the administrator of that organization does, who
//! changes no login and no profile of a person who also belongs, or belonged, elsewhere. A rule for one member ([`require_factor`])
//! is an organization's, whoever sets it.

mod create;
mod delete;
mod factors;
mod list;
mod receipts;
mod require_factor;
mod review;
mod show;
mod validity;

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use create::{Create, create};
use delete::Delete;
use list::list;
use receipts::receipts;
use require_factor::Requirement;
use review::Review;
use show::show;
use validity::Limits;

use super::{
    Shell,
    attribute::Assignment,
    paging::{Extent, Length},
    scope::{self, Scope, queued},
};
use crate::{
    audit::Context,
    authentication::{
        factor::hasher::{Hasher, Password},
        lockout, recovery,
    },
    directory::{
        self, email_change, login_name, profile,
        store::PersonFilter,
        tenancy::{self, Aspect},
        user::{self, NewPassword, PasswordKind, User},
    },
    id::{OrganizationId, UserId},
    limit::Network,
    policy::Policies,
    secret::{ExposeSecret, SecretString},
    server,
    session::EndReason,
    storage::Tx,
    text::{EmailAddress, UserName},
    web::{Language, Letterhead},
};

/// Users: persons with one login across all organizations
#[derive(Debug, Args)]
pub(super) struct Users {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists persons, oldest first: of the whole server, or members of `--organization`
    #[command(after_help = "\
Examples:
  lanyard user list --search priya
  lanyard user list --search @riverside.example --organization riverside --json
  lanyard user list --limit 1000 --after usr_…     the page after the person who was listed last
  lanyard user list --all --json")]
    List {
        /// Whose name, user name or address contains this; one or two characters begin a word
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// After this person: the next page
        #[arg(long, value_name = "USER")]
        after: Option<UserId>,
        #[command(flatten)]
        extent: Extent,
    },
    /// Shows a person with every organization they belong to
    #[command(after_help = "Example:\n  lanyard user show olivia@riverside.example")]
    Show {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Lists which apps were told that the person's sessions ended, newest first, and what became of it; kept for a month
    #[command(after_help = "\
Example:
  lanyard user receipts priya@riverside.example --limit 20

An app that is waiting could not be told yet: `problem` says what the last try met. With
`--organization`, sessions there alone.")]
    Receipts {
        /// The person: e-mail address, user name or id
        person: String,
        #[command(flatten)]
        length: Length,
    },
    Review(Review),
    /// Creates a person, and with `--kind` their membership in the organization
    #[command(after_help = "\
Examples:
  lanyard user create --name \"Olivia Owen\" --email olivia@riverside.example \\
    --organization riverside --kind administrative --role owner
  lanyard user create --name \"Sam Poe\" --user-name sam --one-time-password \\
    --organization riverside --kind administrative

With an e-mail address, a link to set a password is mailed. For staff without a mailbox
a password is printed once; they change it when they first sign in.")]
    Create(Create),
    /// Edits the profile: name, phone, locale, …; `phone=` removes a value
    #[command(after_help = "Example:\n  lanyard user set olivia@riverside.example \"name=Olivia Owen\" locale=da")]
    Set {
        /// The person: e-mail address, user name or id
        person: String,
        /// ATTRIBUTE=VALUE, as in locale=da
        #[arg(required = true)]
        attributes: Vec<Assignment>,
    },
    /// Moves the login to another e-mail address, or gives one to a person without; you vouch for it
    #[command(after_help = "\
Examples:
  lanyard user email olivia@riverside.example olivia.owen@riverside.example
  lanyard user email sam sam@riverside.example --verify")]
    Email {
        /// The person: e-mail address, user name or id
        person: String,
        /// The new address
        email: EmailAddress,
        /// Mails a link to the new address, which counts once the person has followed it
        #[arg(long)]
        verify: bool,
    },
    /// Gives a person another user name
    #[command(after_help = "Example:\n  lanyard user user-name sam sam.poe")]
    UserName {
        /// The person: e-mail address, user name or id
        person: String,
        /// The new user name
        name: UserName,
    },
    /// Prints a new password once, which has to be changed at the next sign-in; every session ends
    #[command(after_help = "Example:\n  lanyard user password sam")]
    Password {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Mails a link by which the person sets a new password
    #[command(after_help = "Example:\n  lanyard user recover olivia@riverside.example")]
    Recover {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Lists what a person signs in with beside the password: authenticator apps and how many recovery codes are left
    #[command(after_help = "Example:\n  lanyard user factors olivia@riverside.example")]
    Factors {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Removes every second factor of a person who has lost them; every session ends, and the person is told by mail
    #[command(after_help = "\
Example:
  lanyard user reset-factors olivia@riverside.example

Be sure who asks: from then on the password alone signs the person in, until they set up
an authenticator app again. Whoever still has a recovery code needs no reset.")]
    ResetFactors {
        /// The person: e-mail address, user name or id
        person: String,
    },
    RequireFactor(Requirement),
    /// Asks a person for their second factor again in every browser that remembers them (`factor.remember`)
    #[command(after_help = "Example:\n  lanyard user forget-devices priya@riverside.example")]
    ForgetDevices {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Ends the lock that failed sign-ins put on an account
    #[command(after_help = "Example:\n  lanyard user unlock priya@riverside.example")]
    Unlock {
        /// The person: e-mail address, user name or id
        person: String,
    },
    Validity(Limits),
    /// Keeps a person out of every organization; sessions and tokens end at once
    #[command(after_help = "Example:\n  lanyard user disable tess@harbour.example")]
    Disable {
        /// The person: e-mail address, user name or id
        person: String,
    },
    /// Lets a person in again
    #[command(after_help = "Example:\n  lanyard user enable tess@harbour.example")]
    Enable {
        /// The person: e-mail address, user name or id
        person: String,
    },
    Delete(Delete),
}

impl Users {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let organization = self.scope.named(shell).await?;
        let by = organization.as_ref().map(|organization| &organization.id);
        match self.command {
            Command::List { search, after, extent } => {
                let wanted = scope::wanted(shell, search.as_deref()).await?;
                let filter = PersonFilter { organization: by.cloned(), wanted, after, ..PersonFilter::default() };
                list(shell, filter, extent).await
            }
            Command::Show { person } => show(shell, by, &person).await,
            Command::Receipts { person, length } => receipts(shell, by, &person, length).await,
            Command::Review(review) => review.run(shell, &self.scope).await,
            Command::Create(new) => create(shell, &self.scope, new).await,
            Command::Set { person, attributes } => set(shell, by, &person, attributes).await,
            Command::Email { person, email, verify: true } => verify_email(shell, by, &person, email).await,
            Command::Email { person, email, verify: false } => {
                let id = id_of(shell, by, &person).await?;
                change(shell, by, &id, Aspect::Login, move |tx, context, user| {
                    Box::pin(async move { user::change_email(tx, context, &user.id, &email).await })
                })
                .await?;
                show(shell, by, &id).await
            }
            Command::UserName { person, name } => {
                let id = id_of(shell, by, &person).await?;
                change(shell, by, &id, Aspect::Login, move |tx, context, user| {
                    Box::pin(async move { login_name::change(tx, context, &user.id, &name).await })
                })
                .await?;
                show(shell, by, &id).await
            }
            Command::Password { person } => password(shell, by, &person).await,
            Command::Recover { person } => recover(shell, by, &person).await,
            Command::Factors { person } => factors::factors(shell, by, &person).await,
            Command::ResetFactors { person } => factors::reset(shell, by, &person).await,
            Command::RequireFactor(wanted) => wanted.run(shell, &self.scope).await,
            Command::ForgetDevices { person } => factors::forget_devices(shell, by, &person).await,
            Command::Unlock { person } => unlock(shell, by, &person).await,
            Command::Validity(limits) => limits.run(shell, by).await,
            Command::Disable { person } => {
                change(shell, by, &person, Aspect::Existence, |tx, context, user| {
                    Box::pin(async move { user::disable(tx, context, &user.id).await })
                })
                .await?;
                show(shell, by, &person).await
            }
            Command::Enable { person } => {
                change(shell, by, &person, Aspect::Existence, |tx, context, user| {
                    Box::pin(async move { user::enable(tx, context, &user.id).await })
                })
                .await?;
                show(shell, by, &person).await
            }
            Command::Delete(delete) => delete.run(shell, by).await,
        }
    }
}

type Work<'t, T> = std::pin::Pin<Box<dyn Future<Output = directory::Result<T>> + Send + 't>>;

/// Changes a person, unless another organization has a say in them.
async fn change<T, F>(
    shell: &Shell,
    by: Option<&OrganizationId>,
    person: &str,
    aspect: Aspect,
    work: F,
) -> anyhow::Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx, &'t Context, &'t User) -> Work<'t, T> + Send + 'static,
    T: Send + 'static,
{
    let (context, person, by) = (shell.context(), person.to_owned(), by.cloned());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let user = scope::person(tx, by.as_ref(), &person).await?;
                if let Some(by) = by {
                    let organizations = tx.memberships().organizations_ever(&user.id).await?;
                    tenancy::may_change(&tenancy::Scope::Organization(by), aspect, &organizations)?;
                }
                work(tx, &context, &user).await
            })
        })
        .await
}

/// Ends the lock of an account.
async fn unlock(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let app = shell.app.clone();
    app.share_keys().await?;
    let is_unlocked = change(shell, by, person, Aspect::Login, |tx, context, user| {
        Box::pin(async move { Ok(lockout::unlock(tx, &app, context, &user.id).await?) })
    })
    .await?;
    if !is_unlocked {
        shell.say("The account was not locked, and need not wait.");
    }
    show(shell, by, person).await
}

/// The id, which stays when the login names change.
async fn id_of(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<String> {
    Ok(scope::person(&mut shell.app.storage.read().await?, by, person).await?.id.into())
}

/// The hash of a password that the person has to change.
async fn one_time(shell: &Shell, password: &SecretString) -> anyhow::Result<NewPassword> {
    let hasher = Hasher::start(shell.app.config.password.hashing, shell.app.random.clone());
    let typed = Password::parse(password.expose_secret())?;
    let hash = hasher.hash(typed, Network::from(IpAddr::V4(Ipv4Addr::LOCALHOST))).await?;
    Ok(NewPassword { hash, kind: PasswordKind::OneTime, by: "administrator" })
}

/// Prints the password, the only time that it can be seen.
fn handed_over(shell: &Shell, user: &User, password: &SecretString) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Handed<'h> {
        id: &'h str,
        one_time_password: &'h str,
    }
    shell.say("This password is shown once. It has to be changed at the first sign-in.");
    let handed = Handed { id: user.id.as_str(), one_time_password: password.expose_secret() };
    shell.show(&handed, &[("password", password.expose_secret().to_owned()), ("id", user.id.to_string())])
}

async fn set(shell: &Shell, by: Option<&OrganizationId>, person: &str, edits: Vec<Assignment>) -> anyhow::Result<()> {
    let id = id_of(shell, by, person).await?;
    let edits: Vec<_> = edits.into_iter().map(|Assignment(edit)| edit).collect();
    change(shell, by, &id, Aspect::Profile, move |tx, context, user| {
        Box::pin(async move { profile::edit_person(tx, context, &user.id, &edits).await })
    })
    .await?;
    show(shell, by, &id).await
}

async fn password(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let handed = shell.app.random.readable_password();
    let password = one_time(shell, &handed).await?;
    change(shell, by, person, Aspect::Login, move |tx, context, user| {
        Box::pin(async move {
            user::set_password(tx, context, &user.id, &password).await?;
            Ok(tx.sessions().end_all_of_user(context, &user.id, None, EndReason::PasswordChange).await?)
        })
    })
    .await?;
    let user = scope::person(&mut shell.app.storage.read().await?, by, person).await?;
    handed_over(shell, &user, &handed)
}

async fn verify_email(
    shell: &Shell,
    by: Option<&OrganizationId>,
    person: &str,
    email: EmailAddress,
) -> anyhow::Result<()> {
    let (site, sealer, wanted) = (server::site(&shell.app).await?, shell.app.sealer.clone(), email.clone());
    change(shell, by, person, Aspect::Login, move |tx, context, user| {
        Box::pin(async move {
            if tx.users().by_login_name(&UserName::from_stored(wanted.to_string())).await?.is_some() {
                return Err(directory::Error::Taken(directory::Noun::LoginName, wanted.to_string()));
            }
            let token = email_change::request(tx, context, &user.id, &wanted).await?;
            let href = site.address_of(&format!("/email/{}", token.expose_secret()));
            let letterhead = Letterhead::new(language_of(user), &site).addressed_to(user.name.as_str());
            let letter = letterhead.email_verification(wanted.as_str(), &href);
            tx.jobs().enqueue(context, &sealer, &recovery::mail(wanted.as_str(), letter)).await?;
            Ok(())
        })
    })
    .await?;
    shell.say(format!("{} The address counts once it is confirmed.", queued("A link", email.as_str())));
    Ok(())
}

fn language_of(user: &User) -> Language {
    user.locale.as_deref().and_then(Language::of_range).unwrap_or_default()
}

async fn recover(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let user = scope::person(&mut shell.app.storage.read().await?, by, person).await?;
    let email = user.email.clone().context("this person has no e-mail address; use `lanyard user password`")?;
    let site = server::site(&shell.app).await?;
    let (policies, language) = (Policies::new(shell.app.clone()), language_of(&user));
    let is_sent = recovery::send_link(&policies, &site, language, shell.context(), email.as_str()).await?;
    anyhow::ensure!(is_sent, "nothing is sent: they are disabled, or sign in elsewhere alone (`upstream.required`)");
    shell.say(queued("A link", email.as_str()));
    Ok(())
}
