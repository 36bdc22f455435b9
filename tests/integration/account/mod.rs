//! The person's own pages, as a browser sees them.

mod address;
mod apps;
mod doors;
mod invitations;
mod isolation;
mod languages;
mod overview;
mod password;
mod sessions;
mod signing_in;
