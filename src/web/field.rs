//! One field of a form with its label, hint and error, tied together for screen readers.

use askama::{Template, filters::HtmlSafe};

use super::language::strings::Strings;

/// What is wrong with a form: one sentence, about one field or the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the field; `None` when it is about the form as a whole.
    pub field: Option<&'static str>,
    /// What to do, in the reader's language.
    pub text: String,
}

impl Problem {
    /// A problem with the form as a whole.
    #[must_use]
    pub fn whole(text: impl Into<String>) -> Self {
        Self { field: None, text: text.into() }
    }

    /// A problem with the field called `field`.
    #[must_use]
    pub fn of(field: &'static str, text: impl Into<String>) -> Self {
        Self { field: Some(field), text: text.into() }
    }
}

/// The list of problems above a form; takes the focus when the page opens. Shows nothing when there are none.
#[derive(Template)]
#[template(path = "part/problems.html")]
pub struct Problems<'a> {
    t: &'static Strings,
    problems: &'a [Problem],
}

impl<'a> Problems<'a> {
    /// The summary of `problems`.
    #[must_use]
    pub fn new(t: &'static Strings, problems: &'a [Problem]) -> Self {
        Self { t, problems }
    }
}

impl HtmlSafe for Problems<'_> {}

/// A text field.
#[derive(Template)]
#[template(path = "part/field.html")]
pub struct Field {
    t: &'static Strings,
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    value: String,
    hint: String,
    error: String,
    is_first: bool,
    is_fixed: bool,
}

impl Field {
    /// A field for `autocomplete` (WCAG 2.2 §1.3.5), which also decides its type: a password is never shown or filled in
    /// again, an e-mail address gets its keyboard.
    #[must_use]
    pub fn new(t: &'static Strings, name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        let kind = match autocomplete {
            "current-password" | "new-password" => "password",
            "email" => "email",
            _ => "text",
        };
        let (value, hint, error) = Default::default();
        Self { t, name, label, kind, autocomplete, value, hint, error, is_first: false, is_fixed: false }
    }

    /// With a value filled in; a password stays empty.
    #[must_use]
    pub fn filled(mut self, value: &str) -> Self {
        if self.kind != "password" {
            value.clone_into(&mut self.value);
        }
        self
    }

    /// With a sentence below the label.
    #[must_use]
    pub fn explained(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// With the problem that is about this field, if there is one.
    #[must_use]
    pub fn checked(mut self, problems: &[Problem]) -> Self {
        if let Some(problem) = problems.iter().find(|problem| problem.field == Some(self.name)) {
            problem.text.clone_into(&mut self.error);
        }
        self
    }

    /// Takes the focus when the page opens, unless there are problems to read first.
    #[must_use]
    pub fn focused(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// Shown, but not to be changed.
    #[must_use]
    pub fn fixed(self) -> Self {
        Self { is_fixed: true, ..self }
    }

    fn described_by(&self) -> String {
        let parts = [(&self.hint, "hint"), (&self.error, "error")].into_iter().filter(|(text, _)| !text.is_empty());
        parts.map(|(_, part)| format!("{}-{part}", self.name)).collect::<Vec<_>>().join(" ")
    }
}

impl HtmlSafe for Field {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Language;

    #[test]
    fn a_field_names_its_hint_and_error() {
        let t = Language::English.strings();
        let problems = [Problem::of("name", "Too <short>")];
        let html = Field::new(t, "name", "Name", "name").filled("\"x").explained("Full").checked(&problems).to_string();
        for expected in
            ["aria-describedby=\"name-hint name-error\"", "aria-invalid=\"true\"", "&#34;x", "Too &#60;short&#62;"]
        {
            assert!(html.contains(expected), "{expected}: {html}");
        }
    }

    #[test]
    fn a_password_is_never_filled_in_again() {
        let t = Language::English.strings();
        let html = Field::new(t, "password", "Password", "current-password").filled("hunter2").to_string();
        assert!(!html.contains("hunter2") && html.contains("type=\"password\""));
    }
}
