//! What a SCIM client is told when a request is refused (RFC 7644 §3.12): each registered `scimType` with its status, once.

use http::StatusCode;
use serde_json::{Map, Value, json};

pub use crate::text::echo;

/// The schema of an error body (RFC 7644 §3.12).
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $registered:literal $status:ident;)*) => {
        /// A registered detail of an error (RFC 7644 §3.12 table 9, RFC 9865 §2.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ScimType {
            $($(#[$doc])* $name,)*
        }

        impl ScimType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The registered name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $registered,)* }
            }

            /// The status that it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

types! {
    /// The filter is malformed, names an unknown attribute, or compares what cannot be compared.
    InvalidFilter = "invalidFilter" BAD_REQUEST;
    /// The filter yields more results than the server is willing to look through.
    TooMany = "tooMany" BAD_REQUEST;
    /// A unique value is taken.
    Uniqueness = "uniqueness" CONFLICT;
    /// The attribute may not be changed, or not from its present state.
    Mutability = "mutability" BAD_REQUEST;
    /// The body is no JSON of the shape that the schema says.
    InvalidSyntax = "invalidSyntax" BAD_REQUEST;
    /// The path of a PATCH operation is malformed or names an unknown attribute.
    InvalidPath = "invalidPath" BAD_REQUEST;
    /// The path of a PATCH operation yields nothing that could be operated on.
    NoTarget = "noTarget" BAD_REQUEST;
    /// A required value is missing, or a value does not fit its attribute.
    InvalidValue = "invalidValue" BAD_REQUEST;
    /// The version of the protocol is not supported.
    InvalidVers = "invalidVers" BAD_REQUEST;
    /// The request would put personal data into an address.
    Sensitive = "sensitive" FORBIDDEN;
    /// The cursor is not one of ours, or not one of this list.
    InvalidCursor = "invalidCursor" BAD_REQUEST;
    /// The cursor is too old.
    ExpiredCursor = "expiredCursor" BAD_REQUEST;
    /// The count differs from what the cursor was made for, or is no number.
    InvalidCount = "invalidCount" BAD_REQUEST;
}

/// A refusal as it is answered (RFC 7644 §3.12).
///
/// The detail names the attribute or the place, for the people who write clients; it repeats at most 100 characters of what
/// was sent (see [`echo`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The registered type, where one fits.
    pub scim_type: Option<ScimType>,
    /// What is wrong, in a sentence.
    pub detail: String,
}

impl ScimError {
    /// A refusal of a registered type, with that type's status.
    #[must_use]
    pub fn new(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: scim_type.status(), scim_type: Some(scim_type), detail: detail.into() }
    }

    /// A refusal that no registered type describes (RFC 7644 §3.12 table 8).
    #[must_use]
    pub fn of_status(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// The body of the answer (RFC 7644 §3.12): the status is a string there.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".into(), json!([ERROR_SCHEMA]));
        body.insert("status".into(), self.status.as_str().into());
        if let Some(scim_type) = self.scim_type {
            body.insert("scimType".into(), scim_type.name().into());
        }
        body.insert("detail".into(), self.detail.as_str().into());
        Value::Object(body)
    }
}

pub(super) fn invalid_syntax(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidSyntax, detail)
}

pub(super) fn invalid_value(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidValue, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_that_of_the_specification() {
        for (error, expected) in [
            (
                ScimError::new(ScimType::Mutability, "Attribute 'id' is readOnly"),
                json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                    "scimType": "mutability",
                    "detail": "Attribute 'id' is readOnly",
                    "status": "400"
                }),
            ),
            (
                ScimError::of_status(StatusCode::NOT_FOUND, "Resource 2819c223 not found"),
                json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                    "detail": "Resource 2819c223 not found",
                    "status": "404"
                }),
            ),
        ] {
            assert_eq!(error.to_json(), expected);
        }
    }

    #[test]
    fn only_two_types_are_no_bad_request() {
        for scim_type in ScimType::ALL {
            let expected = match scim_type {
                ScimType::Uniqueness => 409,
                ScimType::Sensitive => 403,
                _ => 400,
            };
            assert_eq!(scim_type.status().as_u16(), expected, "{}", scim_type.name());
        }
        assert_eq!(ScimType::ALL.len(), 13);
    }

    #[test]
    fn little_of_a_request_is_repeated() {
        for (text, expected) in [
            ("userName".to_owned(), "userName".to_owned()),
            ("a\r\nb\0".into(), "a\u{fffd}\u{fffd}b\u{fffd}".into()),
            ("ä".repeat(100), "ä".repeat(100)),
            ("ä".repeat(101), format!("{}…", "ä".repeat(100))),
        ] {
            assert_eq!(echo(&text), expected);
        }
    }
}
