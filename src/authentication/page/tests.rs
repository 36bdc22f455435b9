//! Every page of signing in, in every language.

use super::{
    consent::{ConsentPage, Detail},
    emergency::EmergencyPage,
    lost_factors::{LostFactorsPage, StopRecoveryPage},
    no_access::NoAccessPage,
    organization::{Choice, OrganizationPage},
    passkey::PasskeyForm,
    password::{PasswordPage, Reason},
    reset::{ResetPage, sent_page},
    second_factor::{OtherWay, SecondFactorPage, SentStep, Way},
    sign_in::SignInPage,
    sign_out::{SignOutPage, SignedOutPage},
    take_back::TakeBackPage,
    terms::{Document, TermsPage},
};
use crate::{
    authentication::factor::Kind,
    policy::password::Asked,
    setting::Setting,
    web::{
        Frame, Language, Link, Message, Parameters, Problem,
        gallery::{brand, frame, show},
    },
};

fn in_every_language(name: &str, page: impl Fn(Frame) -> String) {
    for language in Language::ALL {
        show(&format!("{name}.{}", language.tag()), &page(frame(language)));
    }
}

fn passkey() -> PasskeyForm {
    PasskeyForm {
        action: "/login/passkey?return=abc".into(),
        options: "{\"challenge\":\"YQ\"}".into(),
        state: "abc.def".into(),
        renew: "/login/passkey/options".into(),
        is_conditional: true,
    }
}

fn sign_in(frame: Frame) -> SignInPage {
    SignInPage {
        organization_href: None,
        elsewhere: vec![],
        station: None,
        frame,
        action: "/login?return=abc".into(),
        reset_href: "/password/forgotten?return=abc".into(),
        app: Some("Clinic Calendar".into()),
        is_again: false,
        notice: None,
        user_name: String::new(),
        passkey: Some(passkey()),
        problems: Vec::new(),
    }
}

#[test]
fn sign_in_pages_are_well_formed() {
    in_every_language("sign-in", |frame| sign_in(frame).to_string());
    in_every_language("sign-in-wrong", |frame| {
        let problems = vec![Problem::whole(frame.t.authentication.sign_in.wrong)];
        SignInPage { user_name: "priya@riverside.example".into(), problems, ..sign_in(frame) }.to_string()
    });
    in_every_language("sign-in-again", |frame| {
        let frame = frame.branded(None);
        let notice = Some(frame.t.authentication.sign_in.password_changed);
        SignInPage { is_again: true, user_name: "priya".into(), notice, ..sign_in(frame) }.to_string()
    });
    for accent in ["8a1f5c", "f2b705", "1d4ed8"] {
        let frame = frame(Language::English).branded(Some(brand("Harbour Physio", Some(accent))));
        show(&format!("accent-{accent}"), &sign_in(frame).to_string());
    }
}

#[test]
fn the_choice_of_an_organization_is_well_formed() {
    in_every_language("organization", |frame| {
        let choice = |slug: &str, name: &str, detail: &str, is_default| Choice {
            slug: slug.into(),
            brand: brand(name, None),
            detail: detail.into(),
            is_default,
        };
        OrganizationPage {
            frame: frame.branded(None),
            action: "/login/organization?return=abc".into(),
            app: Some("Clinic Calendar".into()),
            choices: vec![
                choice("riverside", "Riverside Clinic", "Owner", true),
                choice("harbour", "Harbour Physio", "Practitioner · Pier", false),
                choice("long", "Gemeinschaftspraxis für Orthopädie und Unfallchirurgie", "Supervisor", false),
            ],
            other_person_href: "/logout".into(),
        }
        .to_string()
    });
    in_every_language("organization-none", |frame| {
        let texts = &frame.t.authentication.organization;
        Message::new(frame.branded(None), &texts.none).linking("/account", "Account").to_string()
    });
}

#[test]
fn consent_is_well_formed() {
    in_every_language("consent", |frame| {
        let scopes = ["openid", "profile", "organization", "roles", "offline_access", "x"];
        ConsentPage {
            action: "/login/consent?return=abc".into(),
            app: "Recall Reminders".into(),
            host: Some("reminders.example".into()),
            organization: "Riverside Clinic".into(),
            scopes: scopes.map(|scope| frame.t.authentication.consent.scopes.describe(scope)).to_vec(),
            details: vec![Detail {
                title: "Read <records>".into(),
                lines: vec![("Patient".into(), "A & B".into()), ("May".into(), String::new())],
            }],
            frame,
        }
        .to_string()
    });
}

const ASKED: Asked = Asked { least: 12, strength: 0, kinds: 3, max_age: None, history: 0 };

#[test]
fn passwords_are_set_on_well_formed_pages() {
    for (name, reason) in [
        ("password-must-change", Reason::MustChange),
        ("password-expired", Reason::Expired),
        ("password-forgotten", Reason::Forgotten),
    ] {
        in_every_language(name, |frame| {
            let texts = &frame.t.authentication.password;
            let problems = match reason {
                Reason::MustChange | Reason::Expired => vec![
                    Problem::of("new_password", (texts.too_short)(12)),
                    Problem::of("repeated_password", texts.differ),
                ],
                Reason::Forgotten => Vec::new(),
            };
            let (action, user_name) = ("/login/password".into(), "frank@riverside.example".into());
            let kinds = (texts.kinds)(3);
            let page = PasswordPage { frame, action, reason, user_name, asked: ASKED, problems }.to_string();
            assert!(page.contains(&kinds), "{page}");
            page
        });
    }
    in_every_language("reset", |frame| {
        let (action, back_href) = ("/password/forgotten".into(), "/login".into());
        ResetPage { frame, action, back_href, problems: Vec::new() }.to_string()
    });
    in_every_language("reset-sent", |frame| sent_page(frame, "/login").to_string());
}

