//! Operations are refused or leave a resource that could have been sent as it is.
#![no_main]

use lanyard::scim::{Limits, PatchOp, ResourceType, document};

const BEFORE: &[u8] = br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"priya",
    "emails":[{"value":"a@b.example","type":"work","primary":true},{"value":"c@d.example","type":"home"}]}"#;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let (kind, limits) = (ResourceType::User, Limits::default());
    let before = document::parse(BEFORE).and_then(|body| document::create(kind, body, limits)).expect("a resource");
    let Ok(body) = document::parse(body) else { return };
    let Ok(patch) = PatchOp::parse(kind, &body, limits) else { return };
    if let Ok(patched) = patch.apply(&before) {
        assert_eq!(patched.changed, patched.document != before);
        assert_eq!(document::create(kind, patched.document.clone(), limits), Ok(patched.document));
    }
});
