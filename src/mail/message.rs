//! A letter and its form on the wire (RFC 5322, MIME `multipart/alternative` by RFC 2046 §5.1.4).

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address,
    message::{
        Mailbox, MultiPart, MultiPartBuilder, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

use super::SendError;
use crate::{clock::Timestamp, text::EmailAddress};

/// A letter to one person, as text and as HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    to: Address,
    subject: String,
    text: String,
    html: String,
    kind: String,
}

/// Why something is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmailable {
    /// The recipient has no address that mail can be sent to.
    #[error("the recipient is not an address that mail can be sent to")]
    Recipient,
    /// The subject is empty, or it has line breaks or other control characters.
    #[error("the subject is empty or has control characters")]
    Subject,
    /// The kind is no word of lower-case letters, digits and hyphens.
    #[error("the kind of a letter is a word of lower-case letters, digits and hyphens")]
    Kind,
}

/// What a letter is made of.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// One line.
    pub subject: &'a str,
    /// The letter for readers without HTML.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
}

impl Message {
    /// A letter; `kind` names it in the log (`invitation`, `password-reset`).
    ///
    /// # Errors
    /// [`Unmailable`] before anything could reach a header.
    pub fn new(to: &EmailAddress, kind: &str, content: Content<'_>) -> Result<Self, Unmailable> {
        let to = to.as_str().parse().map_err(|_| Unmailable::Recipient)?;
        if content.subject.trim().is_empty() || content.subject.contains(char::is_control) {
            return Err(Unmailable::Subject);
        }
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(Unmailable::Kind);
        }
        Ok(Self {
            to,
            subject: content.subject.to_owned(),
            text: content.text.to_owned(),
            html: content.html.to_owned(),
            kind: kind.to_owned(),
        })
    }

    /// Which letter it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn to(&self) -> &Address {
        &self.to
    }

    /// The letter as it travels; `id` makes it unique in the world.
    pub(super) fn compose(&self, from: &Mailbox, now: Timestamp, id: &str) -> Result<lettre::Message, SendError> {
        let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        let body = alternatives(id)
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(self.text.clone()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(self.html.clone()));
        lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.clone()))
            .subject(self.subject.clone())
            .date(date)
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .header(AutoSubmitted)
            .multipart(body)
            .map_err(|error| SendError::GiveUp(format!("the letter cannot be composed: {error}")))
    }
}

impl fmt::Debug for Message {
    /// Without the text: it carries links that sign somebody in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn alternatives(id: &str) -> MultiPartBuilder {
    MultiPart::builder().kind(lettre::message::MultiPartKind::Alternative).boundary(format!("lanyard-{id}"))
}

/// Tells out-of-office replies to stay silent (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::from_stored(text.to_owned())
    }

    fn composed(subject: &str, text: &str) -> String {
        let content = Content { subject, text, html: "<p>Hello</p>" };
        let message = Message::new(&address("olivia@riverside.example"), "invitation", content).expect("a letter");
        let from = "Clinic <no-reply@clinic.example>".parse().expect("a sender");
        let letter = message.compose(&from, Timestamp(1_763_800_000_000), "0123").expect("composed");
        String::from_utf8(letter.formatted()).expect("ASCII")
    }

    #[test]
    fn a_letter_has_the_headers_of_an_automatic_one() {
        let letter = composed("You are invited", "Hello");
        for line in [
            "From: Clinic <no-reply@clinic.example>",
            "To: olivia@riverside.example",
            "Subject: You are invited",
            "Date: Sat, 22 Nov 2025 08:26:40 +0000",
            "Message-ID: <0123@clinic.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(letter.contains(&format!("{line}\r\n")), "{line}\n{letter}");
        }
        assert!(letter.contains("Content-Type: multipart/alternative;"), "{letter}");
        assert!(letter.is_ascii());
    }

    #[test]
    fn letters_in_any_language_travel_as_ascii() {
        let letter = composed("Invitación: Ærøskøbing", "Hej Åse\n.\nen línea");
        assert!(letter.is_ascii());
        assert!(letter.contains("Subject: =?utf-8?b?SW52aXRhY2nDs246IMOGcsO4c2vDuGJpbmc=?="), "{letter}");
        assert!(letter.contains("Hej =C3=85se\r\n"), "{letter}");
    }

    #[test]
    fn nothing_smuggles_a_header_in() {
        let content = |subject| Content { subject, text: "x", html: "x" };
        for (to, kind, subject, expected) in [
            ("a@clinic.example", "invitation", "Hello\r\nBcc: all@clinic.example", Some(Unmailable::Subject)),
            ("a@clinic.example", "invitation", "Hello\nBcc: all@clinic.example", Some(Unmailable::Subject)),
            ("a@clinic.example", "invitation", "Hello\u{85}Bcc", Some(Unmailable::Subject)),
            ("a@clinic.example", "invitation", " ", Some(Unmailable::Subject)),
            ("a@clinic.example\r\nBcc: b@clinic.example", "invitation", "Hello", Some(Unmailable::Recipient)),
            ("a@clinic.example, b@clinic.example", "invitation", "Hello", Some(Unmailable::Recipient)),
            ("a@clinic.example>", "invitation", "Hello", Some(Unmailable::Recipient)),
            ("a@clinic.example", "../invitation", "Hello", Some(Unmailable::Kind)),
            ("a@clinic.example", "invitation", "Hello", None),
        ] {
            let refused = Message::new(&address(to), kind, content(subject)).err();
            assert_eq!(refused, expected, "{to} {kind} {subject:?}");
        }
    }

    #[test]
    fn the_text_is_never_printed() {
        let content = Content { subject: "secret subject", text: "https://secret", html: "secret" };
        let message = Message::new(&address("a@clinic.example"), "invitation", content).expect("a letter");
        assert_eq!(format!("{message:?}"), "Message { kind: \"invitation\", .. }");
    }
}
