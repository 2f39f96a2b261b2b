"""What answers cannot be faster than: rows by SQL written by hand, and nothing at all."""

from pathlib import Path

from server import Server
from servers.seeded import Seeded


class Floor(Server):
    """`examples/graph_floor.rs`, on the database of a server that is seeded."""

    name = "floor"
    ready = "/empty"

    def __init__(self, binary: Path, folder: Path, seeded: Seeded):
        super().__init__(folder)
        self.binary = binary.parent / "examples" / "graph_floor"
        self.data = seeded.data

    def command(self) -> list[str]:
        return [str(self.binary), str(self.data), f"127.0.0.1:{self.port}"]
