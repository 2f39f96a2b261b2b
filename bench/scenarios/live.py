"""Subscriptions: what a listener to whom nothing happens costs, and how soon all hear when something does."""

import resource
import subprocess
import time
from pathlib import Path

from bench import Bench
from image import MIB, Image
from measure import Finding, Series, Target, say, table
from servers.sifhub import CONTAINER, Sifhub

TITLE = "Live"

LEAD = """\
Connections that each subscribe to `tagMoved` of one container and stay idle (`examples/live_load.rs`, on the same machine and \
processors). Memory is what the server process grew by (`VmRSS`), for each of them. Processor time is what it used in ten idle \
seconds. Then a tag is pointed at an image, several times, one after the other: the times run from the moment of asking for \
that until a listener has heard.
"""

KINDS = {"ws": "WebSocket", "sse": "server-sent events"}
IDLE = 10


class Crowded(Sifhub):
    """Lets one address have all the subscriptions."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "SIFHUB__GRAPHQL__MAX_SUBSCRIPTIONS_PER_CLIENT": "20000"}


class Listeners:
    """`examples/live_load.rs`, with all connections open."""

    def __init__(self, binary: Path, sifhub: Sifhub, count: int, kind: str):
        program = binary.parent / "examples" / "live_load"
        command = [str(program), sifhub.base, CONTAINER, str(count), kind, sifhub.token]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Listeners":
        assert self.process.stdout.readline() == "open\n"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def hear(self) -> list[float]:
        """Lets something happen: the milliseconds until the first, half and all of them have heard."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]


def measure(bench: Bench) -> Finding:
    """Listens by either way, one after the other, each with a server of its own."""
    count = 1_000 if bench.quick else 10_000
    _allow_files(4 * count)
    lines = [["", "KiB a listener", "idle: processor seconds", "first, ms", "half, ms", "all, ms"]]
    targets = []
    for kind, name in KINDS.items():
        memory, cpu, heard = _listen(bench, count, kind)
        lines.append([f"{count:,} by {name}", f"{memory:.1f}", f"{cpu:.2f}", *[times.show(0) for times in heard]])
        targets.append(Target.at_most(f"live, {name}: memory of a listener", memory, 64, "KiB"))
        targets.append(Target.at_most(f"live, {name}: until all {count:,} heard", heard[-1].median, 2000, "ms"))
    return Finding("\n".join([LEAD, table(lines)]), targets)


def _listen(bench: Bench, count: int, kind: str) -> tuple[float, float, list[Series]]:
    """The KiB of one listener, the processor seconds while all are idle, and the times of the first, half and all."""
    folder = bench.scratch(f"live-{kind}")
    with Crowded(bench.sifhub, folder) as sifhub:
        image = Image(folder / "image.sif", MIB)
        sifhub.tag(sifhub.push(image), "first")
        before = sifhub.memory()
        with Listeners(bench.sifhub, sifhub, count, kind) as listeners:
            cpu = sifhub.cpu()
            time.sleep(IDLE)
            cpu = sifhub.cpu() - cpu
            memory = (sifhub.memory() - before) / count / 1024
            found = [listeners.hear() for _ in range(bench.rounds)]
            say(f"{count} by {kind}: {memory:.1f} KiB each")
    return memory, cpu, [Series(list(times)) for times in zip(*found, strict=True)]


def _allow_files(count: int) -> None:
    """Lets this process, and those that it starts, have so many connections open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, most), most))
