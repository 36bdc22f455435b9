//! What this service provider supports (RFC 7643 §5, RFC 9865 §4), derived from what the code decides by.

use serde_json::{Value, json};

use super::{
    BASE,
    query::{DEFAULT_COUNT, MOST_COUNT},
    schema::SERVICE_PROVIDER_CONFIG,
};
use crate::config::Config;

/// How long a cursor is good for at least, in seconds.
pub const CURSOR_TIMEOUT: u64 = 3600;

/// The document; `base` is the address that the endpoints lie below.
#[must_use]
pub fn document(config: &Config, base: &str) -> Value {
    let issuer = config.server.issuer.as_str();
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG.id],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": config.scim.bulk_operations,
            "maxPayloadSize": config.server.body_limit,
        },
        "filter": { "supported": true, "maxResults": MOST_COUNT },
        // The password is the person's, who may belong to other organizations too.
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MOST_COUNT,
            "cursorTimeout": CURSOR_TIMEOUT,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Token of a connection",
                "description": "The bearer token that `lanyard scim-token create` prints.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": true,
            },
            {
                "type": "oauth2",
                "name": "OAuth 2.0 client credentials",
                "description": format!(
                    "An access token for the scope `scim`, which a service of the organization gets at \
                     {issuer}/oauth2/token."
                ),
                "specUri": "https://www.rfc-editor.org/rfc/rfc6749",
                "primary": false,
            },
        ],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The address that the endpoints lie below.
#[must_use]
pub fn base(config: &Config) -> String {
    config.server.issuer.at(BASE)
}
