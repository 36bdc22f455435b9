//! Invitations that wait for the person's answer.

use askama::Template;

use super::{Level, Masthead};
use crate::{
    clock::Timestamp,
    web::{Brand, Frame},
};

/// The list of invitations. Each has a form of its own, which sends `answer=accept` or `answer=reject`.
#[derive(Template)]
#[template(path = "account/invitations.html")]
pub struct InvitationsPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// The invitations.
    pub invitations: Vec<Offer>,
}

/// One offer of membership.
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Who offers.
    pub brand: Brand,
    /// The name of the person who invites.
    pub invited_by: Option<String>,
    /// What is offered.
    pub levels: Vec<Level>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Offer {
    /// Where the form that answers it posts to.
    fn answer_action(&self) -> String {
        format!("/account/invitations/{}", self.id)
    }

    /// Who invites, and until when.
    #[must_use]
    pub fn details(&self, frame: &Frame) -> String {
        let t = &frame.t.authentication.invitation;
        let expires = (t.expires)(&frame.language().date(self.expires_at));
        match &self.invited_by {
            Some(name) => format!("{} {expires}", (t.invited_by)(name)),
            None => expires,
        }
    }
}
