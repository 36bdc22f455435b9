//! Secrets of the demo in a database that is to be served: everybody can read them, so it is not.
//!
//! Passwords are not compared, which would take a hash for each person: a demo marks its database before it fills it, and
//! nobody can choose the demo's password anywhere else ([`crate::authentication::new_password`]).

use crate::{app::App, config::DEMO_SECRETS, id::ClientSecretId, secret::TokenHash, storage};

/// Why a database is not served; each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A demo has filled it.
    #[error(
        "`lanyard demo` has filled this database, and everybody can read the demo's passwords: set `database.url` to \
         another one, or run `lanyard demo`"
    )]
    Demo,
    /// A client has a secret of the demo's.
    #[error(
        "the client `{client}` has a secret that is published with the demo: run `lanyard client secret add {client}`, \
         then `lanyard client secret revoke {client} {secret}`"
    )]
    ClientSecret {
        /// The client.
        client: String,
        /// Its secret.
        secret: ClientSecretId,
    },
    /// A connection has the demo's token.
    #[error(
        "the SCIM connection `{name}` of {organization} has the token that is published with the demo: run `lanyard \
         scim-token rotate {name} --organization {organization} --overlap 0s`, and give the new one to whoever pushes"
    )]
    ConnectionToken {
        /// The slug of the organization.
        organization: String,
        /// The connection.
        name: String,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Refuses a database that holds secrets of the demo.
///
/// # Errors
/// [`Refusal`].
pub async fn refuse(app: &App) -> Result<(), Refusal> {
    let mut tx = app.storage.read().await?;
    if tx.demo_mark().is_set().await? {
        return Err(Refusal::Demo);
    }
    let (published, now) = (DEMO_SECRETS.map(TokenHash::of), app.clock.now());
    if let Some((client, secret)) = tx.clients().holder_of(&published, now).await? {
        return Err(Refusal::ClientSecret { client, secret });
    }
    match tx.connections().holder_of(&published, now).await? {
        Some((organization, name)) => Err(Refusal::ConnectionToken { organization, name }),
        None => Ok(()),
    }
}
