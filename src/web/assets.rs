//! Files that pages refer to: embedded, named by the hash of their content, and kept by browsers for good.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64URL_NOPAD;

use super::{accent::Accent, error::Refusal};
use crate::secret::sha256;

/// Where assets are served.
pub const ROUTE: &str = "/static/{hash}/{name}";
/// Where stylesheets of accent colours are served.
pub const ACCENT_ROUTE: &str = "/static/accent/{hash}/{name}";

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 7] = [
    Asset {
        name: "lanyard.css",
        content_type: "text/css; charset=utf-8",
        content: include_bytes!("../../templates/assets/lanyard.css"),
    },
    Asset {
        name: "lanyard.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../templates/assets/lanyard.js"),
    },
    Asset {
        name: "passkey.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../templates/assets/passkey.js"),
    },
    Asset {
        name: "submit.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../templates/assets/submit.js"),
    },
    Asset {
        name: "onward.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../templates/assets/onward.js"),
    },
    Asset {
        name: "mark.svg",
        content_type: "image/svg+xml",
        content: include_bytes!("../../templates/assets/mark.svg"),
    },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        content: include_bytes!("../../templates/assets/icon.svg"),
    },
];

/// One hash over all assets: they change together, with the binary.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<u8> = ASSETS.iter().flat_map(|asset| asset.content.iter().copied()).collect();
    BASE64URL_NOPAD.encode(&sha256(&all)[..12])
});

/// The path of the asset called `name`.
#[must_use]
pub fn address(name: &str) -> String {
    format!("/static/{}/{name}", *HASH)
}

/// The path of the stylesheet of `accent`.
#[must_use]
pub fn accent_address(accent: Accent) -> String {
    format!("/static/accent/{}/{accent}.css", *HASH)
}

/// Serves an asset under its present hash alone: an old page gets 404 rather than a file that does not fit it.
pub async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) if hash == *HASH => immutable(asset.content_type, asset.content),
        _ => Refusal::NotFound.into_response(),
    }
}

/// Serves the stylesheet of one colour.
pub async fn serve_accent(Path((hash, name)): Path<(String, String)>) -> Response {
    match name.strip_suffix(".css").and_then(|colour| colour.parse::<Accent>().ok()) {
        Some(accent) if hash == *HASH => immutable("text/css; charset=utf-8", accent.stylesheet()),
        _ => Refusal::NotFound.into_response(),
    }
}

fn immutable(content_type: &'static str, content: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, IMMUTABLE),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    (headers, content).into_response()
}
