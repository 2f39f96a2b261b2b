"""Pushing one image: what a client waits for until its bytes are hashed, stored and acknowledged."""

from pathlib import Path

import tools
from bench import Bench, size
from image import MIB, Image
from measure import Contender, Finding, Target, rounds, timing_table
from servers.nginx import Nginx
from servers.registry import Registry
from servers.sifhub import Sifhub
from servers.sink import Sink

TITLE = "Push"
MARK = "openssl dgst -sha256"
PART = 64 * MIB

LEAD = """\
One SIF image of {size} with a digest that no server has seen, from the page cache; `curl` sends the bytes on the same \
machine. What is timed ends when the registry has acknowledged the whole image. The mark hashes the file and does nothing else.
"""


def measure(bench: Bench) -> Finding:
    """Times each way of pushing, and what none of them can avoid."""
    folder = bench.scratch("push")
    image = Image(folder / "image.sif", bench.size, PART)
    with Sifhub(bench.sifhub, folder) as sifhub, Registry(folder) as registry, Nginx(folder) as nginx, Sink() as sink:
        contenders = [*_floors(image, folder, nginx, sink), *_registries(image, sifhub, registry)]
        timings = rounds(contenders, bench.rounds)
    image.remove()
    ratio = timings["sifhub, one PUT"].seconds.over(timings[MARK].seconds)
    text = LEAD.format(size=size(bench.size)) + "\n" + timing_table(timings, MARK)
    return Finding(text, [Target.at_most("push: time of sifhub, one PUT, to that of openssl", ratio.median, 1.6)])


def _floors(image: Image, folder: Path, nginx: Nginx, sink: Sink) -> list[Contender]:
    copy = folder / "copy"
    hash_and_copy = f"tee '{copy}' < '{image.path}' | openssl dgst -sha256 && sync '{copy}'"
    return [
        Contender(MARK, lambda: tools.run("openssl", "dgst", "-sha256", str(image.path))),
        Contender("hash, copy and sync", lambda: tools.run("sh", "-c", hash_and_copy), clean=copy.unlink),
        Contender("HTTP, thrown away", lambda: sink.push(image)),
        Contender("nginx, stored without hash and sync", lambda: nginx.push(image.path), clean=nginx.forget, server=nginx),
    ]


def _registries(image: Image, sifhub: Sifhub, registry: Registry) -> list[Contender]:
    ways = {
        "sifhub, one PUT": (sifhub, sifhub.push),
        f"sifhub, parts of {size(PART)}": (sifhub, sifhub.push_in_parts),
        "sifhub, one POST (v1)": (sifhub, sifhub.push_plain),
        "docker-registry": (registry, registry.push),
    }
    return [
        Contender(name, lambda push=push: push(image), image.renew, lambda to=server: to.forget(image), server)
        for name, (server, push) in ways.items()
    ]
