//! SCIM by whole exchanges, on both databases.

mod bulk;
mod caller;
mod discovery;
mod door;
mod errors;
mod exchanges;
mod groups;
mod harm;
mod killed;
mod leaver;
mod me;
mod outbound;
mod members;
mod push;
mod rights;
mod rules;
mod sources;
mod tokens;
mod users;
