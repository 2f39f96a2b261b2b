"""What every scenario gets: the binary, a folder on a disk, and how much to do."""

from dataclasses import dataclass
from pathlib import Path

from image import GIB, MIB


@dataclass(frozen=True)
class Bench:
    """One run of the measurements."""

    sifhub: Path
    folder: Path
    quick: bool
    seeds: Path | None = None

    @property
    def rounds(self) -> int:
        """How often each contender is timed."""
        return 2 if self.quick else 7

    @property
    def asks(self) -> int:
        """How often each stream of small requests is timed."""
        return 2 if self.quick else 3

    @property
    def size(self) -> int:
        """The size of the image that is pushed and pulled, in bytes."""
        return 128 * MIB if self.quick else GIB

    @property
    def large(self) -> int:
        """The size of an image that does not fit where memory is spent by the byte."""
        return 256 * MIB if self.quick else 4 * GIB

    @property
    def seconds(self) -> int:
        """How long a stream of small requests lasts."""
        return 2 if self.quick else 3

    @property
    def tags(self) -> int:
        """How many tags a repository has whose tags are listed."""
        return 300 if self.quick else 10_000

    @property
    def images(self) -> list[int]:
        """How many images the registries have of which the graph is asked."""
        return [1_000, 10_000] if self.quick else [10_000, 100_000, 1_000_000]

    def scratch(self, name: str) -> Path:
        """A folder for one scenario."""
        folder = self.folder / name
        folder.mkdir()
        return folder


def size(count: int) -> str:
    """A size, for people."""
    return f"{count // GIB} GiB" if count % GIB == 0 else f"{count // MIB} MiB"
