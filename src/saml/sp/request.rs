//! What we ask an identity provider: that somebody signs in (core §3.4.1; profiles §4.1.4.1).

use std::fmt::Write as _;

use crate::{
    clock::Timestamp,
    random::Random,
    saml::{
        names,
        redirect::Kind,
        sending::{Message, fresh_id},
        sp::settings,
        xml::escaped,
    },
};

/// Who asks, and where.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// What we are called.
    pub entity_id: &'a str,
    /// Where the answer is to be sent.
    pub consumer: &'a str,
    /// Where the request goes.
    pub destination: &'a str,
    /// Whether somebody who is signed in there has to sign in again.
    pub force: Force,
}

/// Whether somebody has to sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Whoever is signed in there need not.
    No,
    /// They have to.
    Anew,
}

/// A request.
#[must_use]
pub fn written(asking: &Asking<'_>, settings: &settings::Request, now: Timestamp, random: &Random) -> Message {
    let id = fresh_id(random);
    let force = if asking.force == Force::Anew { " ForceAuthn=\"true\"" } else { "" };
    let before = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{protocol}\" xmlns:saml=\"{assertion}\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{now}\" Destination=\"{destination}\" AssertionConsumerServiceURL=\"{consumer}\" \
         ProtocolBinding=\"{post}\"{force}><saml:Issuer>{issuer}</saml:Issuer>",
        protocol = names::PROTOCOL,
        assertion = names::ASSERTION,
        destination = escaped(asking.destination),
        consumer = escaped(asking.consumer),
        post = names::POST,
        issuer = escaped(asking.entity_id),
    );
    let mut after =
        format!("<samlp:NameIDPolicy Format=\"{}\" AllowCreate=\"true\"/>", escaped(&settings.name_id_format));
    if !settings.authn_context.is_empty() {
        let _ = write!(after, "<samlp:RequestedAuthnContext Comparison=\"{}\">", escaped(&settings.comparison));
        for context in &settings.authn_context {
            let _ = write!(after, "<saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>", escaped(context));
        }
        after.push_str("</samlp:RequestedAuthnContext>");
    }
    after.push_str("</samlp:AuthnRequest>");
    Message { kind: Kind::Request, id, before, after }
}
