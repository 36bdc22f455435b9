//! The person's own pages: who they are, where they belong, which devices and apps may act for them, and their answers to
//! invitations.
//!
//! Everything here is one person's own: what belongs to somebody else answers as if it did not exist. A change of
//! password or address asks for the present password once more. Not here: the rules of people and organizations
//! (`directory`), proving who somebody is (`authentication`).

pub mod endpoint;
pub mod guest;
pub mod joining;
pub mod names;
pub mod page;
pub mod store;
