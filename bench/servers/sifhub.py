"""sifhub, as anybody gets it: SQLite and a folder, with all settings at their defaults except the log's level."""

import os
import subprocess
from pathlib import Path

import oci
import tools
from image import Image
from server import Server

CONTAINER = "alice/bench/image"


class Sifhub(Server):
    """A server with one account and one public container, ready to be pushed to."""

    name = "sifhub"
    ready = "/readyz"

    def __init__(self, binary: Path, folder: Path):
        super().__init__(folder)
        self.binary = str(binary)
        self.data = self.folder / "data"

    def command(self) -> list[str]:
        return [self.binary, "serve"]

    def environment(self) -> dict[str, str]:
        own = {
            "SIFHUB__DATA_DIR": str(self.data),
            "SIFHUB__HTTP__LISTEN": f"127.0.0.1:{self.port}",
            "SIFHUB__LOG__FILTER": "warn",
        }
        return {**os.environ, **own}

    def __enter__(self):
        self._tell("user", "add", "alice", "--password-stdin", given="a password for alice\n")
        self.token = self._tell("token", "create", "--user", "alice").split()[-1]
        return super().__enter__()

    def _tell(self, *words: str, given: str = "") -> str:
        return tools.run(self.binary, *words, input=given, env=self.environment(), cwd=self.folder)

    def prepare(self) -> None:
        namespace, collection, container = CONTAINER.split("/")
        entity = self._obtain(f"/v1/entities/{namespace}", "/v1/entities", {"name": namespace})
        parent = {"name": collection, "entity": entity, "private": False}
        parent = {"name": container, "collection": self._obtain(
            f"/v1/collections/{namespace}/{collection}", "/v1/collections", parent
        )}
        self.container = self._obtain(f"/v1/containers/{CONTAINER}", "/v1/containers", parent)

    def _obtain(self, path: str, parent: str, body: dict) -> str:
        """The id of something, which is made if it is not there."""
        found = self._as_alice("GET", path)
        if found.status == 404:
            found = self._as_alice("POST", parent, body)
        return found.expect(200, 201).json()["data"]["id"]

    def _as_alice(self, method: str, path: str, body=None):
        return self.call(method, path, body, {"Authorization": f"Bearer {self.token}"})

    def _data(self, method: str, path: str, body=None):
        return self._as_alice(method, path, body).expect(200, 201).json()["data"]

    def _announce(self, image: Image) -> str:
        return self._data("POST", "/v1/images", {"hash": f"sha256.{image.sha256}", "container": self.container})["id"]

    def push(self, image: Image) -> str:
        """As clients do up to 64 MiB, or where the registry takes no parts: one PUT to a signed URL."""
        id = self._announce(image)
        sums = {"filesize": image.size, "sha256sum": image.sha256, "md5sum": image.md5}
        url = self._data("POST", f"/v2/imagefile/{id}", sums)["uploadURL"]
        tools.curl("--header", "Content-Type: application/octet-stream", "--upload-file", str(image.path), url)
        self._as_alice("PUT", f"/v2/imagefile/{id}/_complete", {}).expect(200)
        return id

    def push_in_parts(self, image: Image) -> str:
        """As clients do above 64 MiB: one PUT for each part, one after the other."""
        id = self._announce(image)
        upload = self._data("POST", f"/v2/imagefile/{id}/_multipart", {"filesize": image.size})
        assert (upload["partSize"], upload["totalParts"]) == (image.part_size, len(image.parts)), upload
        transfers = []
        for number, part in enumerate(image.parts, 1):
            wish = {"partSize": part.stat().st_size, "uploadID": upload["uploadID"], "partNumber": number}
            url = self._data("PUT", f"/v2/imagefile/{id}/_multipart", {**wish, "sha256sum": ""})["presignedURL"]
            transfers += ["--upload-file", str(part), url]
        tokens = tools.curl("--write-out", "%header{etag}\n", *transfers).split()
        done = [{"partNumber": number, "token": token} for number, token in enumerate(tokens, 1)]
        ending = {"uploadID": upload["uploadID"], "completedParts": done}
        self._as_alice("PUT", f"/v2/imagefile/{id}/_multipart_complete", ending).expect(200)
        return id

    def push_plain(self, image: Image) -> str:
        """As the first clients did: one POST with a token."""
        id = self._announce(image)
        token = ("--header", f"Authorization: Bearer {self.token}", "--header", "Content-Type:")
        tools.curl(*token, "--request", "POST", "--upload-file", str(image.path), f"{self.base}/v1/imagefile/{id}")
        return id

    def tag(self, id: str, name: str) -> None:
        """Makes `name` point at an image."""
        self._data("POST", f"/v2/tags/{self.container}", {"Arch": "amd64", "Tag": name, "ImageID": id})

    def put_blob(self, repository: str, size: int) -> str:
        """Pushes random bytes by the OCI door, and gives their digest."""
        return oci.put_blob(self, repository, size, self.token)

    def put_manifests(self, repository: str, count: int) -> str:
        """Pushes a manifest under so many tags by the OCI door, and gives one of them."""
        return oci.put_manifests(self, repository, count, self.token)

    def file(self, tag: str) -> str:
        """Where an image's bytes are pulled from."""
        return f"{self.base}/v1/imagefile/{CONTAINER}:{tag}?arch=amd64"

    def blob(self, image: Image) -> Path:
        """Where an image's bytes lie."""
        return next((self.data / "blobs").rglob(f"*{image.sha256}*"))

    def forget(self, image: Image) -> None:
        """Deletes an image, and its bytes at once, so that the disk does not fill up."""
        path = f"/v1/images/{CONTAINER}:sha256.{image.sha256}?arch=amd64"
        blob = self.blob(image)
        self._as_alice("DELETE", path).expect(200)
        blob.unlink(missing_ok=True)


def version(binary: Path) -> str:
    """What the binary says of itself."""
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
