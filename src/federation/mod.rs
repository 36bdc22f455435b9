//! People whom an organization's upstreams know: directories are read (`sync`), identity providers are asked (`oidc`).

pub mod oidc;
pub mod sync;
