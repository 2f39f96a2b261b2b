"""The OCI door, beside another registry, with the same client and on the same disk."""

from dataclasses import dataclass
from pathlib import Path

import tools
from bench import Bench
from image import MIB
from measure import Finding, Target, table
from servers.registry import Registry
from servers.sifhub import CONTAINER, Sifhub
from wrk import Question, Rates, ask_all

TITLE = "OCI door"
LARGE = 100 * MIB

LEAD = """\
The same requests to both, over 16 connections that stay open, on the same machine: `wrk` reads, `examples/oci_load.rs` \
pushes. sifhub decides for each request who may do it: reads are anonymous, pushes show a token; docker-registry lets \
everybody do everything. Blobs that are pushed have 1 MiB, each with a digest that nobody has seen, in one PUT or in four \
chunks; mixed is three pulls to one push. A list of tags is the first 100 of {tags:,}. sifhub acknowledges what is on the disk, \
docker-registry what it has handed to the system. zot is not among them: its module could not be had where this was measured.
"""


@dataclass
class Push:
    """What the client does that pushes."""

    client: Path
    server: object
    repository: str
    work: str
    token: str = ""

    def ask(self, seconds: int) -> tuple[float, float, float]:
        """Blobs per second, and latencies in milliseconds."""
        words = [self.server.base, self.repository, self.work, str(MIB), str(seconds), *filter(None, [self.token])]
        rate, p50, p99 = tools.run(str(self.client), *words).split()
        return float(rate), float(p50), float(p99)


def measure(bench: Bench) -> Finding:
    """Asks both in turn."""
    folder = bench.scratch("oci")
    client = bench.sifhub.parent / "examples" / "oci_load"
    with Sifhub(bench.sifhub, folder) as sifhub, Registry(folder) as registry:
        ours = _questions(sifhub, CONTAINER, bench.tags, client, sifhub.token)
        theirs = _questions(registry, "bench", bench.tags, client)
        asked = {f"sifhub, {name}": question for name, question in ours.items()}
        asked |= {f"docker-registry, {name}": question for name, question in theirs.items()}
        rates = ask_all(asked, bench)
    targets = [_target(name, rates) for name in ours]
    return Finding(LEAD.format(tags=bench.tags) + "\n" + _table(list(ours), rates), targets)


def _questions(server, repository: str, tags: int, client: Path, token: str = "") -> dict:
    base = f"{server.base}/v2/{repository}"
    small, large = (server.put_blob(repository, size) for size in (MIB, LARGE))
    manifest = server.put_manifests(repository, tags)
    accept = ["--header", "Accept: application/vnd.oci.image.manifest.v1+json"]
    return {
        "manifest by tag": Question(f"{base}/manifests/{manifest}", accept),
        "blob of 1 MiB": Question(f"{base}/blobs/{small}"),
        "blob of 100 MiB": Question(f"{base}/blobs/{large}", least=8),
        "list of tags": Question(f"{base}/tags/list?n=100"),
        "push": Push(client, server, repository, "push", token),
        "push in chunks": Push(client, server, repository, "chunked", token),
        "mixed": Push(client, server, repository, "mixed", token),
    }


def _target(name: str, rates: dict[str, Rates]) -> Target:
    ratio = rates[f"sifhub, {name}"].rate.over(rates[f"docker-registry, {name}"].rate)
    wanted = 2 if name in ("manifest by tag", "list of tags") else 1
    return Target.at_least(f"OCI, {name}: sifhub's rate to docker-registry's", ratio.median, wanted)


def _table(names: list[str], rates: dict[str, Rates]) -> str:
    head = ["", "sifhub, per second", "docker-registry, per second", "×", "sifhub, p99 ms", "docker-registry, p99 ms"]
    lines = [head]
    for name in names:
        ours, theirs = rates[f"sifhub, {name}"], rates[f"docker-registry, {name}"]
        ratio = ours.rate.over(theirs.rate).show()
        lines.append([name, ours.rate.show(0), theirs.rate.show(0), ratio, ours.p99.show(), theirs.p99.show()])
    return table(lines)
