//! Images that are refused, and the words for it.

use super::*;

fn damage(image: &[u8]) -> String {
    match read(image) {
        Err(InspectError::Damage(damage)) => damage.to_string(),
        other => panic!("the image should be refused, but: {other:?}"),
    }
}

#[test]
fn sniff_refuses_what_is_no_image() {
    let image = full().build();
    assert_eq!(sniff(&image[..HEADER_LEN]), Ok(()));
    let says = |bytes: &[u8]| sniff(bytes).unwrap_err().to_string();
    assert_eq!(
        says(&[0x1f; 512]),
        "this is not a SIF image: the magic word SIF_MAGIC is missing at byte 32"
    );
    assert_eq!(
        says(&image[..100]),
        "this is not a SIF image: it has 100 bytes, and the header alone takes 128"
    );
    assert_eq!(
        says(b""),
        "this is not a SIF image: it has 0 bytes, and the header alone takes 128"
    );
    let mut newer = image;
    put(&mut newer, 42, b"02");
    assert_eq!(
        says(&newer),
        "the image has SIF version \"02\", but only \"01\" can be read"
    );
}

#[test]
fn cut_image_is_refused_wherever_it_is_cut() {
    let image = full().build();
    for len in (0..image.len()).step_by(97).chain([image.len() - 1]) {
        let reason = damage(&image[..len]);
        assert!(
            reason.contains("cut") || reason.contains("header alone"),
            "{len}: {reason}"
        );
    }
    assert_eq!(
        damage(&image[..40_000]),
        "descriptor 3 (partition) reaches to byte 42768, but the file ends at 40000: \
         the upload was cut or the image is damaged"
    );
}

#[test]
fn impossible_tables_are_refused() {
    let with = |at: usize, number: i64| {
        let mut image = full().build();
        put(&mut image, at, &number.to_le_bytes());
        damage(&image)
    };
    assert!(with(88, -1).starts_with("the header counts -1 descriptors"));
    assert!(with(88, i64::MAX).contains("only 0 to 65536 are possible"));
    assert!(
        with(88, 49)
            .starts_with("the descriptor table has 28080 bytes, too few for 49 descriptors")
    );
    assert!(with(104, -1).starts_with("the descriptor table has -1 bytes"));
    assert!(
        with(96, 100).starts_with("the descriptor table begins at byte 100, inside the header")
    );
    assert!(with(96, i64::MIN).contains("inside the header"));
    assert!(with(96, i64::MAX).contains("the upload was cut"));
}

#[test]
fn impossible_objects_are_refused() {
    let with = |at: usize, number: i64| {
        let mut image = full().build();
        put(&mut image, TABLE + at, &number.to_le_bytes());
        damage(&image)
    };
    assert_eq!(
        with(17, -1),
        "descriptor 1 (definition file) has a negative offset or size: the image is damaged"
    );
    assert!(with(25, i64::MIN).contains("negative"));
    assert!(with(17, i64::MAX).contains("reaches to byte"));
    assert!(with(25, i64::MAX).contains("reaches to byte"));
    assert!(with(17, 0).contains("points into the header or the descriptor table"));
    assert!(with(17, 30_000).contains("points into the header or the descriptor table"));
}

#[test]
fn second_primary_partition_is_refused() {
    let mut image = full().build();
    let partition = image[TABLE + 2 * RECORD..TABLE + 3 * RECORD].to_vec();
    put(&mut image, TABLE + RECORD, &partition);
    put(&mut image, TABLE + RECORD + 5, &2u32.to_le_bytes());
    assert_eq!(
        damage(&image),
        "descriptors 2 and 3 are both the primary partition, but an image has only one"
    );
}

#[test]
fn failing_source_is_not_blamed_on_the_image() {
    let image = full().build();
    let result = block_on(inspect(&image[..40_000], image.len() as u64));
    assert!(matches!(result, Err(InspectError::Io(_))), "{result:?}");
}
