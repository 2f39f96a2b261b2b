"""Filling any OCI registry before it is measured."""

import hashlib
import json
import os

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def put_blob(server, repository: str, size: int, token: str = "") -> str:
    """Pushes random bytes, and gives their digest."""
    return _put(server, repository, os.urandom(size), token)["digest"]


def put_manifests(server, repository: str, count: int, token: str = "") -> str:
    """Pushes a manifest under so many tags, and gives one of them."""
    config = {**_put(server, repository, b"{}", token), "mediaType": "application/vnd.sylabs.sif.config.v1+json"}
    layers = [_put(server, repository, b"no SIF", token)]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()
    headers = {"Content-Type": MANIFEST, **_bearer(token)}
    for number in range(count):
        server.call("PUT", f"/v2/{repository}/manifests/v{number:05}", manifest, headers).expect(201)
    return "v00000"


def _put(server, repository: str, body: bytes, token: str) -> dict:
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    started = server.call("POST", f"/v2/{repository}/blobs/uploads/", None, _bearer(token)).expect(202)
    place = started.headers["Location"]
    joint = "&" if "?" in place else "?"
    headers = {"Content-Type": "application/octet-stream", **_bearer(token)}
    server.call("PUT", f"{place}{joint}digest={digest}", body, headers).expect(201)
    return {"digest": digest, "size": len(body), "mediaType": "application/octet-stream"}


def _bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"} if token else {}
