//! `lanyard demo`: a demo clinic, and an app that is a real relying party.

pub mod calendar;
pub mod clinic;
pub mod folder;
pub mod published;
pub mod run;
pub mod seed;
pub mod store;
