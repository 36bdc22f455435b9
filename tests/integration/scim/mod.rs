//! SCIM by whole exchanges, on both databases.

mod bulk;
mod caller;
mod claimed;
mod discovery;
mod door;
mod errors;
mod entitlements;
mod exchanges;
mod group_sources;
mod groups;
mod harm;
mod killed;
mod leaver;
mod managers;
mod me;
mod outbound;
mod members;
mod push;
mod registrations;
mod rights;
mod letters;
mod rules;
mod sources;
mod tokens;
mod users;
