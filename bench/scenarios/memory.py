"""Memory: that it does not grow with the image, and only by so much with each transfer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tools
from bench import Bench, size
from image import MIB, Image
from measure import Finding, Target, say, table
from server import Server
from servers.registry import Registry
from servers.sifhub import Sifhub

TITLE = "Memory"
AT_ONCE = 4
LIMIT = 100
PART = 64 * MIB

LEAD = """\
Resident memory of the server process: the most while something ran (`VmHWM`, set back before), and what it held a moment \
after (`VmRSS`). The same process serves all lines, from top to bottom.
"""


def measure(bench: Bench) -> Finding:
    """Watches both servers at the same work."""
    lines = [["sifhub", "peak, MiB", "after, MiB"]]
    folder = bench.scratch("memory")
    with Sifhub(bench.sifhub, folder) as sifhub:
        found = _watch(sifhub, _work_of_sifhub(sifhub, bench, folder))
    lines += [[name, f"{peak:.0f}", f"{after:.0f}"] for name, (peak, after) in found.items()]
    with Registry(folder) as registry:
        theirs = _watch(registry, _work_of_registry(registry, bench, folder))
    others = [["docker-registry", "peak, MiB", "after, MiB"]]
    others += [[name, f"{peak:.0f}", f"{after:.0f}"] for name, (peak, after) in theirs.items()]
    highest = max(peak for peak, _ in found.values())
    target = Target.at_most("memory: highest peak of sifhub", highest, LIMIT, "MiB")
    return Finding("\n".join([LEAD, table(lines), "", table(others)]), [target])


def _work_of_sifhub(sifhub: Sifhub, bench: Bench, folder: Path) -> dict[str, Callable[[], None]]:
    def push(length: int, how: Callable, part: int | None = None) -> None:
        image = Image(folder / "image.sif", length, part)
        how(image)
        sifhub.forget(image)
        image.remove()

    def pull(length: int) -> None:
        image = Image(folder / "image.sif", length)
        sifhub.tag(sifhub.push(image), "pulled")
        sifhub.forget_peak()
        tools.curl("--location", "--output", "/dev/null", sifhub.file("pulled"))
        sifhub.forget(image)
        image.remove()

    one, large = size(bench.size), size(bench.large)
    return {
        "at rest": lambda: None,
        f"push {one}, one PUT": lambda: push(bench.size, sifhub.push),
        f"push {one}, parts of {size(PART)}": lambda: push(bench.size, sifhub.push_in_parts, PART),
        f"pull {one}": lambda: pull(bench.size),
        f"{AT_ONCE} pushes of {one} at once": lambda: _push_several(sifhub, bench, folder),
        f"push {large}, one PUT": lambda: push(bench.large, sifhub.push),
        f"push {large}, parts of {size(PART)}": lambda: push(bench.large, sifhub.push_in_parts, PART),
        f"pull {large}": lambda: pull(bench.large),
    }


def _work_of_registry(registry: Registry, bench: Bench, folder: Path) -> dict[str, Callable[[], None]]:
    def push() -> None:
        image = Image(folder / "image.sif", bench.size)
        registry.push(image)
        registry.forget(image)
        image.remove()

    return {
        "at rest": lambda: None,
        f"push {size(bench.size)}": push,
        f"{AT_ONCE} pushes of {size(bench.size)} at once": lambda: _push_several(registry, bench, folder),
    }


def _push_several(server: Sifhub | Registry, bench: Bench, folder: Path) -> None:
    images = [Image(folder / f"image-{number}.sif", bench.size) for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(server.push, images))
    for image in images:
        server.forget(image)
        image.remove()


def _watch(server: Server, work: dict[str, Callable[[], None]]) -> dict[str, tuple[float, float]]:
    """Peak and rest of the server's memory at each work, in MiB."""
    found = {}
    for name, run in work.items():
        server.forget_peak()
        run()
        found[name] = (server.peak() / MIB, server.memory() / MIB)
        say(f"{server.name}: {name}: peak {found[name][0]:.0f} MiB")
    return found
