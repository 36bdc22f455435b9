//! Upstreams: directories and identity providers of others, started for real.

mod arrival;
mod bind;
mod directory;
mod openid;
mod saml;
mod sync;
