//! Two images beside each other: what one says about itself and the other does not, or says otherwise.
use std::collections::BTreeMap;

use super::{
    Caller, ImageId,
    image::{self, Image},
    sif::{Inspection, Metadata, Partition, Signature},
};
use crate::error::{Error, Result};

mod text;

pub use text::{DIFF_MAX, LINES_MAX, TEXT_MAX, TextChange};

/// Two images that the caller may see, with what was read out of them.
pub struct Comparison {
    /// The image that is compared.
    pub from: Image,
    /// The image that it is compared with.
    pub to: Image,
    before: Inspection,
    after: Inspection,
}

/// Something that the images do not have alike. It is absent in one, or differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// What tells it from others of its kind.
    pub key: String,
    /// As the first image has it.
    pub before: Option<T>,
    /// As the second image has it.
    pub after: Option<T>,
}

/// Compares two images, of whichever containers. Those without bytes say nothing about themselves yet. Two statements.
///
/// # Errors
/// [`Error::NotFound`] unless the caller may see both.
pub async fn images(caller: &Caller, from: ImageId, to: ImageId) -> Result<Comparison> {
    let found = image::by_ids(caller, &[from, to]).await?;
    let image = |id| found.get(&id).cloned().ok_or(Error::NotFound("image"));
    let (from, to) = (image(from)?, image(to)?);
    let read = image::inspections(caller, &[from.clone(), to.clone()]).await?;
    let inspection = |image: &Image| read.get(&image.digest).cloned().unwrap_or_default();
    Ok(Comparison {
        before: inspection(&from),
        after: inspection(&to),
        from,
        to,
    })
}

impl Comparison {
    /// What the files are: `arch`, `encrypted`, `oci`, `uuid` and `launchScript`.
    pub fn facts(&self) -> Vec<Change<String>> {
        changes(&facts(&self.before), &facts(&self.after), PartialEq::eq)
    }

    /// The labels, by key.
    pub fn labels(&self) -> Vec<Change<String>> {
        let labels = |inspection: &Inspection| inspection.metadata.labels.clone();
        changes(&labels(&self.before), &labels(&self.after), PartialEq::eq)
    }

    /// The code that sets the environment, by path in the image.
    pub fn environment(&self) -> Vec<Change<String>> {
        let environment = |inspection: &Inspection| inspection.metadata.environment.clone();
        let (before, after) = (environment(&self.before), environment(&self.after));
        changes(&before, &after, PartialEq::eq)
    }

    /// The definition file; absent when it is the same.
    pub fn definition(&self) -> Option<TextChange> {
        let (before, after) = (&self.before.definition, &self.after.definition);
        TextChange::of("definition", before.as_deref(), after.as_deref())
    }

    /// The scripts and the help text that are not the same, named as `apptainer inspect` names them.
    pub fn scripts(&self) -> Vec<TextChange> {
        let (before, after) = (
            scripts(&self.before.metadata),
            scripts(&self.after.metadata),
        );
        let pairs = before.into_iter().zip(after);
        pairs
            .filter_map(|((name, before), (_, after))| TextChange::of(name, before, after))
            .collect()
    }

    /// The apps, by name.
    pub fn apps(&self) -> Vec<Change<Metadata>> {
        let apps = |inspection: &Inspection| inspection.metadata.apps.clone();
        changes(&apps(&self.before), &apps(&self.after), PartialEq::eq)
    }

    /// The file systems: the first of a role with the first of that role, and so on.
    pub fn partitions(&self) -> Vec<Change<Partition>> {
        let role = |partition: &Partition| format!("{:?}", partition.role).to_lowercase();
        let same = |a: &Partition, b: &Partition| {
            (a.filesystem, a.arch, a.size) == (b.filesystem, b.arch, b.size)
        };
        let before = numbered(&self.before.partitions, role);
        changes(&before, &numbered(&self.after.partitions, role), same)
    }

    /// The signatures, by the key that they name. What a signature of both images signs is not compared.
    pub fn signatures(&self) -> Vec<Change<Signature>> {
        let key = |signature: &Signature| signature.fingerprint.clone().unwrap_or_default();
        let same = |a: &Signature, b: &Signature| (a.kind, &a.hash) == (b.kind, &b.hash);
        let before = numbered(&self.before.signatures, key);
        changes(&before, &numbered(&self.after.signatures, key), same)
    }
}

fn facts(inspection: &Inspection) -> BTreeMap<String, String> {
    let facts = [
        ("arch", inspection.arch.map(|arch| arch.to_string())),
        ("encrypted", Some(inspection.encrypted.to_string())),
        (
            "launchScript",
            Some(inspection.launch_script.trim_end().to_owned()),
        ),
        ("oci", Some(inspection.oci.to_string())),
        ("uuid", Some(inspection.uuid.clone())),
    ];
    let told = facts.into_iter().filter_map(|(key, value)| {
        Some((key.to_owned(), value.filter(|value| !value.is_empty())?))
    });
    told.collect()
}

fn scripts(metadata: &Metadata) -> [(&'static str, Option<&str>); 4] {
    [
        ("runscript", metadata.runscript.as_deref()),
        ("startscript", metadata.startscript.as_deref()),
        ("test", metadata.test.as_deref()),
        ("helpfile", metadata.help.as_deref()),
    ]
}

/// Things by what they are called; further ones of the same name are numbered: `data`, `data 2`.
fn numbered<T: Clone>(things: &[T], key: impl Fn(&T) -> String) -> BTreeMap<String, T> {
    let mut count = BTreeMap::new();
    let mut named = BTreeMap::new();
    for thing in things {
        let key = key(thing);
        let number: &mut usize = count.entry(key.clone()).or_default();
        *number += 1;
        let name = match number {
            1 => key,
            number => format!("{key} {number}"),
        };
        named.insert(name, thing.clone());
    }
    named
}

/// What two maps do not have alike, by key.
fn changes<T: Clone>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<Change<T>> {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    let mut keys: Vec<&String> = before.keys().chain(added).collect();
    keys.sort();
    let changed = |key: &&String| match (before.get(*key), after.get(*key)) {
        (Some(before), Some(after)) => !same(before, after),
        _ => true,
    };
    keys.into_iter()
        .filter(changed)
        .map(|key| Change {
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn what_came_what_went_and_what_differs_is_told_by_key() {
        let before = map(&[("kept", "1"), ("gone", "2"), ("other", "3")]);
        let after = map(&[("kept", "1"), ("other", "4"), ("came", "")]);
        let told: Vec<_> = changes(&before, &after, PartialEq::eq)
            .into_iter()
            .map(|change| (change.key, change.before, change.after))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("came".to_owned(), None, text("")),
                ("gone".to_owned(), text("2"), None),
                ("other".to_owned(), text("3"), text("4")),
            ]
        );
    }

    #[test]
    fn things_of_one_name_are_compared_in_their_order() {
        let things = numbered(&["a", "b", "a"], |thing| (*thing).to_owned());
        assert_eq!(things.keys().collect::<Vec<_>>(), ["a", "a 2", "b"]);
        let fewer = numbered(&["a", "b"], |thing| (*thing).to_owned());
        let told = changes(&things, &fewer, PartialEq::eq);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].key.as_str(), told[0].after), ("a 2", None));
    }

    #[test]
    fn what_an_image_does_not_say_is_no_fact() {
        assert_eq!(
            facts(&Inspection::default()),
            map(&[("encrypted", "false"), ("oci", "false")])
        );
    }
}
