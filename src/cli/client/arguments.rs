//! What is typed after `lanyard client`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::registration_token::TokenCommand;
use crate::{
    cli::{
        paging::Length,
        scope::{RoleArgument, Scope},
    },
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
  a web app with a backend:
    lanyard client create calendar --name 'Clinic Calendar' --auth basic --first-party \\
      --redirect-uri https://calendar.clinic.example/callback
  a browser app or a native app:
    lanyard client create kiosk --name Kiosk --redirect-uri https://kiosk.clinic.example/
  a service that acts for itself:
    lanyard client create reports --name Reports --auth basic --organization riverside \\
      --grant client-credentials
  an API that asks whether tokens still count:
    lanyard client create records-api --name 'Records API' --auth basic --introspects own \\
      --audience https://records.clinic.example")]
    Create(Box<Description>),
    /// Shows a client, the ids of its secrets and the organizations that use it
    #[command(after_help = "Example:\n  lanyard client show calendar")]
    Show {
        /// The client id
        id: String,
    },
    /// Lists clients
    #[command(after_help = "Example:\n  lanyard client list --organization riverside")]
    List {
        /// Only those that this organization owns (id or slug)
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
    },
    /// Disables a client: its tokens end at once
    #[command(after_help = "Example:\n  lanyard client disable calendar")]
    Disable {
        /// The client id
        id: String,
    },
    /// Enables a client again; its earlier tokens stay ended
    #[command(after_help = "Example:\n  lanyard client enable calendar")]
    Enable {
        /// The client id
        id: String,
    },
    /// Replaces the redirect URIs of a client
    #[command(after_help = "Example:\n  lanyard client redirects calendar https://calendar.clinic.example/callback")]
    Redirects {
        /// The client id
        id: String,
        /// All addresses from now on, compared character by character
        #[arg(required = true, value_name = "URI")]
        uris: Vec<String>,
        /// These are addresses to go to after signing out
        #[arg(long)]
        after_logout: bool,
    },
    /// Sets what a client registered, by the registered names (RFC 7591)
    #[command(after_help = r#"Examples:
  lanyard client set calendar require_pushed_authorization_requests=true
  lanyard client set calendar token_endpoint_auth_method=private_key_jwt jwks=@calendar.jwks.json
  lanyard client set calendar jwks_uri=
A value is JSON or a plain text; @FILE reads it from a file, nothing takes the member away."#)]
    Set {
        /// The client id
        id: String,
        /// The members, each with its value
        #[arg(required = true, value_name = "NAME=VALUE")]
        members: Vec<String>,
    },
    /// Secrets of a client; two can be live while one replaces the other
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Gives a service client a role in the organization that owns it
    #[command(after_help = "Example:\n  lanyard client give reports billing@main-street")]
    Give {
        /// The client id
        id: String,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Takes a role from a service client
    #[command(after_help = "Example:\n  lanyard client take reports billing@main-street")]
    Take {
        /// The client id
        id: String,
        /// The role: ROLE or ROLE@LOCATION
        role: RoleArgument,
    },
    /// Says which permissions and roles an app brings, by a JSON file
    #[command(after_help = r#"Example:
  lanyard client declare calendar calendar.json

The file:
  {"permissions": {"calendar:appointment:read": "Reads appointments"},
   "roles": [{"slug": "practitioner", "name": "Practitioner",
              "permissions": ["calendar:appointment:read"]}]}"#)]
    Declare {
        /// The client id
        id: String,
        /// The file
        file: PathBuf,
    },
    /// Lets an organization use a client, with the role templates that it offers
    #[command(after_help = "Example:\n  lanyard client activate calendar --organization riverside --require-group gps")]
    Activate {
        /// The client id
        id: String,
        #[command(flatten)]
        scope: Scope,
        /// A member needs this role; may be repeated, then one of them is enough
        #[arg(long = "require-role", value_name = "ROLE")]
        roles: Vec<Slug>,
        /// A member needs to be in this group; may be repeated, then one of them is enough
        #[arg(long = "require-group", value_name = "GROUP")]
        groups: Vec<Slug>,
        /// A member needs a role at this location; may be repeated, then one of them is enough
        #[arg(long = "require-location", value_name = "LOCATION")]
        locations: Vec<Slug>,
    },
    /// Tokens by which apps register themselves (RFC 7591)
    #[command(subcommand)]
    RegistrationToken(TokenCommand),
    /// Lists what an app was told of sessions that ended, newest first, and what became of it; kept for a month
    #[command(after_help = "Example:\n  lanyard client logouts calendar --limit 20")]
    Logouts {
        /// The client id
        id: String,
        #[command(flatten)]
        length: Length,
    },
    /// Takes a client away from an organization
    #[command(after_help = "Example:\n  lanyard client deactivate calendar --organization riverside")]
    Deactivate {
        /// The client id
        id: String,
        #[command(flatten)]
        scope: Scope,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SecretCommand {
    /// Makes another secret and prints it, the only time that it can be seen
    #[command(after_help = "Example:\n  lanyard client secret add calendar --days 365")]
    Add {
        /// The client id
        id: String,
        /// It ends by itself after so many days
        #[arg(long, value_name = "DAYS")]
        days: Option<u64>,
    },
    /// Revokes a secret at once
    #[command(after_help = "Example:\n  lanyard client show calendar\n  lanyard client secret revoke calendar sec_…")]
    Revoke {
        /// The client id
        id: String,
        /// The id of the secret, as `lanyard client show` lists it
        secret: ClientSecretId,
    },
}

/// What a new client is like.
#[derive(Debug, Args)]
pub(in crate::cli) struct Description {
    /// The client id, which the app sends; it never changes
    pub(super) id: String,
    /// What people see when it asks them to sign in
    #[arg(long)]
    pub(super) name: String,
    /// How it proves who it is: not at all (a browser app or a native app), or by a secret in the header or in the form
    #[arg(long, value_enum, default_value_t = Auth::None)]
    pub(super) auth: Auth,
    /// The organization that it belongs to (slug or id), as every service does; without one organizations activate it
    #[arg(long, value_name = "SLUG")]
    pub(super) organization: Option<String>,
    /// An app of the clinic itself: nobody is asked for consent
    #[arg(long)]
    pub(super) first_party: bool,
    /// What it exchanges for tokens; may be repeated. When none is named: authorization-code and refresh-token, or nothing
    /// for an API that only introspects
    #[arg(long = "grant", value_name = "GRANT", value_enum)]
    pub(super) grants: Vec<Grant>,
    /// A scope that it may ask for; may be repeated. All of Lanyard's when none is named
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(super) scopes: Vec<String>,
    /// Where the browser goes back to after a sign-in, compared character by character; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(super) redirect_uris: Vec<String>,
    /// Where the browser may go after a sign-out, likewise
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub(super) post_logout_redirect_uris: Vec<String>,
    /// Where its server is told that a session has ended (OpenID Connect Back-Channel Logout)
    #[arg(long, value_name = "URI")]
    pub(super) backchannel_logout_uri: Option<String>,
    /// Whom its access tokens are meant for (`aud`), such as the address of an API; the issuer when none is named
    #[arg(long)]
    pub(super) audience: Option<String>,
    /// An API that it may name in a request (RFC 8707), which then is the `aud`; may be repeated
    #[arg(long = "resource", value_name = "URI")]
    pub(super) resources: Vec<String>,
    /// What signs its ID tokens: RS256, PS256, ES256 or EdDSA
    #[arg(long, value_name = "ALGORITHM", default_value_t = Algorithm::Rs256)]
    pub(super) id_token_alg: Algorithm,
    /// What signs its access tokens, likewise
    #[arg(long, value_name = "ALGORITHM", default_value_t = Algorithm::Es256)]
    pub(super) access_token_alg: Algorithm,
    /// Access tokens are random texts that only introspection explains
    #[arg(long)]
    pub(super) opaque: bool,
    /// How long its access tokens live, 60 to 900; `tokens.access_token` of the configuration when not said
    #[arg(long, value_name = "SECONDS")]
    pub(super) access_token_seconds: Option<u64>,
    /// Which tokens it may ask about: `own` are those meant for it (its id, `--audience`, `--resource`) or issued to it,
    /// `all` those of the organization that it belongs to, or of every one
    #[arg(long, value_enum, default_value_t = Introspect::None)]
    pub(super) introspects: Introspect,
    /// Excuses it from PKCE; it must send a nonce instead
    #[arg(long)]
    pub(super) without_pkce: bool,
}

impl Description {
    /// What it exchanges for tokens: what was named, else what fits it.
    pub(super) fn grant_types(&self) -> Vec<GrantType> {
        let only_introspects = self.redirect_uris.is_empty() && self.introspects != Introspect::None;
        match &self.grants[..] {
            [] if only_introspects => vec![],
            [] => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            named => named.iter().copied().map(Into::into).collect(),
        }
    }
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
    #[value(alias = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    #[value(alias = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    #[value(alias = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    #[value(alias = "urn:openid:params:grant-type:ciba")]
    Ciba,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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
            Grant::DeviceCode => Self::DeviceCode,
            Grant::TokenExchange => Self::TokenExchange,
            Grant::JwtBearer => Self::JwtBearer,
            Grant::Ciba => Self::Ciba,
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
