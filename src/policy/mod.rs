//! Policies: which rules hold for somebody, and what they come to; pure but for the store and the cache.
//!
//! What can be set is the table of [`setting`](crate::setting). An organization sets it for itself, for a role, a group, an
//! app, a location or one member ([`changing`], which spares its owners, now and when what is tried is over: [`ahead`]), tries it ([`trial`]), or sets several rules in one step ([`preset`]); the configuration sets it for everybody. Of all rules that hold for somebody the
//! strictest wins ([`rule`]); nobody can be allowed more by a rule. In an organization its rules count, those of the
//! configuration with them; where no organization is chosen yet, those of every organization that the person is an
//! active member of. [`emergency`] accounts have rules of their own. [`cached`] keeps them in memory, [`bounds`] says what they mean for sessions and tokens, [`factors`] for what can be set up;
//! [`configured`] is the outer limit, and [`effect`] says which rule changes nothing.
//!
//! Whoever enforces a setting asks here and stays where it is: sign-in and sessions in `authentication`, tokens in
//! `oauth::policed`, what ends by itself in `worker::policies`.

mod ahead;
pub mod bounds;
pub mod cached;
pub mod changing;
pub mod configured;
pub mod effect;
pub mod emergency;
pub mod factors;
pub mod password;
pub mod place;
pub mod preset;
pub mod rule;
mod sparing;
pub mod store;
pub mod trial;

pub use bounds::{Bounds, Rests};
pub use cached::Policies;
pub use changing::Error;
pub use place::Arrival;
pub use rule::{Applying, Barrier, Rule, Rules, Subject, Whom};
