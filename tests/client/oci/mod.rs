//! The clients of OCI registries, real and unmodified: each has its own idea of how to log in, to push and to ask.
//!
//! What a client says of a success is not taken for one: another one is asked, who is not logged in.
mod apptainer;
mod cosign;
mod crane;
mod helm;
mod login;
mod oras;
mod page;
mod podman;
mod python;
mod skopeo;

use crate::support::{
    apptainer::{Apptainer, Site, arch},
    oci::HOST,
};

/// Alice, who has an image of this machine's architecture as the layout `image`, and its digest.
fn alice(site: &Site) -> (Apptainer<'_>, String) {
    let alice = site.oci_user("alice");
    let digest = alice.layout("image", arch());
    (alice, digest)
}

/// The same, and the image is pushed as `alice/tools/hello:1`.
fn alice_with_image(site: &Site) -> (Apptainer<'_>, String) {
    let (alice, digest) = alice(site);
    alice
        .crane(&format!("push image {HOST}/alice/tools/hello:1"))
        .ok();
    (alice, digest)
}
