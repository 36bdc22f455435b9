//! Every page of the account, in every language.

use std::time::Duration;

use super::{
    Level, Masthead, Tab,
    apps::{AppRow, AppsPage},
    enrolment::{EnrolmentPage, SentChoice},
    form::FormPage,
    invitation::{Answer, InvitationPage},
    invitations::{InvitationsPage, Offer},
    language::LanguagePage,
    overview::{Membership, OverviewPage, Profile},
    recoveries::{Chosen, Other, RecoveriesPage, Row},
    security::{AppRow as AuthenticatorRow, CodesPage, RemovePage, SecurityPage, SentWay, SetUpPage},
    sent_codes::SentCodesPage,
    sessions::{AppState, PastSession, SessionRow, SessionsPage, ToldApp},
};
use crate::{
    authentication::{factor::Kind, page::consent::Detail},
    clock::Timestamp,
    policy::password::Asked,
    web::device::Device,
    web::{
        Frame, Language, Problem,
        gallery::{brand, frame, show},
    },
};

fn in_every_language(name: &str, page: impl Fn(Frame) -> String) {
    for language in Language::ALL {
        show(&format!("{name}.{}", language.tag()), &page(frame(language)));
    }
}

fn masthead(tab: Tab) -> Masthead {
    Masthead {
        person: "Priya Nair".into(),
        tab,
        open_invitations: 1,
        open_requests: 2,
        is_on_the_way: false,
        locks_after: Some(301),
    }
}

fn level(role: &str, location: Option<&str>) -> Level {
    Level { role: role.into(), location: location.map(Into::into), until: None }
}

fn offer() -> Offer {
    Offer {
        id: "inv_1".into(),
        brand: brand("Harbour Physio", None),
        invited_by: Some("Noor Haddad".into()),
        levels: vec![level("Practitioner", Some("Pier")), level("Front desk", None)],
        expires_at: Timestamp(1_795_900_000_000),
    }
}

#[test]
fn the_overview_is_well_formed() {
    in_every_language("account-overview", |frame| {
        let membership = |slug: &str, name: &str, is_default, levels| Membership {
            slug: slug.into(),
            brand: brand(name, None),
            detail: "Practitioner · General practice".into(),
            is_default,
            levels,
            groups: vec!["General practitioners".into(), "On call".into()],
        };
        let until = Some((frame.t.form.until)(&frame.language().date(Timestamp(1_797_900_000_000))));
        let both = vec![
            level("Practitioner", Some("Main Street")),
            Level { until, ..level("Supervisor", Some("Harbour Quay")) },
        ];
        OverviewPage {
            notice: Some((frame.t.account.memberships.default_changed)("Riverside Clinic")),
            masthead: masthead(Tab::Overview),
            profile: Profile {
                name: "Priya Nair".into(),
                name_note: (frame.language() == Language::Danish).then(|| (frame.t.account.profile.kept)("entra")),
                user_name: Some("priya".into()),
                email: Some("priya@riverside.example".into()),
                email_is_verified: false,
                password_age: Some(Duration::from_hours(24 * 40)),
                password_until: Some("1 December 2026".into()),
            },
            memberships: vec![
                membership("riverside", "Riverside Clinic", true, both),
                membership("harbour", "Harbour Physio", false, Vec::new()),
            ],
            frame,
        }
        .to_string()
    });
}

