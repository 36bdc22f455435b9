//! What every page and endpoint needs of HTTP: who asks ([`Visit`]), what was sent ([`Parameters`], [`CsrfForm`]), where
//! to go back to ([`ReturnTo`]), and how an answer looks ([`Page`], [`Refusal`], assets, security headers).
//!
//! It knows nobody's database: a feature hands it values. [`wrap`] puts it around the finished router, once.
//!
//! * RFC 6749 §3.1 (no repeated parameters), RFC 7239 (`Forwarded`), RFC 6265bis (`__Host-` cookies), RFC 9110 §12.5.4
//!   (`Accept-Language`), CSP level 3, WCAG 2.2 §1.4.3 (contrast of accent colours).
//! * A cross-site POST (SAML, `form_post`) arrives without cookies: such an endpoint takes [`Parameters`] itself, stores
//!   them and redirects to a GET; only pages of our own take [`CsrfForm`].

pub mod accent;
pub mod assets;
pub mod client_certificate;
pub mod cookie;
pub mod csrf;
pub mod device;
pub mod error;
pub mod field;
pub mod form;
pub mod forwarded;
pub mod frame;
pub mod headers;
pub mod language;
pub mod letter;
pub mod message;
pub mod parameters;
pub mod qr;
pub mod return_to;
pub mod sealed;
pub mod site;
pub mod visit;

#[cfg(test)]
pub(crate) mod gallery;
#[cfg(test)]
mod tests;

use axum::{Router, middleware, routing::get};
use tower_http::catch_panic::CatchPanicLayer;

pub use accent::Accent;
pub use client_certificate::ClientCertificate;
pub use cookie::SetCookie;
pub use error::{Dialect, Error, Fault, Refusal, Turned};
pub use field::{Field, Problem, Problems};
pub use form::{CsrfForm, PlainForm, Query};
pub use forwarded::TrustedProxies;
pub use frame::{Brand, Frame, Page};
pub use headers::{Frames, RedirectOrigin, RedirectsTo};
pub use language::Language;
pub use letter::{EmergencyNews, FactorChange, Invited, Letter, Letterhead, RecoveryNews, RecoveryStep, Suspicion};
pub use message::{Link, Message};
pub use parameters::{ParameterError, Parameters};
pub use return_to::{LocalPath, ReturnTo, ReturnToError, Shown};
pub use site::Site;
pub use visit::{Browser, Visit};

/// The whole application: `router` with assets, the language switch, 404 and 405 pages, panics caught, and a [`Visit`]
/// and security headers around each request.
pub fn wrap(router: Router, site: Site) -> Router {
    router
        .route(assets::ROUTE, get(assets::serve))
        .route(assets::ACCENT_ROUTE, get(assets::serve_accent))
        .route(language::ROUTE, get(language::switch))
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .fallback(async || Refusal::NotFound)
        .layer(CatchPanicLayer::custom(error::caught_panic))
        .layer(middleware::from_fn_with_state(site, visit::accompany))
}
