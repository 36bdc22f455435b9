//! The SQL of targets: what they are, what each app has, and who is to be in it.

mod counts;
mod members;
mod overview;
mod pushed;
mod runners;
mod scope;
mod seen;
mod targets;

pub use self::{
    counts::Counts,
    pushed::{Outcome, Pushed, PushedRows, Rank},
    scope::{Counted, Place, Scope},
    targets::Targets,
};
