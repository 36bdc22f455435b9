//! Signing out, both ways (core §3.7; profiles §4.4): we ask the identity provider, or it asks us.

use std::time::Duration;

use super::{
    assertion::NameId,
    response::{Refusal, name_id},
};
use crate::{
    clock::Timestamp,
    random::Random,
    saml::{
        names,
        redirect::Kind,
        sending::{Message, fresh_id},
        signature::Verified,
        xml::{Element, Unexpected, escaped, instant},
    },
};

/// Sessions that one request names at most.
const MOST_SESSIONS: usize = 100;

/// Who writes, and where to.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'w> {
    /// What we are called.
    pub entity_id: &'w str,
    /// Where it goes.
    pub destination: &'w str,
    /// The time.
    pub now: Timestamp,
}

/// Whom an identity provider wants to be signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its ID, to be answered.
    pub id: String,
    /// Who.
    pub name_id: NameId,
    /// Of which sessions there; of all where there is none.
    pub sessions: Vec<String>,
}

/// How a request was answered (core §3.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody is signed in any more.
    Done,
    /// Nobody was found, or it could not be done.
    Failed,
}

/// A request to sign somebody out there.
#[must_use]
pub fn request(writing: &Writing<'_>, name_id: &NameId, session: Option<&str>, random: &Random) -> Message {
    let id = fresh_id(random);
    let before = head("LogoutRequest", &id, writing, "");
    let qualifier = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!(" {name}=\"{}\"", escaped(value))).unwrap_or_default()
    };
    let index = session.map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escaped(index)));
    let after = format!(
        "<saml:NameID Format=\"{}\"{}{}>{}</saml:NameID>{}</samlp:LogoutRequest>",
        escaped(&name_id.format),
        qualifier("NameQualifier", &name_id.name_qualifier),
        qualifier("SPNameQualifier", &name_id.sp_name_qualifier),
        escaped(&name_id.value),
        index.unwrap_or_default(),
    );
    Message { kind: Kind::Request, id, before, after }
}

/// The answer to a request.
#[must_use]
pub fn response(writing: &Writing<'_>, request: &str, outcome: Outcome, random: &Random) -> Message {
    let id = fresh_id(random);
    let before = head("LogoutResponse", &id, writing, &format!(" InResponseTo=\"{}\"", escaped(request)));
    let code = match outcome {
        Outcome::Done => names::SUCCESS,
        Outcome::Failed => "urn:oasis:names:tc:SAML:2.0:status:Responder",
    };
    let after = format!("<samlp:Status><samlp:StatusCode Value=\"{code}\"/></samlp:Status></samlp:LogoutResponse>");
    Message { kind: Kind::Response, id, before, after }
}

fn head(name: &str, id: &str, writing: &Writing<'_>, more: &str) -> String {
    format!(
        "<samlp:{name} xmlns:samlp=\"{protocol}\" xmlns:saml=\"{assertion}\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{now}\" Destination=\"{destination}\"{more}><saml:Issuer>{issuer}</saml:Issuer>",
        protocol = names::PROTOCOL,
        assertion = names::ASSERTION,
        now = writing.now,
        destination = escaped(writing.destination),
        issuer = escaped(writing.entity_id),
    )
}

/// What a message about signing out has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// From whom.
    pub issuer: &'e str,
    /// Where it was sent.
    pub destination: &'e str,
    /// The time here.
    pub now: Timestamp,
    /// How far the clock there may differ.
    pub skew: Duration,
}

/// Reads a request of an identity provider.
///
/// # Errors
/// [`Refusal`].
pub fn read_request(message: &Verified, expected: &Expected<'_>) -> Result<Request, Refusal> {
    let tree = message.tree();
    let root = checked(tree.root(), "LogoutRequest", expected)?;
    let end = root.attribute("NotOnOrAfter").map(|text| instant(text).ok_or(Unexpected::Missing("NotOnOrAfter")));
    if end.transpose()?.is_some_and(|end| end.plus(expected.skew) <= expected.now) {
        return Err(Refusal::Expired("the request to sign somebody out"));
    }
    let sessions: Result<Vec<_>, _> = root.named(names::PROTOCOL, "SessionIndex").map(Element::text).collect();
    let sessions = sessions?;
    if sessions.len() > MOST_SESSIONS {
        return Err(Refusal::TooMany);
    }
    let id = root.attribute("ID").ok_or(Unexpected::Missing("ID"))?.to_owned();
    Ok(Request { id, name_id: name_id(root.only(names::ASSERTION, "NameID")?)?, sessions })
}

