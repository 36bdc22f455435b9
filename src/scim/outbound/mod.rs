//! SCIM outbound: Lanyard pushes people and groups of an organization to apps that speak SCIM 2.0 (RFC 7643, RFC 7644).
//!
//! * `target`: an app with how it is pushed to. `mapping`: what it is told of a person. `thing`: what is pushed.
//! * `changes`: which changes concern an app, read off the audit log. `plan`: what has to be done, by `decision`, which is pure.
//!   `brake`: whether too many would leave.
//! * `run`: a run from outside, `runner`: its steps, and `ending`, what becomes of it. `round`: some of those who are due, sent.
//!   `push` and `members`: one person or group at the app. `reconcile`: what the app has otherwise than it was told, and
//!   `strangers`, whom only it knows. `preview`: what would happen.
//! * `remote`: the app as its client sees it, with its `features` and its lists (`listing`). `lookup`: who of it somebody of ours is. `projection`: a document as it is sent. `problem`: what goes wrong, with what to
//!   do about it. `store/`: the only SQL.
//!
//! A person is pushed while the membership is active and the person has joined, unless it is an emergency account, and with the id of the membership as
//! `externalId`: by that they are found again when an answer was lost. What an app has of its own stays untouched. Not here:
//! when a run begins (`worker`), and how somebody asks for one (`cli`).

pub mod brake;
pub mod changes;
pub mod decision;
mod ending;
pub mod features;
pub mod listing;
mod lookup;
pub mod mapping;
pub mod members;
pub mod plan;
pub mod preview;
pub mod problem;
pub mod projection;
pub mod push;
pub mod reconcile;
pub mod remote;
mod round;
pub mod run;
mod runner;
pub mod store;
mod strangers;
pub mod target;
pub mod thing;

pub use self::target::Target;