#[test]
fn the_second_factor_is_asked_on_a_well_formed_page() {
    let (mail, recovery) = (Way::Sent(Kind::Email), Way::Recovery);
    for (name, way, others, is_waiting) in [
        ("second-factor", Way::App, [mail, recovery], false),
        ("second-factor-recovery", recovery, [Way::App, mail], false),
        ("second-factor-mail", mail, [Way::App, recovery], false),
        ("second-factor-mailed", mail, [Way::Passkey, recovery], true),
    ] {
        in_every_language(name, |frame| {
            let problems = vec![Problem::of("code", frame.t.authentication.second_factor.wrong)];
            let to = |way| OtherWay { href: "/login/factor?return=abc&recovery=1".into(), way };
            let step = SentStep { kind: Kind::Email, to: "p•••@riverside.example".into(), is_waiting };
            let other_person_href = "/login/password?return=abc".into();
            SecondFactorPage {
                is_key_wanted: false,
                lost_href: None,
                frame,
                action: "/login/factor?return=abc".into(),
                others: others.map(to).into(),
                other_person_href,
                way,
                sent: (way == mail).then_some(step),
                is_mail_closed: way == recovery,
                days: (way != recovery).then_some(30),
                passkey: None,
                has_app: true,
                problems,
            }
            .to_string()
        });
    }
}

#[test]
fn an_account_is_taken_back_on_a_well_formed_page() {
    in_every_language("take-back", |frame| TakeBackPage { frame, action: "/take-back/t0ken".into() }.to_string());
}

#[test]
fn terms_are_asked_on_a_well_formed_page() {
    in_every_language("terms", |frame| {
        let document = |key: &str, title: &str| Document {
            key: key.into(),
            title: title.into(),
            version: "2026-11".into(),
            href: format!("/terms/{key}"),
        };
        TermsPage {
            problems: vec![Problem::of("accept", frame.t.authentication.terms.accept_first)],
            frame,
            action: "/login/terms".into(),
            is_change: true,
            documents: vec![document("terms", "Terms of use"), document("privacy", "Privacy notice")],
            decline_href: "/logout".into(),
        }
        .to_string()
    });
}

#[test]
fn the_end_is_well_formed() {
    in_every_language("sign-out", |frame| {
        SignOutPage {
            frame,
            action: "/logout".into(),
            person: "Priya Nair".into(),
            hidden: Parameters::from([("state", "\"x")]),
            stay_href: "/account".into(),
        }
        .to_string()
    });
    in_every_language("signed-out", |frame| SignedOutPage { frame, apps: vec![], to: None }.to_string());
    in_every_language("signed-out-of-apps", |frame| {
        let apps = vec!["http://localhost/".parse().expect("an address")];
        SignedOutPage { frame, apps, to: Some("https://roster.example/".into()) }.to_string()
    });
    in_every_language("no-access", |frame| {
        let texts = &frame.t.authentication.no_access;
        let link = |href: &str, label: &str| Link { href: href.into(), label: label.into() };
        NoAccessPage {
            app: "Clinic Calendar".into(),
            organization: Some("Riverside Clinic".into()),
            missing: Some("gps".into()),
            stopped: None,
            is_recorded: true,
            people: vec!["Olivia Berg".into(), "Max Okafor".into()],
            links: vec![link("/x", texts.back), link("/y", texts.other_organization)],
            frame,
        }
        .to_string()
    });
    in_every_language("no-access-anywhere", |frame| {
        let (app, links) = ("Clinic Calendar".to_owned(), vec![]);
        let (missing, is_recorded, people) = (None, false, vec![]);
        NoAccessPage { frame, app, organization: None, missing, stopped: None, is_recorded, people, links }.to_string()
    });
    for (name, setting) in [("no-access-now", Setting::ScheduleWindows), ("no-access-here", Setting::NetworkAllowed)] {
        in_every_language(name, |frame| {
            let (app, organization) = ("Clinic Calendar".to_owned(), Some("Riverside Clinic".to_owned()));
            let (missing, is_recorded, people, links) = (None, true, vec![], vec![]);
            NoAccessPage { frame, app, organization, missing, stopped: Some(setting), is_recorded, people, links }
                .to_string()
        });
    }
}

#[test]
fn the_pages_of_whoever_has_lost_every_factor_are_well_formed() {
    for sign_in_href in [None, Some("/login/password?return=abc".to_owned())] {
        let name = if sign_in_href.is_some() { "lost-factors-first" } else { "lost-factors" };
        in_every_language(name, |frame| {
            let sign_in_href = sign_in_href.clone();
            LostFactorsPage { frame, action: "/recovery/t0ken".into(), sign_in_href }.to_string()
        });
    }
    in_every_language("lost-factors-stop", |frame| {
        StopRecoveryPage { frame, action: "/recovery/stop/t0ken".into() }.to_string()
    });
}

#[test]
fn the_page_of_an_emergency_account_is_well_formed() {
    in_every_language("emergency", |frame| {
        EmergencyPage {
            name: "Emergency account safe".into(),
            action: "/emergency/t0ken".into(),
            options: "{\"challenge\":\"YQ\"}".into(),
            state: "abc.def".into(),
            problems: vec![Problem::whole(frame.t.account.security.keys.unverified)],
            frame,
        }
        .to_string()
    });
}
