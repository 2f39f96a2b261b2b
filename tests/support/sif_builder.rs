//! Makes SIF images as the real tools lay them out, of any architecture and size, without any tool.
//!
//! Signatures name a key, but no key has made them: they are there to be listed, not to be verified. The same calls
//! always make the same bytes.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

const TABLE_AT: usize = 4096;
const SLOTS: usize = 48;
const DESCRIPTOR_LEN: usize = 585;
const DATA_AT: usize = TABLE_AT + SLOTS * DESCRIPTOR_LEN;
const BLOCK: usize = 4096;
const MADE_AT: i64 = 1_700_000_000;
const GROUP: u32 = 0xf000_0000;

/// Go's names in the order of their codes, from `01`.
const ARCHES: [&str; 13] = [
    "386", "amd64", "arm", "arm64", "ppc64", "ppc64le", "mips", "mipsle", "mips64", "mips64le",
    "s390x", "riscv64", "loong64",
];

/// What goes into one descriptor and behind it.
struct Object {
    code: i32,
    group: u32,
    link: u32,
    name: String,
    extra: Vec<u8>,
    data: Vec<u8>,
    align: usize,
}

impl Object {
    fn new(code: i32, data: Vec<u8>) -> Self {
        Self {
            code,
            group: GROUP | 1,
            link: 0,
            name: String::new(),
            extra: Vec::new(),
            data,
            align: 1,
        }
    }
}

/// An image that is still to be made.
pub struct SifBuilder {
    arch: String,
    oci: bool,
    encrypted: bool,
    definition: Option<String>,
    labels: Map<String, Value>,
    apps: Map<String, Value>,
    runscript: Option<String>,
    payload: Vec<u8>,
    signers: Vec<String>,
    seed: u64,
}

impl SifBuilder {
    /// An image for an architecture by its name in Go, its root file system 4 KiB of noise.
    pub fn new(arch: &str) -> Self {
        let image = Self {
            arch: arch.to_owned(),
            oci: false,
            encrypted: false,
            definition: None,
            labels: Map::new(),
            apps: Map::new(),
            runscript: None,
            payload: Vec::new(),
            signers: Vec::new(),
            seed: 0,
        };
        image.payload(4096, 0)
    }

    /// An OCI-SIF image with one layer. It has neither definition nor runscript, and its labels stand in the OCI configuration.
    pub fn oci(arch: &str) -> Self {
        Self {
            oci: true,
            ..Self::new(arch)
        }
    }

    /// The architecture, by its name in Go.
    pub fn arch(&self) -> &str {
        &self.arch
    }

    /// Adds a definition file.
    pub fn definition(self, text: &str) -> Self {
        Self {
            definition: Some(text.to_owned()),
            ..self
        }
    }

