//! An assertion that was signed, read and checked (core §2.3 to §2.7; profiles §4.1.4.2).

use super::{Expected, Refusal};
use crate::{
    clock::Timestamp,
    saml::{
        names,
        sp::assertion::{Assertion, Attribute, Authn, NameId},
        xml::{Element, Unexpected, instant},
    },
};

/// Values of attributes that are read.
const MOST_VALUES: usize = 5_000;

/// Characters of a value.
const LONGEST: usize = 8 * 1024;

/// Reads an assertion.
pub(super) fn assertion(assertion: Element<'_>, expected: &Expected<'_>) -> Result<Assertion, Refusal> {
    if !assertion.is(names::ASSERTION, "Assertion") || assertion.attribute("Version") != Some("2.0") {
        return Err(Refusal::NoResponse);
    }
    let id = assertion.attribute("ID").filter(|id| !id.is_empty()).ok_or(Unexpected::Missing("ID"))?;
    let issuer = issuer(assertion.only(names::ASSERTION, "Issuer")?, expected)?;
    let subject = assertion.only(names::ASSERTION, "Subject")?;
    let confirmed = confirmed(subject, expected)?;
    let ends = conditions(assertion.only(names::ASSERTION, "Conditions")?, expected)?;
    Ok(Assertion {
        id: id.to_owned(),
        ends: ends.max(Some(confirmed)).unwrap_or(confirmed).plus(expected.skew),
        issuer,
        name_id: name_id(subject.only(names::ASSERTION, "NameID")?)?,
        attributes: attributes(assertion)?,
        authn: authn(assertion, expected)?,
    })
}

/// Core §2.2.5: who says so.
pub(super) fn issuer(issuer: Element<'_>, expected: &Expected<'_>) -> Result<String, Refusal> {
    let text = issuer.text()?;
    let is_entity = issuer.attribute("Format").is_none_or(|format| format == names::ENTITY);
    if text == expected.from.entity_id && is_entity { Ok(text) } else { Err(Refusal::Issuer(short(&text))) }
}

/// Core §2.2.3.
pub(in crate::saml::sp) fn name_id(element: Element<'_>) -> Result<NameId, Refusal> {
    let value = element.text()?;
    if value.is_empty() || value.len() > 1024 {
        return Err(Unexpected::Missing("NameID").into());
    }
    let text = |name| element.attribute(name).map(str::to_owned);
    Ok(NameId {
        value,
        format: text("Format").unwrap_or_else(|| names::UNSPECIFIED.to_owned()),
        name_qualifier: text("NameQualifier"),
        sp_name_qualifier: text("SPNameQualifier"),
    })
}

