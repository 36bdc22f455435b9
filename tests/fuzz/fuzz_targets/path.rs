//! A path that parses prints to one that parses to the same.
#![no_main]

use lanyard::scim::{PatchPath, ResourceType};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for kind in ResourceType::ALL {
        let Ok(path) = PatchPath::parse(kind, text) else { continue };
        match PatchPath::parse(kind, &path.to_string()) {
            Ok(again) => assert_eq!(again, path),
            // In canonical spelling a path at a bound may be longer.
            Err(refused) => assert!(refused.detail.contains(" than "), "{path}: {refused}"),
        }
    }
});
