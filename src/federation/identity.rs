//! Somebody as an upstream vouches for them, whichever protocol it speaks.

use std::{borrow::Cow, collections::BTreeMap};

use crate::upstream::{Upstream, mapping::Said};

/// The longest name, in bytes, by which an upstream may know somebody.
pub const LONGEST_SUBJECT: usize = 512;

/// Whom an upstream vouches for: what it said was proved to be its word, to be meant for us and to be new.
#[derive(Debug, Clone)]
pub struct ExternalIdentity {
    /// The upstream, as it was described when it was asked.
    pub upstream: Upstream,
    /// What it never changes of them: the `sub` of its issuer, or the `NameID` with its qualifiers.
    pub subject: String,
    /// Everything that it says of them, by its own names.
    pub said: BTreeMap<String, Vec<String>>,
    /// How they signed in there: `acr`, or `AuthnContextClassRef`.
    pub context: Option<String>,
    /// By what: `amr` (RFC 8176).
    pub methods: Vec<String>,
    /// What it calls its own session: `sid`, or `SessionIndex`.
    pub session: Option<String>,
}

impl Said for ExternalIdentity {
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.said.get(name).into_iter().flatten().map(|value| Cow::from(value.as_str())).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        id::{OrganizationId, UpstreamId},
        upstream::registry::{Kind, Progress},
    };

    /// Nobody in particular.
    pub(crate) fn identity() -> ExternalIdentity {
        let now = Timestamp(1_795_334_400_000);
        let upstream = Upstream {
            id: UpstreamId::from_stored("ups_a".to_owned()),
            organization: OrganizationId::from_stored("org_a".to_owned()),
            name: "hospital".parse().expect("a name"),
            kind: Kind::Oidc,
            settings: String::new(),
            domains: vec![],
            precedence: 0,
            created_at: now,
            paused_at: None,
            paused_by: None,
            version: 0,
            is_unsettled: false,
            progress: Progress::beginning(now),
        };
        ExternalIdentity {
            upstream,
            subject: "ada".to_owned(),
            said: BTreeMap::new(),
            context: None,
            methods: vec![],
            session: None,
        }
    }
}
