//! What `lanyard upstream` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::{cli::scope::Scope, text::Slug};

/// Directories and identity providers that an organization trusts
#[derive(Debug, Args)]
pub(in crate::cli) struct UpstreamCommand {
    #[command(flatten)]
    pub(super) scope: Scope,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prints settings to begin with, with a word on each
    #[command(after_help = "Example:\n  lanyard upstream template active-directory > staff.toml")]
    Template {
        /// What it is
        kind: Template,
    },
    /// Names an upstream; nothing is read before `resume`
    #[command(after_help = "\
Example:
  lanyard upstream create staff --settings staff.toml --secret-file staff.secret \\
    --organization riverside")]
    Create {
        /// What you call it, such as staff: lower-case letters, digits, `-` and `_`
        name: Slug,
        /// A file with its settings, `-` for standard input
        #[arg(long, value_name = "FILE")]
        settings: PathBuf,
        /// How it is spoken to
        #[arg(long, default_value = "ldap")]
        kind: KindArgument,
        /// A file that holds the password of the account that reads it, or the client secret or private key: for a directory, and
        /// for OpenID Connect
        #[arg(long, value_name = "FILE", required_if_eq_any([("kind", "ldap"), ("kind", "oidc")]))]
        secret_file: Option<PathBuf>,
        /// Where several sources speak of the same member, the higher one goes first
        #[arg(long, value_name = "NUMBER", default_value = "0", allow_negative_numbers = true)]
        precedence: i64,
    },
    /// Lists the upstreams
    #[command(after_help = "Example:\n  lanyard upstream list --organization riverside")]
    List,
    /// Shows how an upstream is doing
    #[command(after_help = "Example:\n  lanyard upstream show staff --organization riverside")]
    Show {
        /// Its name
        name: Slug,
    },
    /// Prints the settings of an upstream, as they were written
    #[command(after_help = "Example:\n  lanyard upstream settings staff --organization riverside > staff.toml")]
    Settings {
        /// Its name
        name: Slug,
    },
    /// Changes an upstream; what is not named stays as it is
    #[command(after_help = "\
Examples:
  lanyard upstream set staff --settings staff.toml --organization riverside
  lanyard upstream set staff --secret-file new.secret --organization riverside")]
    Set {
        /// Its name
        name: Slug,
        /// A file with its settings, `-` for standard input
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// A file that holds the password of the account that reads it
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// Where several sources speak of the same member, the higher one goes first
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        precedence: Option<i64>,
    },
    /// Tries an upstream step by step, and says what works and what does not
    #[command(after_help = "Example:\n  lanyard upstream test staff --organization riverside")]
    Test {
        /// Its name
        name: Slug,
    },
    /// Tells what would be brought and changed, or what becomes of one person, and changes nothing
    #[command(after_help = "\
Examples:
  lanyard upstream preview staff --limit 50 --organization riverside
  what is said of one person, and what follows:
    lanyard upstream preview staff --user ada --organization riverside")]
    Preview {
        /// Its name
        name: Slug,
        /// What the person types to sign in
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// How many people and groups are told one by one
        #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(0..=10_000))]
        limit: u32,
    },
    /// Prints our metadata for an identity provider that speaks SAML
    #[command(after_help = "Example:\n  lanyard upstream metadata hospital --organization riverside > lanyard.xml")]
    Metadata {
        /// Its name
        name: Slug,
    },
    /// Reads an upstream now, and lets follow what it says
    #[command(after_help = "\
Examples:
  lanyard upstream sync staff --organization riverside
  many are shut out, and that is meant:
    lanyard upstream sync staff --confirm --organization riverside")]
    Sync {
        /// Its name
        name: Slug,
        /// All of it is read, not only what has changed
        #[arg(long)]
        whole: bool,
        /// That many are shut out at once is meant; all of it is read
        #[arg(long)]
        confirm: bool,
    },
    /// Lists what came of reading it
    #[command(after_help = "Example:\n  lanyard upstream runs staff --limit 10 --organization riverside")]
    Runs {
        /// Its name
        name: Slug,
        /// How many of the latest
        #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// Lists who and what could not be followed, and why
    #[command(after_help = "Example:\n  lanyard upstream errors staff --organization riverside")]
    Errors {
        /// Its name
        name: Slug,
        /// How many of the latest
        #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Brings and lets in nobody until `resume`
    #[command(after_help = "Example:\n  lanyard upstream pause staff --organization riverside")]
    Pause {
        /// Its name
        name: Slug,
    },
    /// Brings and lets in people from now on
    #[command(after_help = "Example:\n  lanyard upstream resume staff --organization riverside")]
    Resume {
        /// Its name
        name: Slug,
    },
    /// Removes an upstream; whom it brought stays
    #[command(after_help = "Example:\n  lanyard upstream remove staff --organization riverside")]
    Remove {
        /// Its name
        name: Slug,
    },
}

/// What settings are printed for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Template {
    /// Active Directory, or Samba in its place
    ActiveDirectory,
    /// OpenLDAP, and what is like it
    OpenLdap,
    /// An identity provider that speaks SAML 2.0: Entra ID, AD FS, Okta, Google Workspace, Shibboleth and others
    Saml,
    /// An identity provider that speaks OpenID Connect: Entra ID, Google Workspace, Okta, another Lanyard and others
    Oidc,
}

/// How an upstream is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KindArgument {
    /// A directory, by LDAP
    Ldap,
    /// An identity provider, by SAML 2.0
    Saml,
    /// An identity provider, by OpenID Connect
    Oidc,
}

impl Template {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::ActiveDirectory => include_str!("active-directory.toml"),
            Self::OpenLdap => include_str!("open-ldap.toml"),
            Self::Saml => include_str!("saml.toml"),
            Self::Oidc => include_str!("oidc.toml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::Settings;

    #[test]
    fn templates_are_settings() {
        let now = crate::clock::Timestamp::parse("2026-11-24").expect("a day");
        let identity_provider = crate::saml::sp::Settings::parse(Template::Saml.text(), now);
        identity_provider.unwrap_or_else(|wrong| panic!("{wrong}"));
        crate::federation::oidc::Settings::parse(Template::Oidc.text()).unwrap_or_else(|wrong| panic!("{wrong}"));
        for kind in [Template::ActiveDirectory, Template::OpenLdap] {
            let settings = Settings::parse(kind.text()).unwrap_or_else(|wrong| panic!("{kind:?}: {wrong}"));
            assert!(!settings.groups.bases.is_empty() && !settings.groups.rules.is_empty(), "{kind:?}");
        }
    }
}
