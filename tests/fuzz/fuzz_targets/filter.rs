//! A filter that parses prints to one that parses to the same.
#![no_main]

use lanyard::scim::{Filter, ResourceType};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for kind in ResourceType::ALL {
        let Ok(filter) = Filter::parse(kind, text) else { continue };
        match Filter::parse(kind, &filter.to_string()) {
            Ok(again) => assert_eq!(again, filter),
            // In canonical spelling a filter at a bound may be longer or deeper.
            Err(refused) => assert!(refused.detail.contains(" than "), "{filter}: {refused}"),
        }
    }
});
