"""sifhub with synthetic data instead of an account that pushes."""

import json
import os
import sys
import time
from pathlib import Path

from measure import say
from server import Server
from servers.sifhub import Sifhub

DONE = "seeded"
ADMIN = "operator"


class Seeded(Sifhub):
    """A server on a database of so many images, which is filled first unless an earlier run has left it in `folder`."""

    user = "ada-abel"

    def __init__(self, binary: Path, folder: Path, images: int):
        self.name = f"sifhub-{images}"
        self.folder = folder / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.images = images
        self._reserve()
        self.binary = str(binary)
        self.data = self.folder / "data"

    def __enter__(self):
        if not (self.folder / DONE).exists():
            self._seed()
        self.token, self.admin = (
            self._tell("token", "create", "--user", user).split()[-1] for user in (self.user, ADMIN)
        )
        return Server.__enter__(self)

    def forget(self) -> None:
        """Drops the database from the memory of the system."""
        for file in self.data.glob("sifhub.db*"):
            with open(file, "rb") as open_file:
                os.fsync(open_file.fileno())
                os.posix_fadvise(open_file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _seed(self) -> None:
        counts = {
            "users": max(self.images // 500, 100), "namespaces": max(self.images // 5000, 20),
            "collections": self.images // 100, "containers": self.images // 10, "images": self.images,
        }
        start = time.perf_counter()
        self._tell("seed", *[word for noun, count in counts.items() for word in (f"--{noun}", str(count))])
        seeded = time.perf_counter()
        self._tell("reindex")
        self._tell("user", "add", ADMIN, "--admin", "--password-stdin", given="a password for the operator\n")
        say(f"{self.images:,} images: filled in {seeded - start:.0f} s, indexed in {time.perf_counter() - seeded:.0f} s")
        (self.folder / DONE).touch()

    def prepare(self) -> None:
        """Everything is there."""

    def ask(self, query: str, variables: dict | None = None, token: str = "") -> dict:
        """Asks the graph, and stops if it finds fault."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self.call("POST", "/graphql", {"query": query, "variables": variables or {}}, headers).expect(200).json()
        if "errors" in answer:
            sys.exit(f"bench: {query} answered {json.dumps(answer['errors'])}")
        return answer["data"]
