//! The mails that the demo keeps instead of sending: a list, and each as text.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mailparse::MailHeaderMap;

use super::{Calendar, page::show};

/// Mails that are listed.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "demo/mails.html")]
struct Mails {
    mails: Vec<String>,
}

#[derive(Template)]
#[template(path = "demo/mail.html")]
struct Mail {
    subject: String,
    to: String,
    lines: Vec<String>,
}

/// `GET /mail`: the newest first.
pub(super) async fn list(State(app): State<Calendar>) -> Response {
    let mut mails = vec![];
    if let Ok(mut folder) = tokio::fs::read_dir(&app.0.mail).await {
        while let Ok(Some(entry)) = folder.next_entry().await {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_mail(&name) {
                mails.push(name);
            }
        }
    }
    mails.sort_by(|a, b| b.cmp(a));
    mails.truncate(MOST);
    show(&Mails { mails })
}

/// `GET /mail/{name}`
pub(super) async fn one(State(app): State<Calendar>, Path(name): Path<String>) -> Response {
    if !is_mail(&name) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let bytes = tokio::fs::read(app.0.mail.join(&name)).await.ok();
    match bytes.as_deref().and_then(read) {
        Some(mail) => show(&mail),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A plain file name: never a path.
fn is_mail(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@+".contains(&b));
    let is_message = name.strip_suffix(".eml").is_some_and(|stem| !stem.is_empty());
    is_message && plain && !name.contains("..")
}

/// Headers and the plain text of a message (RFC 5322, MIME).
fn read(bytes: &[u8]) -> Option<Mail> {
    let message = mailparse::parse_mail(bytes).ok()?;
    let plain = message.parts().find(|part| part.ctype.mimetype == "text/plain")?.get_body().ok()?;
    Some(Mail {
        subject: message.headers.get_first_value("Subject").unwrap_or_default(),
        to: message.headers.get_first_value("To").unwrap_or_default(),
        lines: plain.lines().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_named_by_a_file_and_nothing_else() {
        for (name, expected) in
            [("20261122-invitation.eml", true), ("../lanyard.db.eml", false), ("a/b.eml", false), ("master.key", false)]
        {
            assert_eq!(is_mail(name), expected, "{name}");
        }
    }

    #[test]
    fn the_text_of_a_mail_is_decoded() {
        let text = b"Subject: =?utf-8?q?Hej_=C3=85se?=\r\nTo: a@x.dk\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nK=C3=A6re =\r\n=C3=85se\r\n";
        let mail = read(text).unwrap();
        assert_eq!((mail.subject.as_str(), mail.lines[0].as_str()), ("Hej Åse", "Kære Åse"));
    }
}
