//! What `docs/oci.md` tells people to type.
use super::*;
use crate::support::SifBuilder;

const PAGE: &str = include_str!("../../../docs/oci.md");
/// The site has no certificate, and nobody may mount anything here.
const HERE: &str = "set -eux
    export APPTAINER_NOHTTPS=true REGISTRY_AUTH_FILE=$HOME/.docker/config.json
    skopeo() { command skopeo --insecure-policy \"$1\" --dest-tls-verify=false \"${@:2}\"; }
    podman() { command podman --root $PWD/.podman --runroot $PWD/.podman/run --storage-driver vfs \"$1\" --tls-verify=false \"${@:2}\"; }
    helm() { command helm \"$@\" --plain-http; }";

#[test]
fn page_works_as_it_is_written() {
    let site = Site::new();
    let (alice, digest) = alice(&site);
    alice.put("hello.sif", SifBuilder::new(arch()));
    for name in ["report.txt", "note.txt"] {
        alice.write(name, "all is well\n");
    }
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("tests run by cargo");
    alice.helm(&format!("package {root}/helm/sifhub")).ok();
    let (_, script) = PAGE.split_once("```sh\n").expect("a block");
    let (script, _) = script.split_once("```").expect("its end");
    let script = script.replace("registry.example.org", HOST);
    alice
        .shell(&format!("mv sifhub-*.tgz chart.tgz; {HERE}\n{script}"))
        .ok()
        .says("text/x-note");
    assert_eq!(alice.read("again.sif"), alice.read("hello.sif"));
    for path in ["alice/tools/image:1.0", "alice/copies/image:1.0"] {
        assert_eq!(site.digest(path), Some(digest.clone()));
    }
    assert_eq!(site.tags("alice/tools/report"), ["1"]);
    alice.run("run image.sif").ok().says("it runs");
    let compare = "cmp sifhub-*.tgz chart.tgz";
    alice.shell(compare).ok();
}
