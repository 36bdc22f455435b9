//! People whom an organization's upstreams know: directories are read (`sync`).

pub mod sync;
