//! Why an operation of SCIM was not done: what the client is told, or a fault of the database.

use std::time::Duration;

use http::StatusCode;

use super::error::{ScimError, ScimType, invalid_value};
use crate::{
    directory::{self, Noun},
    storage,
};

/// A refusal or a fault.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What the client is told.
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// What was asked costs more than may be asked at the moment.
    #[error("what is asked for costs too much at the moment")]
    TooOften(Duration),
    /// A fault of ours.
    #[error(transparent)]
    Fault(storage::Error),
}

/// What an operation answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<storage::Error> for Failure {
    /// What settles a unit refuses it as the directory does.
    fn from(fault: storage::Error) -> Self {
        directory::Error::from(fault).into()
    }
}

impl From<directory::Error> for Failure {
    /// RFC 7644 §3.12.
    fn from(error: directory::Error) -> Self {
        use directory::Error as E;
        let detail = error.to_string();
        Self::Refused(match error {
            E::Storage(fault) => return Self::Fault(fault),
            E::Taken(..) | E::AlreadyMember => ScimError::new(ScimType::Uniqueness, detail),
            E::Owned(_) | E::MayNotVerify(_) => ScimError::new(ScimType::Mutability, detail),
            E::LastOwner | E::Tenancy(_) | E::Unassignable(_) => ScimError::of_status(StatusCode::FORBIDDEN, detail),
            E::Unknown(Noun::Membership | Noun::Group, _) => invalid_value(format!("members: {detail}")),
            E::Unknown(Noun::Manager, _) => invalid_value(format!("manager: {detail}")),
            E::Unknown(Noun::MembershipKind, _) => invalid_value(format!("membershipKind: {detail}")),
            E::Unknown(..)
            | E::Cycle(..)
            | E::Refused(_)
            | E::Profile(_)
            | E::Unregistered(_)
            | E::OtherNumber { .. }
            | E::Text(..) => invalid_value(detail),
        })
    }
}

/// What is not there, or not to be seen.
pub(super) fn not_found(id: &str) -> Failure {
    ScimError::of_status(StatusCode::NOT_FOUND, format!("there is no resource '{}'", super::error::echo(id))).into()
}

/// RFC 7644 §3.14: the resource is another by now.
pub(super) fn precondition_failed(version: &str) -> Failure {
    let detail = format!("the resource has the version {version} by now; read it again");
    ScimError::of_status(StatusCode::PRECONDITION_FAILED, detail).into()
}
