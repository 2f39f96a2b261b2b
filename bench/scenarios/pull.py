"""Pulling one image: bytes from a file into a socket."""

import tools
from bench import Bench, size
from image import Image
from measure import Contender, Finding, Target, rounds, timing_table
from servers.nginx import Nginx
from servers.registry import Registry
from servers.sifhub import Sifhub

TITLE = "Pull"
MARK = "nginx, sendfile"

LEAD = """\
One SIF image of {size} as a single stream, from the page cache; `curl` throws the bytes away on the same machine.
"""


def measure(bench: Bench) -> Finding:
    """Times one image from each server."""
    folder = bench.scratch("pull")
    image = Image(folder / "image.sif", bench.size)
    with Sifhub(bench.sifhub, folder) as sifhub, Registry(folder) as registry, Nginx(folder) as nginx:
        sifhub.tag(sifhub.push(image), "latest")
        registry.push(image)
        sources = {
            MARK: (nginx, nginx.offer(image.path, "image.sif")),
            "sifhub": (sifhub, sifhub.file("latest")),
            "docker-registry": (registry, registry.file(image)),
        }
        contenders = [
            Contender(name, lambda url=url: _fetch(url, image.size), server=server)
            for name, (server, url) in sources.items()
        ]
        timings = rounds(contenders, bench.rounds)
    ratio = timings["sifhub"].seconds.over(timings[MARK].seconds)
    text = LEAD.format(size=size(bench.size)) + "\n" + timing_table(timings, MARK)
    return Finding(text, [Target.at_most("pull: time of sifhub to that of nginx", ratio.median, 1.0)])


def _fetch(url: str, length: int) -> None:
    count = tools.curl("--location", "--output", "/dev/null", "--write-out", "%{size_download}", url)
    assert int(count) == length, f"{url} gave {count} bytes"
