//! `GnuPG` and this module must agree about keys that `GnuPG` makes. Without `gpg` on the machine nothing is tested.
use std::process::{Command, Output};

use pgp::crypto::hash::HashAlgorithm;
use tempfile::TempDir;

use super::maker::{names, served};
use crate::openpgp::Certificate;

struct Gnupg(TempDir);

impl Gnupg {
    /// An empty key ring, or nothing if there is no `gpg`.
    fn new() -> Option<Self> {
        Command::new("gpg").arg("--version").output().ok()?;
        // The path of a socket must be short.
        Some(Self(
            tempfile::Builder::new().prefix("g").tempdir().unwrap(),
        ))
    }

    fn try_run(&self, arguments: &[&str]) -> Output {
        let unattended = [
            "--batch",
            "--quiet",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--yes",
        ];
        Command::new("gpg")
            .arg("--homedir")
            .arg(self.0.path())
            .args(unattended)
            .args(arguments)
            .output()
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.try_run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    fn make(&self, name: &str, primary: &str, subkey: Option<&str>, expires: &str) -> String {
        self.run(&["--quick-generate-key", name, primary, "default", expires]);
        let fingerprint = self.field("fpr", 9);
        if let Some(kind) = subkey {
            self.run(&["--quick-add-key", &fingerprint, kind, "default", expires]);
        }
        fingerprint
    }

    /// The first value of a field in the listing, counted from 0.
    fn field(&self, line: &str, field: usize) -> String {
        let listing =
            String::from_utf8(self.run(&["--with-colons", "--fixed-list-mode", "--list-keys"]))
                .unwrap();
        let line = listing
            .lines()
            .find(|found| found.starts_with(line))
            .unwrap();
        line.split(':').nth(field).unwrap().to_owned()
    }

    fn export(&self) -> Certificate {
        let [certificate] = Certificate::read_all(&self.run(&["--armor", "--export"]))
            .unwrap()
            .try_into()
            .unwrap();
        certificate
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.0.path())
            .args(["--kill", "all"])
            .output();
    }
}

fn seconds(time: chrono::DateTime<chrono::Utc>) -> String {
    time.timestamp().to_string()
}

#[test]
fn listing_agrees_with_gnupg() {
    for (primary, subkey) in [
        ("rsa2048", Some("rsa2048")),
        ("ed25519", Some("cv25519")),
        ("nistp384", Some("nistp384")),
        ("dsa1024", Some("elg1024")),
    ] {
        let Some(gnupg) = Gnupg::new() else { return };
        let fingerprint = gnupg.make("Jürgen + Co: 50% <j@example.org>", primary, subkey, "30d");
        let certificate = gnupg.export();
        assert_eq!(certificate.fingerprint, fingerprint);
        let listed = [2, 3, 4, 5, 6].map(|field| gnupg.field("pub", field));
        let (bits, algorithm) = (
            certificate.bits.to_string(),
            certificate.algorithm.to_string(),
        );
        let (created, expires) = (
            seconds(certificate.created),
            certificate.expires.map(seconds).unwrap(),
        );
        assert_eq!(
            listed,
            [
                bits,
                algorithm,
                certificate.key_id.clone(),
                created,
                expires
            ],
            "{primary}"
        );
        assert_eq!(names(&certificate), ["Jürgen + Co: 50% <j@example.org>"]);
        let sub = &certificate.subkeys[0];
        let listed = [2, 3, 4, 5, 6].map(|field| gnupg.field("sub", field));
        let (bits, algorithm) = (sub.bits.to_string(), sub.algorithm.to_string());
        assert_eq!(
            listed,
            [
                bits,
                algorithm,
                sub.key_id.clone(),
                seconds(sub.created),
                sub.expires.map(seconds).unwrap()
            ]
        );
    }
}

#[test]
fn gnupg_takes_what_is_served() {
    let Some(gnupg) = Gnupg::new() else { return };
    let fingerprint = gnupg.make("Alice <alice@example.org>", "ed25519", Some("ed25519"), "0");
    let certificate = gnupg.export();
    let (other, file) = (Gnupg::new().unwrap(), gnupg.0.path().join("key.asc"));
    std::fs::write(&file, &certificate.armored).unwrap();
    other.run(&["--import", file.to_str().unwrap()]);
    assert_eq!(other.field("fpr", 9), fingerprint);
    assert_eq!(other.field("sub", 4), certificate.subkeys[0].key_id);
    assert_eq!(other.export(), certificate);
}

#[test]
fn changes_made_with_gnupg_arrive_by_merging() {
    let Some(gnupg) = Gnupg::new() else { return };
    let fingerprint = gnupg.make(
        "Alice <alice@example.org>",
        "ed25519",
        Some("cv25519"),
        "30d",
    );
    let mut stored = gnupg.export();
    gnupg.run(&["--quick-add-uid", &fingerprint, "Alice at work"]);
    gnupg.run(&["--quick-set-expire", &fingerprint, "60d"]);
    let extended = gnupg.export();
    stored = stored.merge(&extended).unwrap();
    assert_eq!(
        (stored.user_ids.len(), stored.expires),
        (2, extended.expires)
    );
    assert_eq!(seconds(stored.expires.unwrap()), gnupg.field("pub", 6));
    gnupg.run(&[
        "--quick-revoke-uid",
        &fingerprint,
        "Alice <alice@example.org>",
    ]);
    stored = stored.merge(&gnupg.export()).unwrap();
    assert_eq!(
        names(&stored),
        ["Alice at work", "Alice <alice@example.org>"]
    );
    assert!(stored.user_ids[1].revoked && !stored.user_ids[0].revoked && !stored.revoked);
    revoke(&gnupg, &fingerprint);
    assert!(stored.merge(&gnupg.export()).unwrap().revoked);
}

/// Imports the revocation certificate that `GnuPG` made beside the key, which has a colon against accidents.
fn revoke(gnupg: &Gnupg, fingerprint: &str) {
    let file = gnupg
        .0
        .path()
        .join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace(":-----BEGIN", "-----BEGIN");
    let why = super::maker::refusal(text.as_bytes());
    assert!(why.contains("revocation certificate"), "{why}");
    std::fs::write(&file, text).unwrap();
    gnupg.run(&["--import", file.to_str().unwrap()]);
}

#[test]
fn key_signed_with_sha1_by_gnupg_is_listed() {
    let Some(gnupg) = Gnupg::new() else { return };
    gnupg.run(&[
        "--cert-digest-algo",
        "SHA1",
        "--quick-generate-key",
        "Old <old@example.org>",
        "rsa2048",
        "default",
        "0",
    ]);
    let certificate = gnupg.export();
    assert_eq!(names(&certificate), ["Old <old@example.org>"]);
    assert_eq!(
        served(&certificate).details.users[0].signatures[0].hash_alg(),
        Some(HashAlgorithm::Sha1)
    );
}
