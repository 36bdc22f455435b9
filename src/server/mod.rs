//! The server around the finished router: sockets, TLS, limits, counters, the operators' endpoints and a graceful stop.
//!
//! Each piece takes a router or gives one and knows no feature; [`assemble`] alone knows them all.

mod assembly;
mod client_certificates;
mod limits;
mod listen;
mod observe;
mod operations;
mod serve;
mod silence;
mod stop;
mod tls;

pub use self::{
    assembly::{assemble, site},
    limits::limit,
    listen::{ListenError, bind},
    observe::observe,
    operations::{Readiness, operations},
    serve::{Protection, ServeError, serve},
    stop::{Stop, Stopper},
    tls::{Certificate, CertificateError, install_crypto_provider},
};
