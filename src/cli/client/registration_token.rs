//! `lanyard client registration-token`: initial access tokens, by which apps register themselves (RFC 7591 §3).

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    audit::Event,
    cli::{
        Shell,
        paging::{self, Extent},
        scope::{self, cell},
    },
    id::RegistrationTokenId,
    oauth::{dynamic::Policy, store::InitialToken},
    secret::ExposeSecret,
    storage,
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokenCommand {
    /// Makes a token and prints it, the only time that it can be seen
    #[command(after_help = "\
Examples:
  one app of one practice, at one address:
    lanyard client registration-token create --organization riverside --host roster.clinic.example
  ten apps of the whole server, which learn more of people, within a week:
    lanyard client registration-token create --uses 10 --days 7 \\
      --scope openid --scope profile --scope organization --scope roles")]
    Create(New),
    /// Lists tokens, newest first
    #[command(after_help = "\
Examples:
  lanyard client registration-token list
  lanyard client registration-token list --before reg_…     the next page")]
    List {
        /// Only those of this organization (id or slug)
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
        /// Older than this token: the next page
        #[arg(long, value_name = "TOKEN")]
        before: Option<RegistrationTokenId>,
        #[command(flatten)]
        extent: Extent,
    },
    /// Revokes a token; clients that came by it stay
    #[command(after_help = "Example:\n  lanyard client registration-token revoke reg_…")]
    Revoke {
        /// The id of the token
        id: RegistrationTokenId,
    },
}

/// What a new token is like.
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// The organization that the apps belong to (slug or id); without one they are of the server, and organizations activate
    /// them
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
    /// How many apps may register
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    uses: u32,
    /// It ends after so many days
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// What the apps may exchange for tokens; may be repeated. `authorization_code` and `refresh_token` when none is named
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// How they may prove who they are (`token_endpoint_auth_method`); may be repeated. In any way when none is named
    #[arg(long = "auth", value_name = "METHOD")]
    methods: Vec<String>,
    /// A scope that they may ask for; may be repeated. openid, profile and email when none is named
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A host of their addresses; may be repeated. Any when none is named
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
}

impl New {
    fn policy(&self) -> anyhow::Result<Policy> {
        let usual = Policy::default();
        let or = |named: &[String], usual: Vec<String>| if named.is_empty() { usual } else { named.to_vec() };
        let policy = Policy {
            grant_types: or(&self.grants, usual.grant_types),
            authentication_methods: or(&self.methods, usual.authentication_methods),
            scopes: or(&self.scopes, usual.scopes),
            hosts: self.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        };
        Ok(policy.check()?)
    }
}

impl TokenCommand {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Self::Create(new) => create(shell, new).await,
            Self::List { organization, before, extent } => list(shell, organization.as_deref(), (before, extent)).await,
            Self::Revoke { id } => revoke(shell, id).await,
        }
    }
}

async fn create(shell: &Shell, new: New) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Created {
        id: String,
        registration_token: String,
    }
    let organization = match &new.organization {
        Some(reference) => Some(scope::organization(shell, reference).await?.id),
        None => None,
    };
    let (context, policy) = (shell.context(), new.policy()?);
    let (text, hash) = context.random.token();
    let token = InitialToken {
        id: RegistrationTokenId::fresh(context.now, &context.random),
        organization,
        policy,
        uses: new.uses.into(),
        used: 0,
        created_at: context.now,
        expires_at: context.now.plus(Duration::from_hours(24 * u64::from(new.days))),
        revoked_at: None,
    };
    let created = Created { id: token.id.to_string(), registration_token: text.expose_secret().to_owned() };
    let work = shell.app.storage.write::<_, storage::Error, _>(move |tx| {
        Box::pin(async move {
            tx.initial_tokens().insert(&token, hash).await?;
            let event = Event::RegistrationTokenCreation { token: token.id.clone() };
            tx.record(&context, token.organization.as_ref(), &event);
            Ok(())
        })
    });
    work.await?;
    shell.show(&created, &[("id", created.id.clone()), ("token", created.registration_token.clone())])
}

/// A token as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    organization: Option<String>,
    uses: i64,
    used: i64,
    expires_at: String,
    revoked_at: Option<String>,
    policy: Policy,
}

async fn list(
    shell: &Shell,
    organization: Option<&str>,
    (before, extent): (Option<RegistrationTokenId>, Extent),
) -> anyhow::Result<()> {
    let of = match organization {
        Some(reference) => Some(scope::organization(shell, reference).await?.id),
        None => None,
    };
    let page = async |before, limit| {
        Ok(shell.app.storage.read().await?.initial_tokens().list(of.as_ref(), before, limit).await?)
    };
    let tokens = extent.read(before, page, |one| one.id.clone()).await?;
    let shown: Vec<Shown> = tokens
        .entries
        .into_iter()
        .map(|token| Shown {
            id: token.id.into(),
            organization: token.organization.map(String::from),
            uses: token.uses,
            used: token.used,
            expires_at: token.expires_at.to_string(),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
            policy: token.policy,
        })
        .collect();
    shell.table(&shown, &["token", "organization", "used", "of", "expires", "revoked"], |one| {
        vec![
            one.id.clone(),
            cell(one.organization.as_deref()),
            one.used.to_string(),
            one.uses.to_string(),
            one.expires_at.clone(),
            cell(one.revoked_at.as_deref()),
        ]
    })?;
    if let Some(last) = tokens.rest_after {
        paging::tell_more("--before", last.as_str());
    }
    Ok(())
}

async fn revoke(shell: &Shell, id: RegistrationTokenId) -> anyhow::Result<()> {
    let (context, token) = (shell.context(), id.clone());
    let work = shell.app.storage.write::<_, storage::Error, _>(move |tx| {
        Box::pin(async move {
            let is_revoked = tx.initial_tokens().revoke(&token, context.now).await?;
            if is_revoked {
                tx.record(&context, None, &Event::RegistrationTokenRevocation { token });
            }
            Ok(is_revoked)
        })
    });
    if !work.await? {
        anyhow::bail!("there is no registration token `{id}` that counts");
    }
    shell.say(format!("{id} is revoked."));
    Ok(())
}
