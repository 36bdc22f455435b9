//! SCIM by whole exchanges, on both databases.

mod bulk;
mod caller;
mod discovery;
mod door;
mod groups;
mod leaver;
mod push;
mod tokens;
mod users;
