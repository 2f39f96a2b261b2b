//! What is kept of an image: its tables and its small texts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::arch::Arch;
use super::descriptor::Descriptor;
use super::metadata::Metadata;
use super::partition::{CryptoMessage, Partition, Sbom};
use super::signature::Signature;

/// What an image says about itself. Text is valid UTF-8 without NUL, so that every database takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inspection {
    /// The line that makes the image executable; may be empty.
    pub launch_script: String,
    /// Identity of the image, hyphenated; all zero for images that are built reproducibly.
    pub uuid: String,
    /// When it was made, in Unix seconds; far below zero for images that are built reproducibly.
    pub created: i64,
    /// When it was changed, in Unix seconds.
    pub modified: i64,
    /// What it runs on, if that is known.
    pub arch: Option<Arch>,
    /// It is an OCI-SIF image.
    pub oci: bool,
    /// Its root file system is encrypted.
    pub encrypted: bool,
    /// All objects, in the order of the image.
    pub descriptors: Vec<Descriptor>,
    /// The file systems.
    pub partitions: Vec<Partition>,
    /// The definition file that it was built from; empty for images that were pulled.
    pub definition: Option<String>,
    /// What the build tool wrote about the container.
    pub metadata: Metadata,
    /// The signatures, not verified.
    pub signatures: Vec<Signature>,
    /// The bills of materials.
    pub sboms: Vec<Sbom>,
    /// The messages of cryptography.
    pub crypto_messages: Vec<CryptoMessage>,
    /// What is odd about the image or was left out, in words for people.
    pub notes: Vec<String>,
}

impl Inspection {
    /// Says whether there is a signature, of whomever and of whatever.
    pub fn signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// The fingerprints of the keys that signatures name: 40 upper-case hexadecimal digits each, sorted, each once.
    pub fn fingerprints(&self) -> Vec<&str> {
        let all: BTreeSet<_> = self
            .signatures
            .iter()
            .filter_map(|signature| signature.fingerprint.as_deref())
            .collect();
        all.into_iter().collect()
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}
