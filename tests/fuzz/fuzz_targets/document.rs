//! A body is refused or becomes a resource that stays as it is when it is sent again.
#![no_main]

use lanyard::scim::{Limits, ResourceType, document};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let Ok(body) = document::parse(body) else { return };
    for kind in ResourceType::ALL {
        if let Ok(document) = document::create(kind, body.clone(), Limits::default()) {
            assert_eq!(document::create(kind, document.clone(), Limits::default()), Ok(document));
        }
    }
});
