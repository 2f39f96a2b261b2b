//! Clients of OCI registries besides Apptainer, and an image for them.
use std::{fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use sifhub::registry::Digest;

use super::{
    apptainer::{Apptainer, Done, Site},
    tools::tools,
};

/// The site as these clients name it: several of them speak plain HTTP with `localhost` only if there is a port.
pub const HOST: &str = "localhost:80";

/// The manifest of an image, as the OCI's image-spec has it.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// A list of manifests.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Site {
    /// A new account, whose owner is logged in everywhere: with Apptainer's library and with all clients of OCI.
    pub fn oci_user(&self, name: &str) -> Apptainer<'_> {
        let person = self.user(name);
        let token = self.token(name, &[]);
        person.registry_log_in(name, token.trim());
        person
    }

    /// What a tag or digest points at for anybody, `None` if there is nothing to be seen.
    pub fn digest(&self, reference: &str) -> Option<String> {
        self.stranger("eye").digest(reference)
    }

    /// A manifest as anybody gets it.
    ///
    /// # Panics
    /// When there is none to be seen.
    pub fn manifest(&self, reference: &str) -> Value {
        let eye = self.stranger("eye");
        let shown = eye.crane(&format!("manifest {HOST}/{reference}")).ok();
        serde_json::from_str(&shown.stdout).expect("a manifest is JSON")
    }

    /// The tags of a container as anybody gets them, none if there is no such container to be seen.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let eye = self.stranger("eye");
        let shown = eye.crane(&format!("ls {HOST}/{repository}"));
        shown.stdout.lines().map(str::to_owned).collect()
    }
}

impl Apptainer<'_> {
    /// Leaves a name and a password where all clients of OCI look for them.
    pub fn registry_log_in(&self, name: &str, password: &str) {
        self.outside("oras", &["login", "-u", name, "-p", password, HOST])
            .ok();
    }

    /// Runs `skopeo`, which is told that the site has no certificate.
    pub fn skopeo(&self, line: &str) -> Done {
        self.outside("skopeo", &words(&format!("--insecure-policy {line}")))
    }

    /// Runs `podman` with a storage of its own, where it needs neither mounts nor a runtime.
    pub fn podman(&self, line: &str) -> Done {
        self.podman_args(&words(line))
    }

    /// Runs it with these arguments.
    pub fn podman_args(&self, args: &[&str]) -> Done {
        // It wants the file that it is told of, even if there is nothing in it.
        let credentials = self.home.join(".docker/config.json");
        if !credentials.is_file() {
            fs::create_dir_all(self.home.join(".docker")).expect("a folder");
            fs::write(credentials, "{}").expect("a file");
        }
        let storage = self.home.join(".podman").display().to_string();
        let run = format!("{storage}/run");
        let place = [
            "--root",
            &storage,
            "--runroot",
            &run,
            "--storage-driver",
            "vfs",
        ];
        self.outside("podman", &[&place[..], args].concat())
    }

    /// Runs `oras`.
    pub fn oras(&self, line: &str) -> Done {
        self.outside("oras", &words(line))
    }

    /// Runs `crane`.
    pub fn crane(&self, line: &str) -> Done {
        self.outside("crane", &words(line))
    }

    /// Runs `helm`.
    pub fn helm(&self, line: &str) -> Done {
        self.outside("helm", &words(line))
    }

    /// Runs a script of Python, with what is installed from PyPI.
    pub fn python(&self, script: &str) -> Done {
        let python = tools().join("bin/python");
        self.outside(&python.display().to_string(), &["-c", script])
    }

    /// What a tag or digest points at, `None` if this person sees nothing there.
    pub fn digest(&self, reference: &str) -> Option<String> {
        let shown = self.crane(&format!("digest {HOST}/{reference}"));
        let digest = shown.stdout.trim();
        (!digest.is_empty()).then(|| digest.to_owned())
    }

    /// Puts a folder into the home that is an OCI layout with an image of the tag `1`, and tells the digest of its
    /// manifest. The image really runs: it is nothing but busybox.
    pub fn layout(&self, name: &str, arch: &str) -> String {
        let layout = Layout::new(self.home.join(name));
        let image = layout.image(arch);
        layout.finish(&image)
    }

    /// The same with an image for each of these architectures below one index.
    pub fn layout_of(&self, name: &str, archs: &[&str]) -> String {
        let layout = Layout::new(self.home.join(name));
        let images: Vec<_> = archs.iter().map(|arch| layout.image(arch)).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images});
        layout.finish(&layout.document(INDEX, &index))
    }

    /// The digest of the one image in a layout in the home.
    #[track_caller]
    pub fn digest_in(&self, layout: &str) -> String {
        let index: Value = serde_json::from_slice(&self.read(&format!("{layout}/index.json")))
            .expect("an index is JSON");
        let digest = index["manifests"][0]["digest"].as_str();
        digest.expect("an image").to_owned()
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A folder that is filled as an OCI layout.
struct Layout(PathBuf);

impl Layout {
    fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).expect("a folder");
        Self(folder)
    }

    /// Adds an image for an architecture, and tells its descriptor.
    fn image(&self, arch: &str) -> Value {
        let (layer, unpacked) = self.layer();
        let config = json!({
            "architecture": arch,
            "os": "linux",
            "config": {"Cmd": ["/bin/busybox", "echo", "it runs"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [unpacked.to_string()]},
        });
        let config = self.document("application/vnd.oci.image.config.v1+json", &config);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [layer],
        });
        let mut image = self.document(MANIFEST, &manifest);
        image["platform"] = json!({"architecture": arch, "os": "linux"});
        image
    }

    /// Adds the one layer, and tells its descriptor and the digest of what is in it.
    fn layer(&self) -> (Value, Digest) {
        let bin = self.0.join("root/bin");
        fs::create_dir_all(&bin).expect("a folder");
        let busybox = tools().join("apptainer-root/usr/bin/busybox");
        fs::copy(busybox, bin.join("busybox")).expect("Apptainer's root has a busybox");
        let script = "ln -sf busybox root/bin/sh
            tar -C root --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf layer.tar .
            gzip -9kn layer.tar";
        let packed = Command::new("sh")
            .args(["-euc", script])
            .current_dir(&self.0)
            .status();
        assert!(packed.expect("sh runs").success());
        let take = |name: &str| {
            let bytes = fs::read(self.0.join(name)).expect("it is packed");
            fs::remove_file(self.0.join(name)).expect("it is there");
            bytes
        };
        fs::remove_dir_all(self.0.join("root")).expect("it is there");
        let unpacked = Digest::of(&take("layer.tar"));
        let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
        (self.blob(kind, &take("layer.tar.gz")), unpacked)
    }

    fn document(&self, media_type: &str, document: &Value) -> Value {
        self.blob(media_type, document.to_string().as_bytes())
    }

    /// Adds a blob, and tells its descriptor.
    fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        let file = self.0.join("blobs/sha256").join(digest.hex());
        fs::write(file, bytes).expect("a blob");
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    }

    /// Writes what lists the images, and tells the digest of this one.
    fn finish(&self, image: &Value) -> String {
        let mut image = image.clone();
        image["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]});
        fs::write(self.0.join("index.json"), index.to_string()).expect("an index");
        let version = json!({"imageLayoutVersion": "1.0.0"});
        fs::write(self.0.join("oci-layout"), version.to_string()).expect("a version");
        image["digest"].as_str().expect("a digest").to_owned()
    }
}
