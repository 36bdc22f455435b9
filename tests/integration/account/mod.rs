//! The person's own pages, as a browser sees them.

mod address;
mod apps;
mod binding;
pub(crate) mod crowds;
mod doors;
mod emergency;
mod factor_kinds;
mod host_recovery;
mod invitations;
mod isolation;
mod languages;
mod lockout;
mod lost_factors;
mod mailed_codes;
mod neighbours;
mod overview;
mod password;
mod passkeys;
mod required_factors;
mod required_of_one;
mod remembered;
pub(crate) mod second_factor;
mod sessions;
mod signals;
mod signing_in;
mod stations;
mod take_back;
mod text_messages;

/// Every page of the account.
const PAGES: [&str; 11] = [
    "/account",
    "/account/name",
    "/account/password",
    "/account/email",
    "/account/language",
    "/account/security",
    "/account/security/passkeys",
    "/account/recoveries",
    "/account/sessions",
    "/account/apps",
    "/account/invitations",
];
