//! Reading directories: people and groups of Active Directory or LDAP become members and groups here, and whoever leaves there
//! is out here.
//!
//! `run`: the lease, and what came of it. `reading`: from the beginning to the end, all of it or what has changed (`changes`).
//! `pass`: what is known meanwhile. `said`: what an entry says, compared with the last time. `people`, `groups` (with `roles`), `leavers`: what follows. `difference`: what would follow, for
//! somebody who looks first.
//!
//! Whoever is new or changed is written as they are read, in small units of work. Whoever is to be shut out waits until all
//! people were read, so that half an answer, an empty one or far too many leavers shut out nobody; for groups nobody waits.

mod changes;
mod difference;
mod groups;
mod leavers;
mod pass;
mod people;
mod reading;
mod roles;
mod run;
mod said;

pub use self::{
    difference::{Difference, Differences, Fate},
    reading::Watch,
    run::{Order, Result, RunError, preview, run, work},
};
