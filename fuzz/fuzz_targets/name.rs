//! Feeds arbitrary text to the readers of names, tags, digests and references: what they take comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sifhub::{
    config,
    registry::{
        Digest,
        path::{self, ContainerPath, Reference, TagName},
    },
};

fuzz_target!(|text: &str| {
    let defaults = config::Registry::default();
    if let Ok(path) = ContainerPath::parse(text, &defaults) {
        let whole = path.to_string();
        assert!(whole.ends_with(text), "{text} was read as {whole}");
        assert_eq!(ContainerPath::parse(&whole, &defaults).ok(), Some(path));
    }
    if let Ok(tag) = text.parse::<TagName>() {
        assert_eq!(tag.as_str(), text);
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string().parse::<Digest>().ok(), Some(digest));
    }
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse::<Reference>().ok(), Some(reference));
    }
    let _ = path::parse(text, &defaults);
});
