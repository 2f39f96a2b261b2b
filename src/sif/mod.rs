//! Reads Singularity image files (SIF): what they are, what they hold, who signed them.
//!
//! Owns the byte layout: global header, descriptors, the few payloads that describe the image. Takes bytes from
//! anybody: every number in them is checked, nothing is allocated by such a number without a limit, and no input panics.
//! Must not read payloads that it does not need, verify signatures, unpack file systems, or know where bytes are kept.

mod arch;
mod bytes;
mod damage;
mod descriptor;
mod header;
mod inspection;
mod metadata;
mod oci;
mod partition;
mod signature;
mod source;
#[cfg(test)]
mod tests;

pub use arch::{Arch, UnknownArch};
pub use damage::{Damage, InspectError};
pub use descriptor::{Descriptor, Kind, Link};
pub use header::HEADER_LEN;
pub use inspection::Inspection;
pub use metadata::Metadata;
pub use partition::{CryptoMessage, Filesystem, Partition, Role, Sbom};
pub use signature::{Signature, SignatureKind};
pub use source::ReadAt;

use std::io;

use descriptor::Entry;
use header::Header;
use metadata::Inspected;
use oci::Missing;
use partition::of;
use source::Image;

/// The largest definition file that is kept, in bytes.
const MAX_DEFINITION: u64 = 1 << 20;
/// The largest `inspect-metadata.json` that is read, in bytes.
const MAX_METADATA: u64 = 4 << 20;
const METADATA_NAME: &str = "inspect-metadata.json";

/// Says whether a file that begins so can be a SIF image, as far as its header tells.
///
/// `first_bytes` are the first [`HEADER_LEN`] bytes or more, or all of a shorter file.
///
/// # Errors
/// What is wrong with the header.
pub fn sniff(first_bytes: &[u8]) -> Result<(), Damage> {
    Header::parse(first_bytes).map(drop)
}

/// Reads what the image in `source`, which has `size` bytes, says about itself.
///
/// Reads the head of the file, the descriptors and the small texts, never the file systems; mostly 3 to 5 reads. Texts
/// that are too large or odd are left out with a note in the result.
///
/// # Errors
/// [`InspectError::Damage`] if it is no image, or one that is cut or damaged; [`InspectError::Io`] if `source` fails.
pub async fn inspect<S: ReadAt + ?Sized>(
    source: &S,
    size: u64,
) -> Result<Inspection, InspectError> {
    let image = Image::open(source, size).await?;
    let header = Header::parse(image.head())?;
    let entries = image.entries(&header).await?;
    let mut inspection = outline(header, &entries)?;
    inspection.signatures = signature::signatures(&image, &entries).await?;
    add_definition(&mut inspection, &image, &entries).await?;
    add_metadata(&mut inspection, &image, &entries).await?;
    add_oci(&mut inspection, &image, &entries).await?;
    note_oddities(&mut inspection);
    Ok(inspection)
}

/// What header and descriptors tell.
fn outline(header: Header, entries: &[Entry]) -> Result<Inspection, Damage> {
    let partitions = partition::partitions(entries)?;
    let primary = partitions.iter().find(|part| part.role == Role::Primary);
    Ok(Inspection {
        arch: header.arch.or(primary.and_then(|part| part.arch)),
        encrypted: primary.is_some_and(|part| part.filesystem == Filesystem::EncryptedSquashfs),
        launch_script: header.launch_script,
        uuid: header.uuid,
        created: header.created,
        modified: header.modified,
        oci: of(entries, Kind::OciRootIndex).next().is_some(),
        descriptors: entries
            .iter()
            .map(|entry| entry.descriptor.clone())
            .collect(),
        sboms: partition::sboms(entries),
        crypto_messages: partition::crypto_messages(entries),
        partitions,
        ..Inspection::default()
    })
}

async fn add_definition<S: ReadAt + ?Sized>(
    inspection: &mut Inspection,
    image: &Image<'_, S>,
    entries: &[Entry],
) -> io::Result<()> {
    let Some(entry) = of(entries, Kind::Definition).next() else {
        return Ok(());
    };
    match image.object(&entry.descriptor, MAX_DEFINITION).await? {
        Some(bytes) => inspection.definition = Some(bytes::text(&bytes)),
        None => inspection.note(format!(
            "the definition file is larger than {MAX_DEFINITION} bytes and left out"
        )),
    }
    Ok(())
}

async fn add_metadata<S: ReadAt + ?Sized>(
    inspection: &mut Inspection,
    image: &Image<'_, S>,
    entries: &[Entry],
) -> io::Result<()> {
    let Some(entry) = of(entries, Kind::Json).find(|entry| entry.descriptor.name == METADATA_NAME)
    else {
        return Ok(());
    };
    match image
        .object(&entry.descriptor, MAX_METADATA)
        .await?
        .map(|bytes| Inspected::parse(&bytes))
    {
        Some(Some(inspected)) => {
            inspection.metadata = inspected.metadata;
            let copy = inspected
                .definition
                .filter(|text| text.len() as u64 <= MAX_DEFINITION);
            inspection.definition = inspection.definition.take().or(copy);
        }
        Some(None) => inspection.note(format!("{METADATA_NAME} is not JSON and left out")),
        None => inspection.note(format!(
            "{METADATA_NAME} is larger than {MAX_METADATA} bytes and left out"
        )),
    }
    Ok(())
}

async fn add_oci<S: ReadAt + ?Sized>(
    inspection: &mut Inspection,
    image: &Image<'_, S>,
    entries: &[Entry],
) -> io::Result<()> {
    let Some(root) = of(entries, Kind::OciRootIndex).next() else {
        return Ok(());
    };
    match oci::config(image, entries, root).await {
        Ok(config) => {
            inspection.arch = inspection.arch.or(config.arch);
            inspection.metadata.labels.extend(config.labels);
        }
        Err(Missing::Note(note)) => inspection.note(note),
        Err(Missing::Io(error)) => return Err(error),
    }
    Ok(())
}

/// Tools accept these, so they are no damage; people may wonder all the same.
fn note_oddities(inspection: &mut Inspection) {
    let primary = inspection
        .partitions
        .iter()
        .find(|part| part.role == Role::Primary);
    if let (Some(header), Some(partition)) = (inspection.arch, primary.and_then(|part| part.arch))
        && header != partition
    {
        inspection.note(format!(
            "the header says {header}, but the primary partition is for {partition}"
        ));
    }
    let mut spans: Vec<_> = inspection
        .descriptors
        .iter()
        .filter(|object| object.size > 0)
        .collect();
    spans.sort_by_key(|object| object.offset);
    let overlap = spans
        .windows(2)
        .find(|pair| pair[1].offset - pair[0].offset < pair[0].size);
    if let Some([first, second]) = overlap {
        inspection.note(format!(
            "objects {} and {} share bytes",
            first.id, second.id
        ));
    }
}