/// Profiles §4.1.4.2: whoever brings it is its subject, if it was made for this address and this request. Gives until when.
fn confirmed(subject: Element<'_>, expected: &Expected<'_>) -> Result<Timestamp, Refusal> {
    let bearers = subject
        .named(names::ASSERTION, "SubjectConfirmation")
        .filter(|confirmation| confirmation.attribute("Method") == Some(names::BEARER));
    let mut refused = Refusal::Confirmation("there is no confirmation by bearer");
    for bearer in bearers {
        match bearer_holds(bearer, expected) {
            Ok(end) => return Ok(end),
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}

fn bearer_holds(bearer: Element<'_>, expected: &Expected<'_>) -> Result<Timestamp, Refusal> {
    let data = bearer.only(names::ASSERTION, "SubjectConfirmationData")?;
    if data.attribute("Recipient") != Some(expected.consumer) {
        return Err(Refusal::Confirmation("its recipient is another address"));
    }
    if data.attribute("NotBefore").is_some() {
        return Err(Refusal::Confirmation("it begins later, which a bearer's may not"));
    }
    if data.attribute("InResponseTo") != expected.request {
        return Err(Refusal::InResponseTo);
    }
    let end = data.attribute("NotOnOrAfter").and_then(instant);
    let end = end.ok_or(Refusal::Confirmation("it has no end"))?;
    if end.plus(expected.skew) <= expected.now {
        return Err(Refusal::Expired("the confirmation of the subject"));
    }
    Ok(end)
}

/// Core §2.5. Gives until when they hold, if they say so.
fn conditions(conditions: Element<'_>, expected: &Expected<'_>) -> Result<Option<Timestamp>, Refusal> {
    if timed(conditions, "NotBefore")?.is_some_and(|begin| begin > expected.now.plus(expected.skew)) {
        return Err(Refusal::NotYet("the conditions"));
    }
    let end = timed(conditions, "NotOnOrAfter")?;
    if end.is_some_and(|end| end.plus(expected.skew) <= expected.now) {
        return Err(Refusal::Expired("the conditions"));
    }
    let mut is_ours = false;
    for condition in conditions.elements() {
        match condition.name() {
            (names::ASSERTION, "AudienceRestriction") => {
                let audiences: Result<Vec<_>, _> =
                    condition.named(names::ASSERTION, "Audience").map(Element::text).collect();
                if !audiences?.iter().any(|audience| audience == expected.entity_id) {
                    return Err(Refusal::Audience);
                }
                is_ours = true;
            }
            // Each is taken once anyway, and none is handed on.
            (names::ASSERTION, "OneTimeUse" | "ProxyRestriction") => {}
            (_, other) => return Err(Refusal::Condition(short(other))),
        }
    }
    if is_ours { Ok(end) } else { Err(Refusal::Audience) }
}

/// An instant that is there is one.
fn timed(element: Element<'_>, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = element.attribute(name) else { return Ok(None) };
    instant(text).map(Some).ok_or(Refusal::Form(Unexpected::Missing(name)))
}

/// Core §2.7.2: the last sign-in that is told of.
fn authn(assertion: Element<'_>, expected: &Expected<'_>) -> Result<Authn, Refusal> {
    let statements = assertion.named(names::ASSERTION, "AuthnStatement");
    let statement = statements.last().ok_or(Unexpected::Missing("AuthnStatement"))?;
    let instant = timed(statement, "AuthnInstant")?.ok_or(Unexpected::Missing("AuthnInstant"))?;
    if instant > expected.now.plus(expected.skew) {
        return Err(Refusal::NotYet("the sign-in"));
    }
    let session_until = timed(statement, "SessionNotOnOrAfter")?;
    if session_until.is_some_and(|end| end.plus(expected.skew) <= expected.now) {
        return Err(Refusal::Expired("the session at the identity provider"));
    }
    let context = statement.optional(names::ASSERTION, "AuthnContext")?;
    let class =
        context.map(|context| context.optional(names::ASSERTION, "AuthnContextClassRef")).transpose()?.flatten();
    let context = class.map(Element::text).transpose()?;
    let is_asked_for = context.as_ref().is_some_and(|context| expected.contexts.contains(context));
    if !expected.contexts.is_empty() && !is_asked_for {
        return Err(Refusal::Context(short(&context.unwrap_or_default())));
    }
    let session_index = statement.attribute("SessionIndex").map(str::to_owned);
    if session_index.as_ref().is_some_and(|index| index.len() > 1024) {
        return Err(Refusal::TooMany);
    }
    Ok(Authn { instant, session_index, session_until, context })
}

/// Core §2.7.3. A value that is not text is passed over.
fn attributes(assertion: Element<'_>) -> Result<Vec<Attribute>, Refusal> {
    let (mut attributes, mut count) = (vec![], 0);
    let statements = assertion.named(names::ASSERTION, "AttributeStatement");
    for attribute in statements.flat_map(|statement| statement.named(names::ASSERTION, "Attribute")) {
        let Some(name) = attribute.attribute("Name") else { continue };
        let mut values = vec![];
        for value in attribute.named(names::ASSERTION, "AttributeValue").filter_map(|value| value.text().ok()) {
            count += 1;
            if count > MOST_VALUES || value.len() > LONGEST {
                return Err(Refusal::TooMany);
            }
            if !value.is_empty() {
                values.push(value);
            }
        }
        let friendly_name = attribute.attribute("FriendlyName").map(str::to_owned);
        attributes.push(Attribute { name: name.to_owned(), friendly_name, values });
    }
    Ok(attributes)
}

/// What others wrote, for a log.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(300).collect()
}
