//! Directories that staff have already: Active Directory, OpenLDAP and others that speak LDAP (RFC 4511).
//!
//! `connection` speaks the protocol, `trouble` says what went wrong. `settings`: a directory as an administrator describes
//! it, above the `preset` of its kind. `directory`: read by its service account. `bind`: where people prove their passwords. `account`: whether somebody may use theirs. `probe`:
//! tried out, step by step.

pub mod account;
pub mod bind;
pub mod connection;
pub mod directory;
pub mod preset;
pub mod probe;
pub mod settings;
pub mod trouble;

pub use self::{
    bind::{Directories, Unusable, described},
    connection::{Change, Entry, Offered, Page, Query, escaped},
    directory::{Directory, Reader, in_filter},
    preset::Preset,
    probe::{Step, probe},
    settings::Settings,
    trouble::Trouble,
};
