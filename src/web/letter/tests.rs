//! Every letter in every language.

use super::*;
use crate::{
    setting::demand::Level,
    web::{gallery, site::tests::site},
};

const AT: Timestamp = Timestamp(1_795_320_000_000);

const CHANGES: [FactorChange; 18] = [
    FactorChange::TextAdded,
    FactorChange::TextRemoved,
    FactorChange::LastTextRemoved,
    FactorChange::Added,
    FactorChange::Removed,
    FactorChange::PasskeyAdded,
    FactorChange::PasskeyRemoved,
    FactorChange::PasskeyClosed,
    FactorChange::LastRemoved,
    FactorChange::LastPasskeyRemoved,
    FactorChange::MailAdded,
    FactorChange::MailRemoved,
    FactorChange::LastMailRemoved,
    FactorChange::CodesGuessed,
    FactorChange::Reset,
    FactorChange::TakenBack,
    FactorChange::CodesMade,
    FactorChange::CodeUsed,
];

fn with_ways_back(head: &Letterhead) -> [Letter; 4] {
    let (at, href) = (AT, "https://id.example/take-back/t0ken");
    let first = |what| head.first_factor(what, at, href);
    [
        first(FactorChange::Added),
        first(FactorChange::PasskeyAdded),
        first(FactorChange::MailAdded),
        head.email_moved(at, href),
    ]
}

fn of_recoveries(head: &Letterhead) -> Vec<Letter> {
    let (until, href) = (AT, "https://id.example/recovery/t0ken");
    let asked = RecoveryStep::Asked { organization: "Riverside & Sons", until };
    let steps =
        [asked, RecoveryStep::Agreed, RecoveryStep::Shown, RecoveryStep::Ended].map(|step| head.recovery(&step, href));
    let news = [RecoveryNews::Asked, RecoveryNews::Agreed, RecoveryNews::Ended, RecoveryNews::Used];
    let delayed = head.recovery_delayed("Priya <b>", until, href);
    let safe = ("safe", "Riverside & Sons");
    let whence = |news| if matches!(news, EmergencyNews::Made) { "" } else { "192.0.2.7" };
    let emergencies = EmergencyNews::ALL.map(|news| head.emergency(news, safe, (whence(news), until), href));
    steps
        .into_iter()
        .chain([delayed])
        .chain(emergencies)
        .chain(news.map(|news| head.recovery_news(news, "Priya <b>", href)))
        .collect()
}

fn letters(language: Language) -> Vec<Letter> {
    let site = site("https://id.example");
    let head = Letterhead::new(language, &site).addressed_to("Priya <b>");
    let clinic = head.clone().branded(Some(gallery::brand("Riverside & Sons", Some("f2b705"))));
    let invited = Invited {
        organization: "Riverside & Sons",
        invited_by: Some("Max"),
        has_account: false,
        href: "https://id.example/invitation/t0ken",
        expires_at: AT,
    };
    let mut letters = vec![
        clinic.invitation(invited),
        Letterhead::new(language, &site).invitation(Invited { invited_by: None, has_account: true, ..invited }),
        head.password_reset("https://id.example/password/t0ken"),
        head.email_verification("priya@riverside.example", "https://id.example/email/t0ken"),
        head.password_changed(AT, "https://id.example/password/forgotten"),
        head.email_changed(AT, "https://id.example/account"),
        clinic.welcome("Riverside & Sons", "https://id.example/account"),
        head.welcome("Two\r\nLines", "https://id.example/account"),
        head.account_locked(Some(AT), "https://id.example/password/forgotten"),
        head.new_device("Firefox/133 (Windows)", "192.0.2.7", AT, "https://id.example/account/sessions"),
        head.code("123 456", ("Firefox/133 (Windows)", "192.0.2.7 (DK)", AT), "https://id.example/account/password"),
        head.account_locked(None, "https://id.example/password/forgotten"),
        head.request_waiting("https://id.example/account/requests"),
    ];
    let suspicions = [
        Suspicion::Country { name: "Priya <b>", country: "SE" },
        Suspicion::Travel { name: "Priya", country: "SE", former: "DK" },
        Suspicion::Device { name: "Priya" },
        Suspicion::Theft { name: "Priya" },
        Suspicion::Failures { name: "Priya", times: 10 },
        Suspicion::Spraying { times: 10 },
    ];
    letters.extend(suspicions.map(|what| head.suspicion(&what, ("192.0.2.7", AT), "https://id.example/account")));
    let (named, href) = ("Riverside & Sons", "https://id.example/account/security");
    letters.extend([
        head.factor_required(named, (Level::MultiFactor, None), href),
        head.factor_required(named, (Level::PhishingResistant, Some(AT)), href),
        head.factor_not_required(named, href),
    ]);
    letters.extend(with_ways_back(&head));
    letters.extend(of_recoveries(&head));
    letters.extend(CHANGES.map(|what| head.factors_changed(what, AT, "https://id.example/account/security")));
    letters
}

#[test]
fn every_letter_is_one_line_of_subject_with_one_link_in_both_forms() {
    for language in Language::ALL {
        for (number, letter) in letters(language).into_iter().enumerate() {
            assert!(!letter.subject.chars().any(char::is_control), "{letter:?}");
            assert_eq!(letter.text.matches("https://id.example/").count(), 1, "{}", letter.text);
            assert_eq!(letter.html.matches("href=\"https://id.example/").count(), 1, "{}", letter.html);
            assert!(!letter.html.contains("<b>") && !letter.text.contains("&#"), "{letter:?}");
            assert!(!letter.text.contains("\n\n\n"), "{}", letter.text);
            gallery::write(&format!("letter-{}-{number}.{}", letter.kind, language.tag()), &letter.html);
        }
    }
}

#[test]
fn only_who_has_an_account_gets_a_letter_because_of_it() {
    let letters = letters(Language::English);
    let [to_stranger, to_member, reset, ..] = letters.as_slice() else { panic!("three letters") };
    for (letter, has_account) in [(to_stranger, false), (to_member, true), (reset, true)] {
        for form in [&letter.text, &letter.html] {
            assert_eq!(form.contains("because of your account at https://id.example."), has_account, "{form}");
            assert_eq!(form.contains("invited this address at https://id.example."), !has_account, "{form}");
        }
    }
}

#[test]
fn a_letter_reads_well_as_text() {
    let reset = letters(Language::English).remove(2);
    assert_eq!(
        reset.text,
        "Hello Priya <b>,\n\nSomebody, hopefully you, asked for a new password for your account.\n\n\
         Choose new password:\nhttps://id.example/password/t0ken\n\nThe link works once, for one hour.\n\n\
         It wasn’t you? Then there’s nothing to do: your password stays as it is.\n\n-- \n\
         You get this e-mail because of your account at https://id.example.\n\
         This message was sent automatically; replies are not read.\n"
    );
}
