//! The page behind the link of an invitation.

use askama::Template;

use super::invitations::Offer;
use crate::{
    authentication::page::password::{new_password_field, repeated_password_field},
    policy::password::Asked,
    web::{Field, Frame, Problem, Problems},
};

/// The invitation. The form sends `answer=accept` or `answer=reject`; a new person also `name`, `new_password` and
/// `repeated_password`.
#[derive(Template)]
#[template(path = "invitation/invitation.html")]
pub struct InvitationPage {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action: String,
    /// What is offered.
    pub offer: Offer,
    /// How it can be answered.
    pub answer: Answer,
}

/// How an invitation can be answered.
pub enum Answer {
    /// By the person who is signed in.
    Here {
        /// Their name.
        person: String,
        /// Where another person signs in.
        other_person_href: String,
    },
    /// By a person with an account, after signing in.
    AfterSignIn {
        /// Where to sign in.
        sign_in_href: String,
    },
    /// By somebody without an account, who sets a name and a password.
    AsNewPerson {
        /// The invited address.
        email: String,
        /// The name to fill in.
        name: String,
        /// What is asked of the password.
        asked: Asked,
        /// What is wrong.
        problems: Vec<Problem>,
    },
}

impl InvitationPage {
    fn title(&self) -> String {
        (self.frame.t.authentication.invitation.title)(&self.offer.brand.name)
    }

    fn details(&self) -> String {
        self.offer.details(&self.frame)
    }

    fn as_person(&self, person: &str) -> String {
        (self.frame.t.authentication.invitation.as_person)(person)
    }

    fn summary<'a>(&self, problems: &'a [Problem]) -> Problems<'a> {
        Problems::new(self.frame.t, problems)
    }

    fn name_field(&self, name: &str, problems: &[Problem]) -> Field {
        let label = self.frame.t.authentication.invitation.name;
        Field::new(self.frame.t, "name", label, "name").filled(name).checked(problems)
    }

    fn email_field(&self, email: &str) -> Field {
        Field::new(self.frame.t, "email", self.frame.t.authentication.invitation.email, "username")
            .filled(email)
            .fixed()
    }

    fn new_password_field(&self, asked: &Asked, problems: &[Problem]) -> Field {
        new_password_field(&self.frame, *asked).checked(problems)
    }

    fn repeated_password_field(&self, problems: &[Problem]) -> Field {
        repeated_password_field(&self.frame).checked(problems)
    }
}
