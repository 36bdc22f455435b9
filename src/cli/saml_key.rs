//! `lanyard saml-key`: our key and certificate for SAML, and its successor.

use clap::Subcommand;
use serde::Serialize;

use super::Shell;
use crate::{
    saml::our_keys::{self, OurKeys, state},
    storage::Tx,
};

/// Our key for SAML: what signs requests and metadata, and opens what is encrypted to us
#[derive(Debug, Subcommand)]
pub(super) enum SamlKey {
    /// Lists the keys with their certificates: what signs, what is announced, what is on its way out
    #[command(after_help = "Example:\n  lanyard saml-key list")]
    List,
    /// Makes a successor and announces it in our metadata; nothing is signed with it before `use`
    #[command(after_help = "\
Example:
  lanyard saml-key announce
  lanyard saml-key use 4f0a…     # when every identity provider has read our metadata again
  lanyard saml-key remove 91c2…  # the former one, when none needs it any more")]
    Announce,
    /// Signs with an announced key from now on; the former one stays in our metadata, and opens what is encrypted to it
    #[command(after_help = "Example:\n  lanyard saml-key use 4f0a…")]
    Use {
        /// Its name
        key: String,
    },
    /// Removes a key that does not sign
    #[command(after_help = "Example:\n  lanyard saml-key remove 91c2…")]
    Remove {
        /// Its name
        key: String,
    },
}

#[derive(Debug, Serialize)]
struct Shown {
    key: String,
    state: &'static str,
    made_at: String,
    ends_at: String,
}

impl SamlKey {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let context = shell.context();
        match self {
            Self::List => {
                OurKeys::obtain(&shell.app).await?;
            }
            Self::Announce => {
                let id = our_keys::announce(&shell.app, &context).await?;
                shell.say(format!(
                    "{id} is announced: let every identity provider read our metadata again, then `lanyard saml-key use {id}`."
                ));
            }
            Self::Use { key } => {
                let work = async move |tx: &mut Tx| our_keys::put_to_use(tx, &context, &key).await;
                shell.app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await?;
            }
            Self::Remove { key } => {
                let work = async move |tx: &mut Tx| our_keys::remove(tx, &context, &key).await;
                shell.app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await?;
            }
        }
        list(shell).await
    }
}

async fn list(shell: &Shell) -> anyhow::Result<()> {
    let keys = shell.app.storage.read().await?.saml_keys().all().await?;
    let shown: Vec<Shown> = keys
        .iter()
        .map(|key| Shown {
            key: key.id.clone(),
            state: state(&keys, key),
            made_at: key.created_at.to_string(),
            ends_at: key.ends_at.to_string(),
        })
        .collect();
    shell.table(&shown, &["key", "state", "made", "ends"], |key| {
        vec![key.key.clone(), key.state.to_owned(), key.made_at.clone(), key.ends_at.clone()]
    })
}
