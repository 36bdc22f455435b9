//! `lanyard user create`: a person, and their first membership.

use clap::Args;

use super::{handed_over, one_time, recover, show::show};
use crate::{
    cli::{
        Shell,
        scope::{RoleArgument, Scope, Usage},
    },
    directory::{
        membership::{self, FirstRoles, NewMembership},
        origin::Origin,
        user::{self, NewUser},
        validity::Validity,
    },
    text::{EmailAddress, Name, Slug, UserName},
};

/// A person to be created.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The name as the person writes it
    #[arg(long)]
    name: Name,
    /// E-mail address
    #[arg(long, required_unless_present = "user_name")]
    email: Option<EmailAddress>,
    /// User name to sign in with, for staff without a mailbox
    #[arg(long)]
    user_name: Option<UserName>,
    /// Prints a password once; it has to be changed at the first sign-in
    #[arg(long)]
    one_time_password: bool,
    /// Kind of membership: practitioner, administrative, hirer, contractor, or one of your own (`lanyard org kinds`)
    #[arg(long)]
    kind: Option<Slug>,
    /// A role, in place of the kind's default ones: ROLE for the whole organization, or ROLE@LOCATION; may be repeated
    #[arg(long = "role", value_name = "ROLE", requires = "kind")]
    roles: Vec<RoleArgument>,
    /// Without any role for now
    #[arg(long, conflicts_with = "roles", requires = "kind")]
    no_role: bool,
}

/// Creates the person, and the membership if a kind of it is named; then they get a password or a link to set one.
pub(super) async fn create(shell: &Shell, scope: &Scope, new: Create) -> anyhow::Result<()> {
    let joins = match new.kind {
        Some(kind) => Some((scope.organization(shell).await?, kind)),
        None if scope.is_named() => Err(Usage("say which kind of membership: --kind administrative".into()))?,
        None => None,
    };
    let handed = new.one_time_password.then(|| shell.app.random.readable_password());
    let password = match &handed {
        Some(password) => Some(one_time(shell, password).await?),
        None => None,
    };
    let roles: Vec<_> = new.roles.into_iter().map(|RoleArgument(at)| at).collect();
    let roles = if roles.is_empty() && !new.no_role { FirstRoles::OfKind } else { FirstRoles::Exactly(roles) };
    let user = NewUser {
        name: new.name,
        email: new.email.clone(),
        email_is_verified: false,
        user_name: new.user_name,
        password,
        locale: None,
    };
    let context = shell.context();
    let made = shell
        .change(move |tx| {
            Box::pin(async move {
                let user = user::create(tx, &context, user).await?;
                if let Some((organization, kind)) = joins {
                    let origin = Origin::of(&context);
                    let new = NewMembership { user: user.id.clone(), kind, roles, validity: Validity::ALWAYS, origin };
                    membership::join(tx, &context, &organization.id, new).await?;
                }
                Ok(user)
            })
        })
        .await?;
    match (&handed, &new.email) {
        (Some(password), _) => handed_over(shell, &made, password),
        (None, Some(email)) => {
            recover(shell, None, email.as_str()).await?;
            show(shell, None, made.id.as_str()).await
        }
        (None, None) => show(shell, None, made.id.as_str()).await,
    }
}
