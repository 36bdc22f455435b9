//! The person's own pages: who they are, where they belong, which devices and apps may act for them, and their answers to
//! invitations.

pub mod device;
pub mod page;
