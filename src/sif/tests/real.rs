//! Images made by the real tools, if they lie beside the repository; without them nothing is tested here.

use std::path::Path;

use super::*;

/// Where the real images lie, if they do.
fn real(name: &str) -> Option<Inspection> {
    let path = Path::new("../shared/data/sif").join(name);
    let image = std::fs::read(path).ok()?;
    Some(read(&image).unwrap())
}

#[test]
fn real_native_images_are_read() {
    for (name, arch) in [
        ("busybox_amd64.sif", Arch::Amd64),
        ("busybox_arm64.sif", Arch::Arm64),
    ] {
        let Some(seen) = real(name) else { return };
        assert_eq!(
            (seen.arch, seen.descriptors.len(), seen.encrypted),
            (Some(arch), 5, false)
        );
        assert_eq!(
            seen.fingerprints(),
            ["1137E72E6816BFC06D9CAA0D15F3F4F4F14B03B2"]
        );
        assert_eq!(
            seen.definition.as_deref(),
            Some("BootStrap: docker\nFrom: busybox:1.33.1\n")
        );
        assert_eq!(
            seen.metadata.labels["org.label-schema.build-arch"],
            arch.as_str()
        );
        assert_eq!(seen.metadata.environment.len(), 2);
        assert!(
            seen.metadata
                .runscript
                .unwrap()
                .starts_with("#!/bin/sh\nOCI_ENTRYPOINT")
        );
        assert_eq!(
            (seen.metadata.startscript.as_deref(), seen.notes),
            (Some("#!/bin/sh"), vec![])
        );
    }
}

#[test]
fn real_signatures_of_all_kinds_are_read() {
    let key = "12045C8C0B1004D058DE4BEDA20C27EE7FF7BA84";
    let expected = [
        (
            "pgp",
            SignatureKind::PgpClearsign,
            "sha256",
            Some(key),
            Link::Group(1),
        ),
        ("dsse", SignatureKind::Dsse, "sha256", None, Link::Group(1)),
        (
            "legacy",
            SignatureKind::Legacy,
            "sha384",
            Some(key),
            Link::Object(2),
        ),
    ];
    for (name, kind, hash, fingerprint, signs) in expected {
        let Some(seen) = real(&format!("one-group-signed-{name}.sif")) else {
            return;
        };
        let fingerprint = fingerprint.map(str::to_owned);
        assert_eq!(
            seen.signatures,
            [Signature {
                id: 3,
                hash: hash.into(),
                fingerprint,
                kind,
                signs: Some(signs)
            }]
        );
        assert_eq!(
            (seen.arch, seen.partitions.len(), seen.notes),
            (Some(Arch::I386), 2, vec![])
        );
    }
    let signed = real("busybox-signed-pgp.sif").unwrap();
    assert_eq!(
        signed.fingerprints(),
        ["D0C9D4A5706CDBC8AC0AEDC5BFC8644CE3D3E9D7"]
    );
    assert_eq!(signed.uuid, "1965de61-716c-491f-aa48-b4de4f8b821d");
}

#[test]
fn real_images_without_a_partition_are_read() {
    let Some(sbom) = real("one-object-sbom.sif") else {
        return;
    };
    assert_eq!(
        sbom.sboms,
        [Sbom {
            id: 1,
            format: "cyclonedx-json".into()
        }]
    );
    assert_eq!(
        (sbom.arch, sbom.created, sbom.signed()),
        (None, -62_135_596_800, false)
    );
    let crypt = real("one-object-crypt-message.sif").unwrap();
    assert_eq!(
        (
            crypt.crypto_messages[0].format.as_str(),
            crypt.crypto_messages[0].message.as_str()
        ),
        ("openpgp", "clear-sign")
    );
    let oci = real("empty.oci.sif").unwrap();
    assert_eq!(
        (oci.oci, oci.arch, oci.notes),
        (true, None, vec!["the OCI index names no image".to_owned()])
    );
}