#[test]
fn devices_and_apps_are_listed_on_well_formed_pages() {
    in_every_language("account-sessions", |frame| {
        let session = |id: &str, agent: &str, is_this, hours| {
            let device = Device::of(agent);
            SessionRow {
                id: id.into(),
                device,
                is_this,
                is_handheld: device.is_handheld(),
                address: "198.51.100.7".into(),
                begun: Duration::from_hours(hours + 20),
                used: Duration::from_hours(hours),
            }
        };
        SessionsPage {
            frame,
            masthead: masthead(Tab::Sessions),
            notice: None,
            sessions: vec![
                session("ses_1", "(Windows NT 10.0) Firefox/133", true, 0),
                session("ses_2", "(iPhone) Safari/604", false, 3),
                session("ses_3", "", false, 80),
            ],
            past: vec![PastSession {
                device: Device::of("(iPhone) Safari/604"),
                is_handheld: true,
                ended: Duration::from_mins(4),
                apps: [("Clinic Calendar", AppState::Out), ("X-ray", AppState::Waits), ("Lab", AppState::Failed)]
                    .map(|(name, state)| ToldApp { name: name.into(), organization: "Riverside Clinic".into(), state })
                    .into(),
            }],
        }
        .to_string()
    });
    for (name, is_empty) in [("account-apps", false), ("account-apps-none", true)] {
        in_every_language(name, |frame| {
            let scopes = ["openid", "profile", "roles", "offline_access"];
            let app = AppRow {
                id: "recall".into(),
                name: "Recall Reminders".into(),
                organization: "Riverside Clinic".into(),
                scopes: scopes.map(|scope| frame.t.authentication.consent.scopes.describe(scope)).to_vec(),
                details: vec![Detail {
                    title: "Send reminders".into(),
                    lines: vec![("May".into(), "read, write".into()), ("patients".into(), "of the last year".into())],
                }],
                age: Duration::from_hours(24 * 12),
            };
            let apps = if is_empty { Vec::new() } else { vec![app] };
            AppsPage { frame, masthead: masthead(Tab::Apps), notice: None, apps }.to_string()
        });
    }
}

const ASKED: Asked = Asked { least: 12, strength: 0, kinds: 0, max_age: None, history: 0 };

type Answered = fn(&Frame) -> Answer;

#[test]
fn invitations_are_answered_on_well_formed_pages() {
    in_every_language("account-invitations", |frame| {
        let masthead = masthead(Tab::Invitations);
        InvitationsPage { frame, masthead, notice: None, invitations: vec![offer()] }.to_string()
    });
    let answers: [(&str, Answered); 3] = [
        ("invitation-here", |_| Answer::Here { person: "Priya Nair".into(), other_person_href: "/logout".into() }),
        ("invitation-known", |_| Answer::AfterSignIn { sign_in_href: "/login".into() }),
        ("invitation-new", |frame| Answer::AsNewPerson {
            email: "new@harbour.example".into(),
            name: String::new(),
            asked: ASKED,
            problems: vec![Problem::of("name", (frame.t.form.fill_in)(frame.t.authentication.invitation.name))],
        }),
    ];
    for (name, answer) in answers {
        in_every_language(name, |frame| {
            let (answer, action) = (answer(&frame), "/invitation/t0ken".into());
            let frame = frame.branded(Some(offer().brand));
            InvitationPage { frame, action, offer: offer(), answer }.to_string()
        });
    }
}

#[test]
fn changes_are_made_on_well_formed_pages() {
    in_every_language("account-name", |frame| {
        FormPage::name(frame, masthead(Tab::Overview), "Priya Nair", Vec::new()).to_string()
    });
    in_every_language("account-email", |frame| {
        let problems = vec![Problem::of("email", frame.t.form.email_malformed)];
        FormPage::email(frame, masthead(Tab::Overview), "priya@riverside.example", "priya@", problems).to_string()
    });
    in_every_language("account-password", |frame| {
        FormPage::password(frame, masthead(Tab::Overview), "priya", ASKED, Vec::new()).to_string()
    });
    in_every_language("account-language", |frame| {
        LanguagePage { frame, masthead: masthead(Tab::Overview) }.to_string()
    });
}

#[test]
fn a_second_step_is_chosen_on_a_well_formed_page() {
    for (name, from, has_apps) in [("now", None, true), ("later", Some("1 December 2026"), true), ("key", None, false)]
    {
        in_every_language(&format!("account-enrolment-{name}"), |frame| {
            EnrolmentPage {
                frame,
                keys_href: Some("/account/security/passkeys".into()),
                apps_action: has_apps.then(|| "/account/security/apps".into()),
                sent: vec![SentChoice { kind: Kind::Email, href: "/account/security/email".into() }],
                later: from.map(str::to_owned),
                later_href: from.map(|_| "/account".into()),
                other_person_href: "/login/password".into(),
            }
            .to_string()
        });
    }
}

#[test]
fn codes_that_are_sent_are_set_up_on_well_formed_pages() {
    for (name, kind, to, is_waiting, may_send) in [
        ("new", Kind::Email, Some("p@r.example"), false, true),
        ("sent", Kind::Email, Some("p@r.example"), true, true),
        ("not-now", Kind::Email, None, false, false),
        ("phone", Kind::Sms, None, false, true),
        ("text", Kind::Sms, Some("+4512345678"), true, true),
    ] {
        in_every_language(&format!("account-sent-codes-{name}"), |frame| {
            let problems = vec![Problem::of("code", frame.t.authentication.sent.wrong)];
            SentCodesPage {
                frame,
                masthead: masthead(Tab::Security),
                kind,
                action: "/account/security/email".into(),
                cancel_href: "/account/security".into(),
                to: to.map(str::to_owned),
                is_waiting,
                may_send,
                number: "+45 <12>".into(),
                problems,
            }
            .to_string()
        });
    }
}

