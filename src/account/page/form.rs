//! One change at a time: the name, the address, the password.

use askama::Template;

use super::Masthead;
use crate::{
    authentication::page::password::{new_password_field, repeated_password_field},
    policy::password::Asked,
    web::{Field, Frame, Problem, Problems},
};

/// A page with one form.
#[derive(Template)]
#[template(path = "account/form.html")]
pub struct FormPage {
    frame: Frame,
    masthead: Masthead,
    title: &'static str,
    lead: String,
    action: &'static str,
    user_name: Option<String>,
    fields: Vec<Field>,
    submit: &'static str,
    problems: Vec<Problem>,
}

impl FormPage {
    /// The form that sends `name`.
    #[must_use]
    pub fn name(frame: Frame, masthead: Masthead, name: &str, problems: Vec<Problem>) -> Self {
        let t = &frame.t.account.profile;
        let field = Field::new(frame.t, "name", t.name, "name").filled(name).checked(&problems);
        Self {
            title: t.change_name,
            lead: t.name_hint.to_owned(),
            action: "/account/name",
            user_name: None,
            fields: vec![field],
            submit: frame.t.form.save,
            frame,
            masthead,
            problems,
        }
    }

    /// The form that sends `email`; `present` is the address now, `wanted` what was typed.
    #[must_use]
    pub fn email(frame: Frame, masthead: Masthead, present: &str, wanted: &str, problems: Vec<Problem>) -> Self {
        let t = &frame.t.account.email;
        let new = Field::new(frame.t, "email", t.new, "email").filled(wanted).checked(&problems);
        Self {
            title: t.title,
            lead: (t.lead)(present),
            action: "/account/email",
            user_name: None,
            fields: vec![new, current_password_field(&frame, &problems)],
            submit: t.submit,
            frame,
            masthead,
            problems,
        }
    }

    /// The form that sends `current_password`, `new_password` and `repeated_password`.
    #[must_use]
    pub fn password(frame: Frame, masthead: Masthead, user_name: &str, asked: Asked, problems: Vec<Problem>) -> Self {
        let t = &frame.t.authentication.password;
        let fields = vec![
            current_password_field(&frame, &problems),
            new_password_field(&frame, asked).checked(&problems),
            repeated_password_field(&frame).checked(&problems),
        ];
        Self {
            title: t.title,
            lead: t.lead.to_owned(),
            action: "/account/password",
            user_name: Some(user_name.to_owned()),
            fields,
            submit: t.submit,
            frame,
            masthead,
            problems,
        }
    }

    /// The same form with what is wrong with it.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.fields = self.fields.into_iter().map(|field| field.checked(&problems)).collect();
        Self { problems, ..self }
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }
}

fn current_password_field(frame: &Frame, problems: &[Problem]) -> Field {
    let label = frame.t.authentication.password.current;
    Field::new(frame.t, "current_password", label, "current-password").checked(problems)
}
