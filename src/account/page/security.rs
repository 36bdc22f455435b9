//! What the person signs in with: authenticator apps and recovery codes.

use std::time::Duration;

use askama::Template;

use super::Masthead;
use crate::{
    authentication::{factor::Kind, page::second_factor::sent_by},
    secret::{ExposeSecret, SecretString},
    web::{Field, Frame, Problem, Problems, language::strings::authentication::SentBy},
};

/// The list of authenticator apps.
#[derive(Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// What went well just before.
    pub notice: Option<String>,
    /// The passkeys, oldest first.
    pub keys: Vec<AppRow>,
    /// Whether passkeys can be had here at all.
    pub can_have_keys: bool,
    /// Whether authenticator apps can be added.
    pub can_have_apps: bool,
    /// The apps, oldest first.
    pub apps: Vec<AppRow>,
    /// Codes that are sent.
    pub sent: Vec<SentWay>,
    /// In how many browsers the second factor is not asked for.
    pub remembered: usize,
    /// How many recovery codes are left.
    pub codes_left: usize,
    /// Whether the person looks after members, and lets those in who have lost every factor.
    pub looks_after_others: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A way by which codes are sent.
pub struct SentWay {
    /// Which.
    pub kind: Kind,
    /// What the person has set up.
    pub rows: Vec<AppRow>,
    /// Where it is set up, where it can be.
    pub href: Option<&'static str>,
}

/// One passkey or authenticator app.
pub struct AppRow {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What the person calls it.
    pub name: String,
    /// How long ago it was added.
    pub added: Duration,
    /// How long ago it was used.
    pub used: Option<Duration>,
    /// How long ago it was closed.
    pub closed: Option<Duration>,
}

/// Setting up an authenticator app.
#[derive(Template)]
#[template(path = "account/set_up_app.html")]
pub struct SetUpPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// Where the form posts to.
    pub action: String,
    /// Where whoever does not want it goes on.
    pub cancel_href: String,
    /// What the app reads (`otpauth:`).
    pub address: String,
    /// The same as a picture (SVG).
    pub picture: String,
    /// The same for people.
    pub seed: SecretString,
    /// What was typed as its name.
    pub name: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Adding a passkey.
#[derive(Template)]
#[template(path = "account/passkey.html")]
pub struct PasskeyPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// Where the form posts to.
    pub action: String,
    /// Where whoever does not want it goes on.
    pub cancel_href: String,
    /// `PublicKeyCredentialCreationOptionsJSON`.
    pub options: String,
    /// The ceremony, sealed.
    pub state: String,
    /// What was typed as its name.
    pub name: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A question before something is removed.
#[derive(Template)]
#[template(path = "account/remove_app.html")]
pub struct RemovePage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// Where the form posts to.
    pub action: String,
    /// What the person calls it.
    pub name: String,
    /// Whether there is no other.
    pub is_last: bool,
}

/// Recovery codes, shown once.
#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
pub struct CodesPage {
    /// The frame.
    pub frame: Frame,
    /// The head.
    pub masthead: Masthead,
    /// The codes.
    pub codes: Vec<SecretString>,
    /// Where to go on.
    pub done_href: String,
}

impl AppRow {
    /// The question before it is removed.
    fn remove_href(&self) -> String {
        format!("/account/security/{}/remove", self.id)
    }
}

impl SecurityPage {
    fn details_of(&self, app: &AppRow) -> String {
        let (t, language) = (&self.frame.t.account.security, self.frame.language());
        if let Some(closed) = app.closed {
            return match app.kind {
                Kind::Email => self.frame.t.authentication.sent.mail_closed.to_owned(),
                _ => (t.keys.closed)(&language.ago(closed)),
            };
        }
        let added = (t.added)(&language.ago(app.added));
        match app.used {
            Some(used) => format!("{added} · {}", (t.used)(&language.ago(used))),
            None => added,
        }
    }

    fn lead(&self) -> &'static str {
        let t = &self.frame.t.account.security;
        if self.has_any() { t.lead_with_factor } else { t.lead }
    }

    fn has_any(&self) -> bool {
        !self.keys.is_empty() || !self.apps.is_empty() || self.sent.iter().any(|way| !way.rows.is_empty())
    }

    fn words(&self, way: &SentWay) -> &'static SentBy {
        sent_by(self.frame.t, way.kind)
    }

    fn remembered_count(&self) -> String {
        (self.frame.t.account.security.remembered_count)(self.remembered)
    }

    fn codes_left(&self) -> String {
        (self.frame.t.account.security.codes_left)(self.codes_left)
    }

    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }
}

impl SetUpPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn seed(&self) -> &str {
        self.seed.expose_secret()
    }

    fn name_field(&self) -> Field {
        let t = &self.frame.t.account.security.set_up;
        let field = Field::new(self.frame.t, "name", t.name, "off").filled(&self.name).explained(t.name_hint);
        field.checked(&self.problems)
    }

    fn code_field(&self) -> Field {
        let t = &self.frame.t.account.security.set_up;
        Field::new(self.frame.t, "code", t.code, "one-time-code").checked(&self.problems)
    }
}

impl PasskeyPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn name_field(&self) -> Field {
        let t = &self.frame.t.account.security;
        let field =
            Field::new(self.frame.t, "name", t.keys.name, "off").filled(&self.name).explained(t.set_up.name_hint);
        field.checked(&self.problems)
    }
}

impl RemovePage {
    fn title(&self) -> String {
        (self.frame.t.account.security.remove_title)(&self.name)
    }

    fn lead(&self) -> &'static str {
        let t = &self.frame.t.account.security;
        if self.is_last { t.remove_last_lead } else { t.remove_lead }
    }
}

impl CodesPage {
    fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(ExposeSecret::expose_secret)
    }
}
