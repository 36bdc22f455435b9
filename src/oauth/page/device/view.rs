//! How the pages for a device's code look.

use askama::Template;

use crate::web::{Field, Frame, Problem, Problems};

/// The page that asks for the code.
#[derive(Template)]
#[template(path = "oauth/device.html")]
pub(super) struct EnterPage {
    pub(super) frame: Frame,
    pub(super) action: &'static str,
    pub(super) typed: String,
    pub(super) problems: Vec<Problem>,
}

impl EnterPage {
    fn summary(&self) -> Problems<'_> {
        Problems::new(self.frame.t, &self.problems)
    }

    fn code_field(&self) -> Field {
        let t = &self.frame.t.authentication.device;
        let field = Field::new(self.frame.t, "user_code", t.code, "off").explained(t.code_hint);
        field.filled(&self.typed).checked(&self.problems).focused()
    }
}

/// The page that asks whether the device with this code may have what it asks for. The decision arrives as
/// `decision=allow` or `decision=deny`.
#[derive(Template)]
#[template(path = "oauth/device_confirm.html")]
pub(super) struct ConfirmPage {
    pub(super) frame: Frame,
    pub(super) action: String,
    /// Whom it is shown to: nobody else answers it.
    pub(super) person: String,
    pub(super) app: String,
    pub(super) organization: String,
    pub(super) organization_id: String,
    pub(super) code: String,
    pub(super) scopes: Vec<String>,
}

impl ConfirmPage {
    fn title(&self) -> String {
        (self.frame.t.authentication.device.confirm_title)(&self.app)
    }

    fn lead(&self) -> String {
        (self.frame.t.authentication.device.confirm_lead)(&self.organization)
    }

    fn will(&self) -> String {
        (self.frame.t.authentication.consent.will)(&self.app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{Language, gallery};

    #[test]
    fn the_pages_of_a_device_are_well_formed() {
        for language in Language::ALL {
            let frame = || gallery::frame(language);
            let problems = vec![Problem::of("user_code", frame().t.authentication.device.wrong)];
            for (name, page) in [
                ("device", EnterPage { frame: frame(), action: "/device", typed: String::new(), problems: vec![] }),
                ("device-wrong", EnterPage { frame: frame(), action: "/device", typed: "BCDF".into(), problems }),
            ] {
                gallery::show(&format!("{name}.{}", language.tag()), &page.to_string());
            }
            let texts = &frame().t.authentication.consent.scopes;
            let page = ConfirmPage {
                frame: frame(),
                action: "/device/decision?user_code=BCDF-GHJK".into(),
                person: "usr_x".into(),
                app: "Front desk kiosk".into(),
                organization: "Riverside Clinic".into(),
                organization_id: "org_x".into(),
                code: "BCDF-GHJK".into(),
                scopes: ["openid", "roles"].map(|scope| texts.describe(scope)).to_vec(),
            };
            gallery::show(&format!("device-confirm.{}", language.tag()), &page.to_string());
        }
    }
}