#[test]
fn what_somebody_signs_in_with_is_on_well_formed_pages() {
    let app = |number: u64, used: Option<u64>| AuthenticatorRow {
        kind: Kind::Totp,
        id: format!("fac_{number}"),
        name: format!("Phone <{number}>"),
        added: Duration::from_hours(24 * number),
        used: used.map(Duration::from_secs),
        closed: (number == 9).then(|| Duration::from_mins(5)),
    };
    for (name, apps) in [("none", vec![]), ("two", vec![app(1, Some(60)), app(9, None)])] {
        in_every_language(&format!("account-security-{name}"), |frame| {
            let problems = vec![Problem::whole(frame.t.account.security.too_many)];
            let apps = apps.iter().map(|app| AuthenticatorRow { id: app.id.clone(), name: app.name.clone(), ..*app });
            let (apps, masthead) = (apps.collect(), masthead(Tab::Security));
            SecurityPage {
                frame,
                masthead,
                notice: None,
                keys: vec![],
                can_have_keys: true,
                can_have_apps: true,
                sent: vec![SentWay { kind: Kind::Sms, rows: vec![], href: Some("/account/security/phone") }],
                remembered: 2,
                apps,
                codes_left: 1,
                looks_after_others: true,
                problems,
            }
            .to_string()
        });
    }
    in_every_language("account-security-set-up", |frame| {
        let problems = vec![Problem::of("code", frame.t.account.security.set_up.wrong)];
        let (action, picture) = ("/account/security/fac_1".into(), "<svg></svg>".into());
        let (seed, name) = ("GEZD GNBV".into(), "Phone".into());
        let address = "otpauth://totp/id.example:priya?secret=GEZDGNBV".into();
        let (masthead, cancel_href) = (masthead(Tab::Security), "/account/security".into());
        SetUpPage { frame, masthead, action, cancel_href, address, picture, seed, name, problems }.to_string()
    });
    for (name, is_last) in [("last", true), ("other", false)] {
        in_every_language(&format!("account-security-remove-{name}"), |frame| {
            let (action, name) = ("/account/security/fac_1/remove".into(), "Phone".into());
            RemovePage { frame, masthead: masthead(Tab::Security), action, name, is_last }.to_string()
        });
    }
    in_every_language("account-security-codes", |frame| {
        let codes = (0..10).map(|number| format!("0123-4567-89ab-cde{number}").into()).collect();
        CodesPage { frame, masthead: masthead(Tab::Security), codes, done_href: "/account/security".into() }.to_string()
    });
}

#[test]
fn lost_second_steps_are_well_formed() {
    let page = |frame: Frame, chosen: Option<Chosen>, problems: Vec<Problem>| RecoveriesPage {
        masthead: masthead(Tab::Security),
        notice: Some(frame.t.recovery.asked.to_owned()),
        chosen,
        others: vec![Other { href: "/account/recoveries?organization=harbour".into(), name: "Harbour Physio".into() }],
        email: "priya@riverside.example".into(),
        reason: "Lost <the> phone".into(),
        problems,
        frame,
    };
    let row = |frame: &Frame, id: &str, can_agree| Row {
        id: id.into(),
        person: "Priya <Nair>".into(),
        reason: "Lost <the> phone".into(),
        details: vec![(frame.t.recovery.asked_by)("Max"), (frame.t.recovery.until)("tomorrow")],
        can_agree,
        end: frame.t.recovery.refuse,
    };
    in_every_language("account-recoveries", |frame| {
        let waiting = vec![row(&frame, "rcv_1", true), row(&frame, "rcv_2", false)];
        let chosen = Chosen { slug: "riverside".into(), name: "Riverside Clinic".into(), waiting };
        let problems = vec![Problem::of("reason", frame.t.recovery.faults.reason)];
        page(frame, Some(chosen), problems).to_string()
    });
    in_every_language("account-recoveries-nowhere", |frame| page(frame, None, vec![]).to_string());
}
