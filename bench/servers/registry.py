"""docker-registry (distribution 2.8), the registry that others are compared with."""

import hashlib
import json
from pathlib import Path

import oci
import tools
from image import Image
from server import Server

# The blob cache is what its documentation recommends; requests are not logged, as with the others.
SETTINGS = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}, cache: {{blobdescriptor: inmemory}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry(Server):
    """A registry with one repository."""

    name = "docker-registry"
    ready = "/v2/"

    def command(self) -> list[str]:
        self.root = self.folder / "data"
        settings = self.folder / "config.yml"
        settings.write_text(SETTINGS.format(root=self.root, port=self.port))
        return [tools.find("docker-registry"), "serve", str(settings)]

    def _upload(self) -> str:
        return self.call("POST", "/v2/bench/blobs/uploads/").expect(202).headers["Location"]

    def push(self, image: Image) -> None:
        """One PATCH with everything."""
        answer = tools.curl(
            "--request", "PATCH", "--header", "Content-Type: application/octet-stream",
            "--dump-header", "-", "--upload-file", str(image.path), self._upload(),
        )
        headers = (line.partition(":") for line in answer.splitlines())
        location = next(value.strip() for name, _, value in headers if name.lower() == "location")
        self._finish(location, f"sha256:{image.sha256}")

    def _finish(self, location: str, digest: str, body: bytes = b"") -> None:
        joint = "&" if "?" in location else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self.call("PUT", f"{location}{joint}digest={digest}", body, headers).expect(201)

    def _push_bytes(self, body: bytes) -> dict:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self._finish(self._upload(), digest, body)
        return {"digest": digest, "size": len(body), "mediaType": "application/octet-stream"}

    def push_manifest(self, tag: str) -> str:
        """Pushes a small image and gives the path of its manifest."""
        config = {**self._push_bytes(b"{}"), "mediaType": "application/vnd.sylabs.sif.config.v1+json"}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [self._push_bytes(b"SIF")]}
        path = f"/v2/bench/manifests/{tag}"
        self.call("PUT", path, json.dumps(manifest).encode(), {"Content-Type": MANIFEST}).expect(201)
        return path

    def put_blob(self, repository: str, size: int) -> str:
        """Pushes random bytes, and gives their digest."""
        return oci.put_blob(self, repository, size)

    def put_manifests(self, repository: str, count: int) -> str:
        """Pushes a manifest under so many tags, and gives one of them."""
        return oci.put_manifests(self, repository, count)

    def file(self, image: Image) -> str:
        """Where an image's bytes are pulled from."""
        return f"{self.base}/v2/bench/blobs/sha256:{image.sha256}"

    def forget(self, image: Image) -> None:
        """Deletes an image's bytes, so that the disk does not fill up."""
        data: Path = self.root / "docker/registry/v2/blobs/sha256" / image.sha256[:2] / image.sha256 / "data"
        data.unlink()
