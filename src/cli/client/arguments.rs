//! What is typed after `lanyard client`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    cli::scope::RoleArgument,
    id::ClientSecretId,
    keys::Algorithm,
    oauth::client::{AuthenticationMethod, GrantType, Introspects},
    text::Slug,
};

/// Apps and services that may ask for tokens
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Client {
    /// Registers a client and prints its secret, the only time that it can be seen
    #[command(after_help = "Examples:
  lanyard client create calendar --name 'Clinic Calendar' --auth basic --first-party --redirect-uri https://calendar.clinic.example/callback
  lanyard client create kiosk --name Kiosk --redirect-uri https://kiosk.clinic.example/
  lanyard client create reports --name Reports --auth basic --organization riverside --grant client-credentials --scope reports.read")]
    Create(Box<Description>),
    /// Shows a client with its secrets and the organizations that use it
    Show { id: String },
    /// Lists clients
    List {
        /// Only those that this organization owns (id or slug)
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
    },
    /// Disables a client: its tokens end at once
    Disable { id: String },
    /// Enables a client again; its earlier tokens stay ended
    Enable { id: String },
    /// Replaces the redirect URIs of a client
    #[command(after_help = "Example:\n  lanyard client redirects calendar https://calendar.clinic.example/callback")]
    Redirects {
        id: String,
        #[arg(required = true)]
        uris: Vec<String>,
        /// These are addresses to go to after signing out
        #[arg(long)]
        after_logout: bool,
    },
    /// Secrets of a client; two can be live while one replaces the other
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Gives a service client a role in the organization that owns it
    #[command(after_help = "Example:\n  lanyard client give reports billing@main-street")]
    Give {
        id: String,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Takes a role from a service client
    #[command(after_help = "Example:\n  lanyard client take reports billing@main-street")]
    Take {
        id: String,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Says which permissions and roles an app brings, by a JSON file
    #[command(after_help = r#"Example:
  lanyard client declare calendar calendar.json

The file:
  {"permissions": {"calendar:appointment:read": "Reads appointments"},
   "roles": [{"slug": "practitioner", "name": "Practitioner", "permissions": ["calendar:appointment:read"]}]}"#)]
    Declare { id: String, file: PathBuf },
    /// Lets an organization use a client, with the role templates that it offers
    #[command(after_help = "Example:\n  lanyard client activate calendar --organization riverside --require-group gps")]
    Activate {
        id: String,
        /// The organization (id or slug)
        #[arg(long, value_name = "SLUG")]
        organization: String,
        /// A member needs one of these roles
        #[arg(long = "require-role")]
        roles: Vec<Slug>,
        /// A member needs to be in one of these groups
        #[arg(long = "require-group")]
        groups: Vec<Slug>,
        /// A member needs a role at one of these locations
        #[arg(long = "require-location")]
        locations: Vec<Slug>,
    },
    /// Takes a client away from an organization
    Deactivate {
        id: String,
        /// The organization (id or slug)
        #[arg(long, value_name = "SLUG")]
        organization: String,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SecretCommand {
    /// Makes another secret and prints it
    Add {
        id: String,
        /// It ends by itself after so many days
        #[arg(long, value_name = "DAYS")]
        days: Option<u64>,
    },
    /// Revokes a secret at once
    Revoke { id: String, secret: ClientSecretId },
}

/// What a new client is like.
#[derive(Debug, Args)]
pub(in crate::cli) struct Description {
    /// The client id
    pub(super) id: String,
    /// What people see
    #[arg(long)]
    pub(super) name: String,
    /// How it proves who it is; a browser app or a native app has no secret
    #[arg(long, value_enum, default_value_t = Auth::None)]
    pub(super) auth: Auth,
    /// The owner (id or slug); without one the client is server-wide and organizations activate it
    #[arg(long, value_name = "SLUG")]
    pub(super) organization: Option<String>,
    /// An app of the clinic itself: nobody is asked for consent
    #[arg(long)]
    pub(super) first_party: bool,
    /// What it exchanges for tokens
    #[arg(long = "grant", value_enum, default_values_t = [Grant::AuthorizationCode, Grant::RefreshToken])]
    pub(super) grants: Vec<Grant>,
    /// A scope that it may ask for; all of Lanyard's when none is named
    #[arg(long = "scope")]
    pub(super) scopes: Vec<String>,
    /// Where codes are sent, exactly
    #[arg(long = "redirect-uri")]
    pub(super) redirect_uris: Vec<String>,
    /// Where a browser may go after signing out, exactly
    #[arg(long = "post-logout-redirect-uri")]
    pub(super) post_logout_redirect_uris: Vec<String>,
    /// Where it is told of a sign-out
    #[arg(long)]
    pub(super) backchannel_logout_uri: Option<String>,
    /// `aud` of its access tokens; the issuer when none is named
    #[arg(long)]
    pub(super) audience: Option<String>,
    /// A resource that it may name in a request (RFC 8707)
    #[arg(long = "resource")]
    pub(super) resources: Vec<String>,
    /// Signs its ID tokens: RS256, PS256, ES256 or EdDSA
    #[arg(long, default_value_t = Algorithm::Rs256)]
    pub(super) id_token_alg: Algorithm,
    /// Signs its access tokens
    #[arg(long, default_value_t = Algorithm::Es256)]
    pub(super) access_token_alg: Algorithm,
    /// Access tokens are random texts that only introspection explains
    #[arg(long)]
    pub(super) opaque: bool,
    /// Life of its access tokens, 60 to 900
    #[arg(long, value_name = "SECONDS")]
    pub(super) access_token_seconds: Option<u64>,
    /// Which tokens it may introspect
    #[arg(long, value_enum, default_value_t = Introspect::None)]
    pub(super) introspects: Introspect,
    /// Excuses it from PKCE; it must send a nonce instead
    #[arg(long)]
    pub(super) without_pkce: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Auth {
    None,
    #[value(alias = "client_secret_basic")]
    Basic,
    #[value(alias = "client_secret_post")]
    Post,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Grant {
    #[value(alias = "authorization_code")]
    AuthorizationCode,
    #[value(alias = "refresh_token")]
    RefreshToken,
    #[value(alias = "client_credentials")]
    ClientCredentials,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Introspect {
    None,
    Own,
    All,
}

impl From<Auth> for AuthenticationMethod {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::None => Self::None,
            Auth::Basic => Self::SecretBasic,
            Auth::Post => Self::SecretPost,
        }
    }
}

impl From<Grant> for GrantType {
    fn from(grant: Grant) -> Self {
        match grant {
            Grant::AuthorizationCode => Self::AuthorizationCode,
            Grant::RefreshToken => Self::RefreshToken,
            Grant::ClientCredentials => Self::ClientCredentials,
        }
    }
}

impl From<Introspect> for Introspects {
    fn from(introspect: Introspect) -> Self {
        match introspect {
            Introspect::None => Self::Nothing,
            Introspect::Own => Self::Own,
            Introspect::All => Self::All,
        }
    }
}
