"""sifhub with synthetic data instead of an account that pushes."""

import json
import sys
import time
from pathlib import Path

from measure import say
from server import Server
from servers.sifhub import Sifhub

DONE = "seeded"


class Seeded(Sifhub):
    """A server on a database of so many images, which is filled first unless an earlier run has left it in `folder`."""

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
        self.token = self._tell("token", "create", "--user", "ada-abel").split()[-1]
        return Server.__enter__(self)

    def _seed(self) -> None:
        counts = {
            "users": max(self.images // 500, 100), "namespaces": max(self.images // 5000, 20),
            "collections": self.images // 100, "containers": self.images // 10, "images": self.images,
        }
        start = time.perf_counter()
        self._tell("seed", *[word for noun, count in counts.items() for word in (f"--{noun}", str(count))])
        seeded = time.perf_counter()
        self._tell("reindex")
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
