//! What a registry should hold after some steps, told in the plainest way: nothing is summed up until it is asked for.
use std::collections::{BTreeMap, BTreeSet};

/// A container: the numbers of its namespace, of its collection there, and of itself.
pub type Place = (usize, usize, usize);
/// A collection: the numbers of its namespace and of itself.
pub type Shelf = (usize, usize);

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Step {
    Push {
        to: Place,
        image: usize,
        tag: usize,
    },
    PushManifest {
        to: Place,
        manifest: usize,
        tag: usize,
    },
    SetTag {
        at: Place,
        image: usize,
        tag: usize,
    },
    Promote {
        from: Place,
        image: usize,
        to: Place,
        tag: usize,
    },
    DeleteTag {
        at: Place,
        tag: usize,
    },
    DeleteImage {
        at: Place,
        image: usize,
    },
    DeleteContainer(Place),
    DeleteCollection(Shelf),
    MoveContainer {
        from: Place,
        to: Shelf,
    },
    MoveCollection {
        from: Shelf,
        to: usize,
    },
    RenameContainer {
        at: Place,
        name: usize,
    },
    LimitNamespace {
        namespace: usize,
        limits: Amount<Option<i64>>,
    },
    LimitUser {
        user: usize,
        limits: Amount<Option<i64>>,
    },
    Transfer {
        namespace: usize,
        user: usize,
    },
    Star {
        user: usize,
        at: Place,
    },
    Unstar {
        user: usize,
        at: Place,
    },
}

/// What a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    /// What it is about is not there, so that there is nothing to try.
    Pointless,
}

use Outcome::{Done, Pointless, Refused};

/// Bytes, and images with manifests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount<T> {
    pub bytes: T,
    pub images: T,
}

/// What a tag names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Image(usize),
    Manifest(usize),
}

/// What is in a container.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub images: BTreeSet<usize>,
    pub manifests: BTreeSet<usize>,
    pub tags: BTreeMap<usize, Target>,
    pub stars: BTreeSet<usize>,
}

/// Two namespaces and two users.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub collections: BTreeSet<Shelf>,
    pub containers: BTreeMap<Place, Content>,
    pub owners: [usize; 2],
    pub limits: [Amount<Option<i64>>; 2],
    pub user_limits: [Amount<Option<i64>>; 2],
    /// How many bytes each image and each manifest has.
    pub sizes: [Vec<i64>; 2],
}

impl Model {
    /// Takes a step, and tells whether it may be taken.
    pub fn take(&mut self, step: &Step) -> Outcome {
        if let Step::Push { to, .. } = step {
            // A push makes what it goes into, whether or not the image has room there.
            self.collections.insert((to.0, to.1));
            self.containers.entry(*to).or_default();
        }
        let mut after = self.clone();
        let done = after.change(step);
        if done != Some(true) {
            return if done.is_none() { Pointless } else { Refused };
        }
        if self.grows_beyond(&after) {
            return Refused;
        }
        *self = after;
        Done
    }

