//! Letters to a real server on a real socket: a small SMTP sink with scripted faults.

mod sink;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use self::sink::{Fault, Sink, Tls};
use super::*;
use crate::{
    clock::Timestamp,
    config::{Config, Sources},
    text::EmailAddress,
};

fn mailer(sources: &Sources) -> Mailer {
    let config = Config::load(sources).expect("right").mail;
    Mailer::new(&config, Clock::fixed(Timestamp(1_795_336_200_000)), Random::seeded(1)).expect("a mailer")
}

fn letter(to: &str) -> Message {
    let to: EmailAddress = to.parse().expect("an address");
    let content = Content { subject: "Invitation to Ærø", text: "Hello\n.\nBye", html: "<p>Hello</p>" };
    Message::new(&to, "invitation", content).expect("a letter")
}

fn to_sink(sink: &Sink, scheme: &str) -> Sources {
    Sources::none()
        .with("mail.smtp", format!("{scheme}://localhost:{}", sink.port))
        .with("mail.from", "Clinic <no-reply@clinic.example>")
        .with("mail.timeout", "2s")
        .with("mail.ca_file", sink.ca_file.path().display().to_string())
}

#[tokio::test]
async fn a_letter_reaches_the_server_over_each_kind_of_connection() {
    for (tls, scheme) in [(Tls::None, "smtp+plain"), (Tls::Start, "smtp"), (Tls::Implicit, "smtps")] {
        let sink = Sink::start(tls, Fault::None);
        let mailer = mailer(&to_sink(&sink, scheme));
        mailer.check().await.expect("the server answers");
        mailer.send(&letter("olivia@riverside.example")).await.expect(scheme);
        let received = sink.received();
        assert!(received.contains("MAIL FROM:<no-reply@clinic.example>"), "{received}");
        assert!(received.contains("RCPT TO:<olivia@riverside.example>"), "{received}");
        assert!(received.contains("Auto-Submitted: auto-generated"), "{received}");
        assert!(received.contains("\r\n..\r\n"), "a lone dot is stuffed\n{received}");
    }
}

#[tokio::test]
async fn the_password_travels_inside_tls_alone() {
    let sink = Sink::start(Tls::Start, Fault::None);
    let sources = to_sink(&sink, "smtp").with("mail.username", "lanyard").with("mail.password", "s3cret");
    mailer(&sources).send(&letter("a@clinic.example")).await.expect("sent");
    assert!(sink.received().contains("AUTH PLAIN AGxhbnlhcmQAczNjcmV0"), "{}", sink.received());
    assert!(!sink.received_in_the_clear().contains("AUTH"), "{}", sink.received_in_the_clear());
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_letter() {
    let sink = Sink::start(Tls::None, Fault::None);
    let sent = mailer(&to_sink(&sink, "smtp")).send(&letter("a@clinic.example")).await;
    assert!(matches!(&sent, Err(SendError::TryAgain(cause)) if cause.contains("STARTTLS")), "{sent:?}");
    assert!(!sink.received().contains("MAIL FROM"), "{}", sink.received());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_letter() {
    for (tls, scheme) in [(Tls::Start, "smtp"), (Tls::Implicit, "smtps")] {
        let sink = Sink::start(tls, Fault::None);
        let sent = mailer(&to_sink(&sink, scheme).with("mail.ca_file", "")).send(&letter("a@clinic.example")).await;
        assert!(matches!(sent, Err(SendError::TryAgain(_))), "{scheme} {sent:?}");
        assert!(!sink.received().contains("MAIL FROM"), "{}", sink.received());
    }
}

#[tokio::test]
async fn failures_say_whether_to_try_again() {
    for (fault, again) in [
        (Fault::AnswerTo("MAIL", "450 4.2.1 busy"), true),
        (Fault::AnswerTo("RCPT", "450 4.2.1 mailbox busy"), true),
        (Fault::AnswerTo("RCPT", "550 5.1.1 no such user"), false),
        (Fault::AnswerTo("DATA", "554 5.7.1 refused"), false),
        (Fault::AnswerTo("MAIL", "530 5.7.0 authentication required"), true),
        (Fault::AnswerTo("EHLO", "554 5.7.1 no service"), true),
        (Fault::HangUpAfter("RCPT"), true),
        (Fault::SilenceAfter("RCPT"), true),
        (Fault::SilenceAfter("DATA"), true),
        (Fault::SilenceAfter("CONNECT"), true),
    ] {
        let sink = Sink::start(Tls::None, fault);
        let sent =
            mailer(&to_sink(&sink, "smtp+plain").with("mail.timeout", "1s")).send(&letter("a@clinic.example")).await;
        let error = sent.expect_err("a fault");
        assert_eq!(matches!(error, SendError::TryAgain(_)), again, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_configuration_s_fault() {
    let sink = Sink::start(Tls::Implicit, Fault::AnswerTo("AUTH", "535 5.7.8 wrong password"));
    let sources = to_sink(&sink, "smtps").with("mail.username", "lanyard").with("mail.password", "s3cret");
    let sent = mailer(&sources).send(&letter("a@clinic.example")).await;
    assert!(
        matches!(&sent, Err(SendError::TryAgain(cause)) if cause.contains("535") || cause.contains("wrong")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mailer = mailer(&Sources::none().with("mail.smtp", format!("smtp+plain://127.0.0.1:{port}")));
    assert!(matches!(mailer.check().await, Err(SendError::TryAgain(_))));
    assert!(matches!(mailer.send(&letter("a@clinic.example")).await, Err(SendError::TryAgain(_))));
}

#[test]
fn a_missing_authority_is_named_with_its_key() {
    let sources = Sources::none().with("mail.smtp", "smtps://mail.example").with("mail.ca_file", "no/such/file.pem");
    let config = Config::load(&sources).expect("right").mail;
    let error = Mailer::new(&config, Clock::System, Random::seeded(1)).expect_err("no file").to_string();
    assert!(error.starts_with("`mail.ca_file` no/such/file.pem: No such file"), "{error}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn letters_in_a_folder_are_files_with_names_that_tell() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mail");
    let mailer = mailer(&Sources::none().with("mail.folder", path.display().to_string()));
    mailer.check().await.expect("writable");
    mailer.send(&letter("olivia@riverside.example")).await.expect("written");
    mailer.send(&letter("o'neil@riverside.example")).await.expect("written");
    let names = names(&path);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("2026-11-22T08-30-00Z-invitation-o_neil@riverside.example-"), "{names:?}");
    assert!(names[1].starts_with("2026-11-22T08-30-00Z-invitation-olivia@riverside.example-"), "{names:?}");
    let text = fs::read_to_string(path.join(&names[1])).expect("a file");
    assert!(text.contains("To: olivia@riverside.example\r\n"), "{text}");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&path.join(&names[1]))), (0o700, 0o600), "letters are for nobody else");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mailer = mailer(&Sources::none().with("mail.folder", file.path().join("mail").display().to_string()));
    assert!(matches!(mailer.check().await, Err(SendError::TryAgain(_))));
    assert!(matches!(mailer.send(&letter("a@clinic.example")).await, Err(SendError::TryAgain(_))));
}

#[test]
fn a_letter_takes_less_time_than_the_lease_of_its_job() {
    let longest = Config::load(&Sources::none().with("mail.timeout", "90s"));
    assert!(longest.is_ok() && Duration::from_secs(90) < crate::jobs::retry::LEASE);
    assert!(Config::load(&Sources::none().with("mail.timeout", "91s")).is_err());
}
