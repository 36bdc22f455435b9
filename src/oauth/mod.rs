//! OAuth 2 and OpenID Connect: apps ask, people agree, tokens say who somebody is and what they may do.
//!
//! RFC 6749 (framework), RFC 6750 (bearer tokens), RFC 7009 (revocation), RFC 7636 (PKCE), RFC 7662 (introspection), RFC
//! 8252 (native apps), RFC 8414 (metadata), RFC 8707 (resources), RFC 9068 (JWT access tokens), RFC 9207 (issuer), RFC 9700
//! (security), OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout 1.0, Front-Channel Logout 1.0.
//!
//! * `client`, `client_id_url`, `client_metadata`, `client_keys`, `registration`, `redirect_uri`, `pkce`, `scope`, `error`: the words of the
//!   protocol. `client_authentication`, `client_assertion`, `client_certificate`, `dpop`, `confirmation`: what a client proves.
//! * `policed`: what rules of organizations say of it. `authorization/`: what a person is asked before an app gets a code. `grant/`: what an app exchanges for tokens, each
//!   grant in its file. `token/`: claims, signatures and lives. `store/`: the only SQL. `endpoint/`, `page/`: HTTP.
//!
//! Not here: how a person signs in (`authentication`), what a member holds in an organization (`directory::access`).

pub mod authorization;
pub mod backchannel_logout;
pub mod authorization_details;
pub mod backchannel;
pub mod bearer;
pub mod client;
pub mod client_assertion;
pub mod client_authentication;
pub mod client_certificate;
pub mod client_id_url;
pub mod client_keys;
pub mod client_member;
pub mod client_metadata;
pub mod confirmation;
mod distinguished_name;
pub mod dpop;
pub mod device;
pub mod dynamic;
pub mod endpoint;
pub mod error;
pub mod frontchannel_logout;
pub mod grant;
pub mod introspection;
pub mod metadata;
pub mod page;
pub mod pkce;
pub mod policed;
pub mod profile;
pub mod provider;
pub mod redirect_uri;
pub mod registrar;
pub mod registration;
pub mod request_object;
pub mod requested_claims;
pub mod revocation;
pub mod scope;
pub mod sector;
pub mod signed_answer;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod trusted_issuer;
pub mod user_code;

pub use provider::Provider;
