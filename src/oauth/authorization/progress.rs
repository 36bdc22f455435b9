//! What a person has already done for one authorization request, as it travels through the browser.
//!
//! The request's own address carries it in the parameter [`PARAMETER`], signed for the browser and for this very request
//! ([`ReturnTo`]), so that nothing of it can be made up, moved to another request or replayed elsewhere. It says since
//! when the request is under way, by which `prompt=login` and `prompt=consent` know that they were done.

use data_encoding::BASE64URL_NOPAD;

use crate::{
    clock::Timestamp,
    id::{OrganizationId, UserId},
    secret::sha256,
    web::{LocalPath, Parameters, ReturnTo, Shown},
};

/// The parameter of `/oauth2/authorize` that carries the progress.
pub const PARAMETER: &str = "progress";

/// What was done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// When the request was first seen.
    pub started_at: Timestamp,
    /// The organization that the person chose.
    pub organization: Option<OrganizationId>,
    /// The account that the person chose.
    pub account: Option<UserId>,
    /// Whether the person said no.
    pub was_refused: bool,
}

impl Progress {
    /// Nothing yet.
    #[must_use]
    pub const fn begun(now: Timestamp) -> Self {
        Self { started_at: now, organization: None, account: None, was_refused: false }
    }

    /// The form that is signed; `request` holds the parameters without the progress itself.
    ///
    /// # Panics
    /// Never: ids and base64url are plain.
    #[must_use]
    pub fn to_return(&self, request: &Parameters) -> ReturnTo {
        let mut fields = Parameters::default().with("of", &fingerprint(request));
        if let Some(organization) = &self.organization {
            fields = fields.with("organization", organization.as_str());
        }
        if let Some(account) = &self.account {
            fields = fields.with("account", account.as_str());
        }
        if self.was_refused {
            fields = fields.with("refused", "1");
        }
        let path =
            LocalPath::parse(&format!("/oauth2/authorize?{}", fields.encode())).expect("ids and base64url are plain");
        ReturnTo { path, started_at: self.started_at, app: None, shown: Shown::default(), seen: None }
    }

    /// Reads the signed form back; `None` when it belongs to another request.
    #[must_use]
    pub fn of_return(opened: &ReturnTo, request: &Parameters) -> Option<Self> {
        let query = opened.path.as_str().strip_prefix("/oauth2/authorize?")?;
        let fields = Parameters::parse(query.as_bytes()).ok()?;
        if fields.value("of")? != fingerprint(request) {
            return None;
        }
        Some(Self {
            started_at: opened.started_at,
            organization: fields.value("organization").and_then(|id| id.parse().ok()),
            account: fields.value("account").and_then(|id| id.parse().ok()),
            was_refused: fields.value("refused").is_some(),
        })
    }
}

fn fingerprint(request: &Parameters) -> String {
    BASE64URL_NOPAD.encode(&sha256(request.encode().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn progress_comes_back_for_its_own_request_alone() {
        let random = Random::seeded(1);
        let request = Parameters::from([("client_id", "a"), ("prompt", "login")]);
        for progress in [
            Progress::begun(Timestamp(7)),
            Progress {
                organization: Some(OrganizationId::fresh(Timestamp(1), &random)),
                account: Some(UserId::fresh(Timestamp(1), &random)),
                was_refused: true,
                ..Progress::begun(Timestamp(7))
            },
        ] {
            let signed = progress.to_return(&request);
            assert_eq!(Progress::of_return(&signed, &request), Some(progress));
            assert_eq!(Progress::of_return(&signed, &request.clone().without("prompt")), None);
        }
        let elsewhere = LocalPath::parse("/account").unwrap();
        assert_eq!(
            Progress::of_return(
                &ReturnTo { path: elsewhere, started_at: Timestamp(7), app: None, shown: Shown::default(), seen: None },
                &request
            ),
            None
        );
    }
}