/// Reads the answer to our request with this ID.
///
/// # Errors
/// [`Refusal`].
pub fn read_response(message: &Verified, request: &str, expected: &Expected<'_>) -> Result<Outcome, Refusal> {
    let tree = message.tree();
    let root = checked(tree.root(), "LogoutResponse", expected)?;
    if root.attribute("InResponseTo") != Some(request) {
        return Err(Refusal::InResponseTo);
    }
    let code = root.only(names::PROTOCOL, "Status")?.only(names::PROTOCOL, "StatusCode")?;
    Ok(if code.attribute("Value") == Some(names::SUCCESS) { Outcome::Done } else { Outcome::Failed })
}

fn checked<'x>(root: Element<'x>, name: &'static str, expected: &Expected<'_>) -> Result<Element<'x>, Refusal> {
    if !root.is(names::PROTOCOL, name) || root.attribute("Version") != Some("2.0") {
        return Err(Refusal::NoResponse);
    }
    let issuer = root.only(names::ASSERTION, "Issuer")?.text()?;
    if issuer != expected.issuer {
        return Err(Refusal::Issuer(issuer));
    }
    let written = root.attribute("IssueInstant").and_then(instant).ok_or(Unexpected::Missing("IssueInstant"))?;
    if written > expected.now.plus(expected.skew) {
        return Err(Refusal::NotYet("the message"));
    }
    if written.plus(OLDEST).plus(expected.skew) <= expected.now {
        return Err(Refusal::Expired("the message"));
    }
    match root.attribute("Destination") {
        Some(destination) if destination == expected.destination => Ok(root),
        other => Err(Refusal::Destination(other.unwrap_or_default().to_owned())),
    }
}

/// How old a message about signing out may be.
const OLDEST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::{
        certificate::Trusted,
        signature,
        testing::{IDP, NOW, OTHER, THEIRS, US, trusted},
        xml::Xml,
    };

    const SLO: &str = "https://id.clinic.example/saml/ups_1/slo";

    fn expected() -> Expected<'static> {
        Expected { issuer: IDP, destination: SLO, now: NOW, skew: Duration::from_secs(60) }
    }

    fn name() -> NameId {
        NameId {
            value: "a<b>&\"c\"".to_owned(),
            format: names::PERSISTENT.to_owned(),
            name_qualifier: Some(IDP.to_owned()),
            sp_name_qualifier: None,
        }
    }

    fn verified(message: &Message, trusted: &Trusted) -> Option<Verified> {
        let xml = Xml::message(message.signed(&THEIRS).expect("signed").as_bytes()).expect("XML");
        signature::verify(&xml, trusted).ok()
    }

    fn theirs() -> Writing<'static> {
        Writing { entity_id: IDP, destination: SLO, now: NOW }
    }

    #[test]
    fn who_is_to_be_signed_out_is_read_as_it_was_written() {
        let message = request(&theirs(), &name(), Some("_s<1>"), &Random::seeded(1));
        let found = read_request(&verified(&message, &trusted(&THEIRS)).expect("signed"), &expected()).expect("read");
        assert_eq!(found, Request { id: message.id.clone(), name_id: name(), sessions: vec!["_s<1>".to_owned()] });
        let all = request(&theirs(), &name(), None, &Random::seeded(1));
        let found = read_request(&verified(&all, &trusted(&THEIRS)).expect("signed"), &expected()).expect("read");
        assert!(found.sessions.is_empty());
        assert!(verified(&message, &trusted(&OTHER)).is_none());
    }

    #[test]
    fn a_request_of_another_for_another_or_of_another_time_is_refused() {
        let good = theirs();
        for (case, writing, part) in [
            ("another issuer", Writing { entity_id: US, ..good }, "Issuer"),
            ("another address", Writing { destination: "https://x.example", ..good }, "Destination"),
            ("old", Writing { now: NOW.minus(Duration::from_secs(700)), ..good }, "Expired"),
            ("of tomorrow", Writing { now: NOW.plus(Duration::from_secs(61)), ..good }, "NotYet"),
        ] {
            let message = request(&writing, &name(), None, &Random::seeded(1));
            let told = read_request(&verified(&message, &trusted(&THEIRS)).expect("signed"), &expected());
            assert!(format!("{told:?}").contains(part), "{case}: {told:?}");
        }
        let answer = response(&good, "_1", Outcome::Done, &Random::seeded(1));
        let told = read_request(&verified(&answer, &trusted(&THEIRS)).expect("signed"), &expected());
        assert_eq!(told, Err(Refusal::NoResponse), "an answer is no request");
    }

    #[test]
    fn an_answer_says_what_came_of_our_request() {
        for outcome in [Outcome::Done, Outcome::Failed] {
            let message = response(&theirs(), "_1", outcome, &Random::seeded(1));
            let verified = verified(&message, &trusted(&THEIRS)).expect("signed");
            assert_eq!(read_response(&verified, "_1", &expected()), Ok(outcome));
            assert_eq!(read_response(&verified, "_2", &expected()), Err(Refusal::InResponseTo));
        }
    }
}