    /// Adds a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.into());
        self
    }

    /// Adds an app with a text that helps with it.
    pub fn app(mut self, name: &str, help: &str) -> Self {
        self.apps
            .insert(name.to_owned(), json!({ "helpfile": help }));
        self
    }

    /// Adds the script of `run`.
    pub fn runscript(self, script: &str) -> Self {
        Self {
            runscript: Some(script.to_owned()),
            ..self
        }
    }

    /// Makes the root file system `len` bytes of noise; another seed makes other bytes, and another identity.
    pub fn payload(self, len: usize, seed: u64) -> Self {
        Self {
            payload: noise(len, seed),
            seed,
            ..self
        }
    }

    /// Adds a signature that names the key with this fingerprint, 40 hexadecimal digits.
    pub fn signed_by(mut self, fingerprint: &str) -> Self {
        self.signers.push(fingerprint.to_owned());
        self
    }

    /// Says that the root file system is encrypted, by a key that lies beside it.
    pub fn encrypted(self) -> Self {
        Self {
            encrypted: true,
            ..self
        }
    }

    /// Makes the image.
    ///
    /// # Panics
    /// If the architecture or a fingerprint is nonsense.
    pub fn build(self) -> Vec<u8> {
        let mut objects = if self.oci {
            self.oci_objects()
        } else {
            self.native_objects()
        };
        objects.extend(self.signers.iter().map(|signer| self.signature(signer)));
        assert!(objects.len() <= SLOTS, "too many objects");
        let mut image = vec![0; DATA_AT];
        for (id, object) in (1..).zip(&objects) {
            append(&mut image, id, object);
        }
        let header = self.header(objects.len(), image.len());
        image[..header.len()].copy_from_slice(&header);
        image
    }

    fn native_objects(&self) -> Vec<Object> {
        let definition = self
            .definition
            .as_deref()
            .map(|text| Object::new(0x4001, text.into()));
        let metadata = Object {
            name: "inspect-metadata.json".into(),
            ..Object::new(0x4006, self.metadata())
        };
        let mut objects: Vec<_> = definition.into_iter().chain([metadata]).collect();
        let filesystem: i32 = if self.encrypted { 5 } else { 1 };
        let extra = [
            &filesystem.to_le_bytes(),
            &2i32.to_le_bytes(),
            arch_code(&self.arch).as_slice(),
        ]
        .concat();
        let name = format!("squashfs-{}", self.seed);
        objects.push(Object {
            name,
            extra,
            align: BLOCK,
            ..Object::new(0x4004, self.filesystem())
        });
        if self.encrypted {
            let extra = [2i32.to_le_bytes(), 0x200i32.to_le_bytes()].concat();
            let link = 2 + u32::from(self.definition.is_some());
            objects.push(Object {
                extra,
                link,
                ..Object::new(0x4008, b"key".to_vec())
            });
        }
        objects
    }

    /// Noise with the super block that tools look for when they open an image; an encrypted one has none to be seen.
    fn filesystem(&self) -> Vec<u8> {
        let (inodes, time, block) = (
            1u32.to_le_bytes(),
            0u32.to_le_bytes(),
            (1u32 << 17).to_le_bytes(),
        );
        let mut shorts = [1u16, 17, 0, 1, 4, 0]
            .iter()
            .flat_map(|number| number.to_le_bytes());
        let words = [*b"hsqs", inodes, time, block, [0; 4]]
            .into_iter()
            .flatten();
        let super_block: Vec<u8> = words.chain(&mut shorts).collect();
        let mut bytes = self.payload.clone();
        let covered = if self.encrypted {
            0
        } else {
            super_block.len().min(bytes.len())
        };
        bytes[..covered].copy_from_slice(&super_block[..covered]);
        bytes
    }

    fn metadata(&self) -> Vec<u8> {
        let mut attributes = json!({ "labels": self.labels, "apps": self.apps });
        for (name, value) in [
            ("deffile", &self.definition),
            ("runscript", &self.runscript),
        ] {
            if let Some(text) = value {
                attributes[name] = text.as_str().into();
            }
        }
        json!({ "data": { "attributes": attributes }, "type": "container" })
            .to_string()
            .into_bytes()
    }

    /// Layer, configuration, manifest and the index that names the manifest.
    fn oci_objects(&self) -> Vec<Object> {
        let layer = blob(0x400b, self.payload.clone());
        let diff = json!({ "type": "layers", "diff_ids": [sha256(&self.payload)] });
        let config = json!({
            "architecture": self.arch, "os": "linux", "config": { "Labels": self.labels }, "rootfs": diff,
        });
        let config = blob(0x400b, config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": pointer("application/vnd.oci.image.config.v1+json", &config.data),
            "layers": [pointer("application/vnd.sylabs.image.layer.v1.squashfs", &layer.data)],
        });
        let manifest = blob(0x400b, manifest.to_string().into_bytes());
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [pointer("application/vnd.oci.image.manifest.v1+json", &manifest.data)],
        });
        let index = blob(0x400a, index.to_string().into_bytes());
        vec![layer, config, manifest, index]
    }

    fn signature(&self, fingerprint: &str) -> Object {
        let key = data_encoding::HEXUPPER_PERMISSIVE
            .decode(fingerprint.as_bytes())
            .expect("hexadecimal digits");
        assert_eq!(key.len(), 20, "a fingerprint has 40 digits");
        let extra = [1i32.to_le_bytes().as_slice(), &key].concat();
        let signed = json!({ "version": 1, "header": { "digest": sha256(&self.identity()) }, "objects": [] });
        let data = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{signed}\n\
             -----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"
        );
        Object {
            group: GROUP,
            link: GROUP | 1,
            extra,
            ..Object::new(0x4005, data.into_bytes())
        }
    }

    /// Launch script, magic word, version and identity: the part of the header that signatures cover.
    fn identity(&self) -> Vec<u8> {
        let mut launch = b"#!/usr/bin/env run-singularity\n".to_vec();
        launch.resize(32, 0);
        let uuid = noise(16, !self.seed);
        [&launch, b"SIF_MAGIC\0".as_slice(), b"01\0", &uuid].concat()
    }

    fn header(&self, used: usize, size: usize) -> Vec<u8> {
        let identity = self.identity();
        let (before, uuid) = identity.split_at(45);
        let arch = if self.oci {
            *b"00\0"
        } else {
            arch_code(&self.arch)
        };
        let mut header = [before, &arch, uuid].concat();
        for time in [MADE_AT, MADE_AT] {
            header.extend(time.to_le_bytes());
        }
        for number in [
            SLOTS - used,
            SLOTS,
            TABLE_AT,
            SLOTS * DESCRIPTOR_LEN,
            DATA_AT,
            size - DATA_AT,
        ] {
            header.extend((number as u64).to_le_bytes());
        }
        header
    }
}

/// Puts the data of an object at the end, aligned, and its descriptor into the table.
fn append(image: &mut Vec<u8>, id: u32, object: &Object) {
    let unaligned = image.len();
    let offset = unaligned.next_multiple_of(object.align);
    image.resize(offset, 0);
    image.extend(&object.data);
    let mut record = [&object.code.to_le_bytes(), [1].as_slice()].concat();
    for number in [id, object.group, object.link] {
        record.extend(number.to_le_bytes());
    }
    for number in [offset, object.data.len(), image.len() - unaligned] {
        record.extend((number as u64).to_le_bytes());
    }
    for number in [MADE_AT, MADE_AT, 0, 0] {
        record.extend(number.to_le_bytes());
    }
    record.extend(object.name.as_bytes());
    record.resize(201, 0);
    record.extend(&object.extra);
    record.resize(DESCRIPTOR_LEN, 0);
    let at = TABLE_AT + (id as usize - 1) * DESCRIPTOR_LEN;
    image[at..at + record.len()].copy_from_slice(&record);
}

fn arch_code(name: &str) -> [u8; 3] {
    let mut codes = (1u8..).zip(ARCHES);
    let (code, _) = codes
        .find(|(_, known)| *known == name)
        .expect("an architecture by its name in Go");
    [b'0' + code / 10, b'0' + code % 10, 0]
}

fn blob(code: i32, data: Vec<u8>) -> Object {
    Object {
        extra: sha256(&data).into_bytes(),
        ..Object::new(code, data)
    }
}

fn pointer(media_type: &str, data: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(data), "size": data.len() })
}

fn sha256(data: &[u8]) -> String {
    format!(
        "sha256:{}",
        data_encoding::HEXLOWER.encode(digest(&SHA256, data).as_ref())
    )
}

/// Bytes that look random, by the generator `SplitMix64`.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)).to_le_bytes()
    });
    words.flatten().take(len).collect()
}
