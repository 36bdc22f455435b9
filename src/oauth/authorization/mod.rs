//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core 1.0 §3.1.2.1) and what has to happen before it is
//! answered with a code.
//!
//! [`request`] reads it, [`prompt`] holds the ordered checks, [`organization`] finds the organization, [`progress`]
//! remembers what the person has already done for it, [`pushed`] says how long a pushed one is good for, [`step_up`] how
//! sure the sign-in has to be, [`response`] writes the answer: all of them pure. [`flow`] loads, asks them, and has
//! [`issue`] save the code.

pub mod admission;
pub mod flow;
pub mod issue;
pub mod organization;
pub mod progress;
pub mod prompt;
pub mod pushed;
pub mod request;
pub mod response;
pub mod step_up;

pub use organization::{Denial, Resolved};
pub use progress::Progress;
pub use prompt::{Need, Situation};
pub use request::{AuthorizationRequest, Prompt};
pub use response::{Destination, ResponseMode};
