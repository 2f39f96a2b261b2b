use proptest::prelude::*;
use serde_json::json;

use super::{super::write::of_sif, *};

/// Any JSON, a few levels deep, whose keys are mostly those of manifests.
fn json_like_a_manifest() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(2)),
        Just(json!(IMAGE_TYPE)),
        Just(json!(INDEX_TYPE)),
        digest().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop_oneof![
            prop::sample::select(vec![
                "schemaVersion",
                "mediaType",
                "artifactType",
                "config",
                "layers",
                "manifests",
                "subject",
                "annotations",
                "digest",
                "size",
                "platform",
            ])
            .prop_map(str::to_owned),
            "[a-z]{1,4}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn digest() -> impl Strategy<Value = String> {
    "[0-9a-f]{64}".prop_map(|hex| format!("sha256:{hex}"))
}

fn media_type() -> impl Strategy<Value = String> {
    "[a-z]{1,12}/[a-z0-9][a-z0-9.+-]{0,40}"
}

fn descriptor() -> impl Strategy<Value = Value> {
    (media_type(), digest(), 0..=i64::MAX)
        .prop_map(|(kind, digest, size)| json!({"mediaType": kind, "digest": digest, "size": size}))
}

fn annotations() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-z.]{1,20}", "[^\\x00]{0,20}", 0..5)
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, sent_as: Option<String>) {
        let _ = Document::read(&bytes, sent_as.as_deref());
    }

    #[test]
    fn no_json_makes_the_reader_panic(value in json_like_a_manifest()) {
        if let Ok(read) = Document::read(value.to_string().as_bytes(), None) {
            read.sif();
            read.blobs();
            read.size(usize::MAX);
        }
    }

    #[test]
    fn an_image_manifest_of_the_specification_is_read_as_it_was_written(
        config in descriptor(),
        layers in prop::collection::vec(descriptor(), 0..6),
        subject in prop::option::of(descriptor()),
        artifact_type in prop::option::of(media_type()),
        annotations in annotations(),
        typed: bool,
    ) {
        let mut manifest = json!({"schemaVersion": 2, "config": config, "layers": layers, "annotations": annotations, "unknown": [1]});
        if typed {
            manifest["mediaType"] = json!(IMAGE_TYPE);
        }
        if let Some(kind) = &artifact_type {
            manifest["artifactType"] = json!(kind);
        }
        if let Some(subject) = &subject {
            manifest["subject"] = subject.clone();
        }
        let read = Document::read(manifest.to_string().as_bytes(), Some(IMAGE_TYPE)).expect("a manifest");
        prop_assert_eq!(&read.media_type, IMAGE_TYPE);
        prop_assert_eq!(&read.annotations, &annotations);
        let named = read.parts.iter().map(|(_, part)| part.digest.to_string());
        let written = [&config].into_iter().chain(&layers);
        let written = written.map(|part| part["digest"].as_str().unwrap_or_default().to_owned());
        prop_assert_eq!(named.collect::<Vec<_>>(), written.collect::<Vec<_>>());
        let about = read.subject.map(|digest| json!(digest.to_string()));
        prop_assert_eq!(about, subject.map(|subject| subject["digest"].clone()));
        let kind = artifact_type.map_or(config["mediaType"].clone(), Value::from);
        prop_assert_eq!(read.artifact_type.map(Value::from), Some(kind));
    }

    #[test]
    fn an_index_of_the_specification_is_read_as_it_was_written(manifests in prop::collection::vec(descriptor(), 0..6)) {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests});
        let read = Document::read(index.to_string().as_bytes(), None).expect("an index");
        prop_assert_eq!(read.kind, ManifestKind::Index);
        prop_assert_eq!(read.parts.len(), manifests.len());
        prop_assert!(read.blobs().is_empty());
    }

    #[test]
    fn what_is_made_for_a_sif_image_is_read_as_one(digest in digest(), size in 0..u64::MAX) {
        let read = Document::read(&of_sif(&digest, size), None).expect("a manifest");
        let layer = read.sif().expect("a SIF image");
        prop_assert_eq!((layer.digest.to_string(), layer.size), (digest, size));
    }
}