    /// Whether it may be done; `None` where there is nothing to do it to.
    fn change(&mut self, step: &Step) -> Option<bool> {
        match *step {
            Step::Push { to, image, tag } => self.add(to, Target::Image(image), tag)?,
            Step::PushManifest { to, manifest, tag } => {
                self.add(to, Target::Manifest(manifest), tag)?
            }
            Step::SetTag { at, image, tag } => {
                self.holding(at, image)?;
                self.add(at, Target::Image(image), tag)?;
            }
            Step::Promote {
                from,
                image,
                to,
                tag,
            } => {
                self.holding(from, image)?;
                self.add(to, Target::Image(image), tag)?;
            }
            Step::DeleteTag { at, tag } => {
                self.containers.get_mut(&at)?.tags.remove(&tag)?;
            }
            Step::DeleteImage { at, image } => {
                let content = self.holding(at, image)?;
                content.images.remove(&image);
                content
                    .tags
                    .retain(|_, target| *target != Target::Image(image));
            }
            Step::DeleteContainer(at) => {
                self.containers.remove(&at)?;
            }
            Step::DeleteCollection(shelf) => {
                self.collections.take(&shelf)?;
                self.containers.retain(|at, _| (at.0, at.1) != shelf);
            }
            Step::MoveContainer { from, to } => {
                self.collections.get(&to)?;
                return self.put(from, (to.0, to.1, from.2));
            }
            Step::MoveCollection { from, to } => return self.put_collection(from, (to, from.1)),
            Step::RenameContainer { at, name } => return self.put(at, (at.0, at.1, name)),
            Step::LimitNamespace { namespace, limits } => self.limits[namespace] = limits,
            Step::LimitUser { user, limits } => self.user_limits[user] = limits,
            Step::Transfer { namespace, user } => self.owners[namespace] = user,
            Step::Star { user, at } => {
                self.containers.get_mut(&at)?.stars.insert(user);
            }
            Step::Unstar { user, at } => {
                self.containers.get_mut(&at)?.stars.remove(&user);
            }
        }
        Some(true)
    }

    fn holding(&mut self, at: Place, image: usize) -> Option<&mut Content> {
        let content = self.containers.get_mut(&at)?;
        content.images.contains(&image).then_some(content)
    }

    fn add(&mut self, to: Place, target: Target, tag: usize) -> Option<()> {
        let content = self.containers.get_mut(&to)?;
        match target {
            Target::Image(image) => content.images.insert(image),
            Target::Manifest(manifest) => content.manifests.insert(manifest),
        };
        content.tags.insert(tag, target);
        Some(())
    }

    /// Puts a container somewhere else, where there is none.
    fn put(&mut self, from: Place, to: Place) -> Option<bool> {
        let content = self.containers.remove(&from)?;
        Some(self.containers.insert(to, content).is_none())
    }

    fn put_collection(&mut self, from: Shelf, to: Shelf) -> Option<bool> {
        self.collections.take(&from)?;
        let free = self.collections.insert(to);
        let all = std::mem::take(&mut self.containers).into_iter();
        let there = |at: Place| {
            if (at.0, at.1) == from {
                (to.0, to.1, at.2)
            } else {
                at
            }
        };
        self.containers = all.map(|(at, content)| (there(at), content)).collect();
        Some(free)
    }

    /// Whether anything that has a limit gets more than it has, and more than it may have.
    fn grows_beyond(&self, after: &Self) -> bool {
        let beyond = |before: i64, now: i64, limit: Option<i64>| {
            now > before && limit.is_some_and(|limit| now > limit)
        };
        let exceeds = |before: Amount<i64>, now: Amount<i64>, limits: Amount<Option<i64>>| {
            beyond(before.bytes, now.bytes, limits.bytes)
                || beyond(before.images, now.images, limits.images)
        };
        (0..2).any(|n| {
            exceeds(self.in_namespace(n), after.in_namespace(n), self.limits[n])
                || exceeds(self.of_user(n), after.of_user(n), self.user_limits[n])
        })
    }

    pub fn in_namespace(&self, namespace: usize) -> Amount<i64> {
        self.sum(|at| at.0 == namespace)
    }

    pub fn of_user(&self, user: usize) -> Amount<i64> {
        self.sum(|at| self.owners[at.0] == user)
    }

    /// What is in some of the containers.
    pub fn sum(&self, which: impl Fn(&Place) -> bool) -> Amount<i64> {
        let mut sum = Amount::default();
        for (_, content) in self.containers.iter().filter(|(at, _)| which(at)) {
            sum.images += (content.images.len() + content.manifests.len()) as i64;
            sum.bytes += content
                .images
                .iter()
                .map(|image| self.sizes[0][*image])
                .sum::<i64>();
            sum.bytes += content
                .manifests
                .iter()
                .map(|manifest| self.sizes[1][*manifest])
                .sum::<i64>();
        }
        sum
    }
}
