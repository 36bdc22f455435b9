//! Directories that staff have already: Active Directory, OpenLDAP and others that speak LDAP (RFC 4511).
//!
//! `connection` speaks the protocol, `trouble` says what went wrong.

pub mod connection;
pub mod trouble;
