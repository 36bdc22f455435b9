//! The person's own pages, as a browser sees them.

mod address;
mod apps;
mod crowds;
mod doors;
mod invitations;
mod isolation;
mod languages;
mod overview;
mod password;
mod second_factor;
mod sessions;
mod signing_in;

/// Every page of the account.
const PAGES: [&str; 9] = [
    "/account",
    "/account/name",
    "/account/password",
    "/account/email",
    "/account/language",
    "/account/security",
    "/account/sessions",
    "/account/apps",
    "/account/invitations",
];
