//! Images harmed at random, noise, and images of random content.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

/// Bytes that count how many of them are asked for, and mind that no read goes beyond the file or a limit.
struct Watched<'a> {
    bytes: &'a [u8],
    asked: AtomicU64,
}

impl ReadAt for Watched<'_> {
    async fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        assert!(
            offset + len as u64 <= self.bytes.len() as u64,
            "read of {len} at {offset} leaves the file"
        );
        assert!(len <= 4 << 20, "read of {len} is beyond all limits");
        self.asked.fetch_add(len as u64, Ordering::Relaxed);
        self.bytes.read_at(offset, len).await
    }
}

/// One way to damage an image.
#[derive(Clone, Debug)]
enum Harm {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Header(usize, i64),
    Descriptor(usize, usize, i64),
    Type(usize, i32),
}

impl Harm {
    fn any() -> impl Strategy<Value = Self> {
        let number = || {
            prop_oneof![
                prop::sample::select(vec![
                    0,
                    -1,
                    1,
                    127,
                    128,
                    4095,
                    4096,
                    32_176,
                    65_536,
                    65_537,
                    1 << 40,
                    i64::MIN,
                    i64::MAX,
                    i64::MAX - 1
                ]),
                0..60_000i64,
                any::<i64>(),
            ]
        };
        prop_oneof![
            any::<prop::sample::Index>().prop_map(Self::Cut),
            (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Flip(at, byte)),
            (
                prop::sample::select(vec![80, 88, 96, 104, 112, 120]),
                number()
            )
                .prop_map(|(at, n)| Self::Header(at, n)),
            (
                0..6usize,
                prop::sample::select(vec![5, 9, 13, 17, 25, 33, 41, 201, 205]),
                number()
            )
                .prop_map(|(slot, at, n)| Self::Descriptor(slot, at, n)),
            (0..6usize, 0x4000..0x400e).prop_map(|(slot, code)| Self::Type(slot, code)),
        ]
    }

    fn apply(&self, image: &mut Vec<u8>) {
        let head = image.len().min(TABLE + 6 * RECORD);
        match self {
            Self::Cut(at) => image.truncate(at.index(image.len() + 1)),
            Self::Flip(at, byte) if head > 0 => image[at.index(head)] ^= byte,
            Self::Header(at, number) if head > at + 8 => put(image, *at, &number.to_le_bytes()),
            Self::Descriptor(slot, at, number) if head == TABLE + 6 * RECORD => {
                put(image, TABLE + slot * RECORD + at, &number.to_le_bytes());
            }
            Self::Type(slot, code) if head == TABLE + 6 * RECORD => {
                put(
                    image,
                    TABLE + slot * RECORD,
                    &[&code.to_le_bytes(), [1].as_slice()].concat(),
                );
            }
            _ => {}
        }
    }
}

fn any_image() -> impl Strategy<Value = Vec<u8>> {
    let base = prop_oneof![
        Just(full().build()),
        Just(full().encrypted().build()),
        Just(
            SifBuilder::oci("amd64")
                .label("a", "b")
                .signed_by(FIRST_KEY)
                .build()
        ),
    ];
    (base, prop::collection::vec(Harm::any(), 0..5)).prop_map(|(mut image, harms)| {
        harms.iter().for_each(|harm| harm.apply(&mut image));
        image
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_images_neither_panic_nor_make_us_read_too_much(image in any_image()) {
        let source = Watched { bytes: &image, asked: AtomicU64::new(0) };
        let result = block_on(inspect(&source, image.len() as u64));
        prop_assert!(source.asked.into_inner() <= 4 * image.len() as u64);
        if let Ok(seen) = result {
            let json = serde_json::to_string(&seen).unwrap();
            prop_assert!(!json.contains("\\u0000"));
            prop_assert_eq!(serde_json::from_str::<Inspection>(&json).unwrap(), seen);
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(sniff(&noise).is_err());
        prop_assert!(read(&noise).is_err());
    }

    #[test]
    fn builder_and_reader_agree(
        arch in prop::sample::select(Arch::all().collect::<Vec<_>>()),
        definition in "[^\0]{0,200}",
        labels in prop::collection::btree_map("[^\0]{1,20}", "[^\0]{0,40}", 0..6),
        len in 0..20_000usize,
        seed: u64,
    ) {
        let plain = SifBuilder::new(arch.as_str()).definition(&definition).payload(len, seed);
        let image = labels.iter().fold(plain, |image, (key, value)| image.label(key, value)).build();
        let seen = read(&image).unwrap();
        prop_assert_eq!((seen.arch, seen.definition), (Some(arch), Some(definition)));
        prop_assert_eq!((seen.metadata.labels, seen.partitions[0].size), (labels, len as u64));
    }
}
