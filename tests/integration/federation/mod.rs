//! Upstreams: directories and identity providers of others, started for real.

mod directory;
mod sync;
