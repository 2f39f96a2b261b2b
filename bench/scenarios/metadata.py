"""Small questions: how many answers a second, and how long one takes."""

from pathlib import Path

from bench import Bench
from image import MIB, Image
from measure import Finding, Target
from servers.nginx import Nginx
from servers.registry import MANIFEST, Registry
from servers.sifhub import CONTAINER, Sifhub
from wrk import Question, ask_all, rates_table

TITLE = "Metadata"
MARK = "docker-registry, manifest by tag"
IMAGE = "sifhub, image by tag"

LEAD = """\
`wrk` asks the same question over 16 connections that stay open, on the same machine. Answers by sifhub are read from \
SQLite for each request; nothing is cached. Latencies are of answers under this load.
"""

GRAPHQL = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{"query": "{ container(path: \\"%s\\") { name size } }"}]]
"""

def measure(bench: Bench) -> Finding:
    """Asks everybody in turn."""
    folder = bench.scratch("metadata")
    image = Image(folder / "image.sif", MIB)
    with Sifhub(bench.sifhub, folder) as sifhub, Registry(folder) as registry, Nginx(folder) as nginx:
        sifhub.tag(sifhub.push(image), "latest")
        rates = ask_all(_questions(sifhub, registry, nginx, folder), bench)
    ratio = rates[IMAGE].rate.over(rates[MARK].rate)
    target = Target.at_least("metadata: answers per second of sifhub to those of docker-registry", ratio.median, 2)
    return Finding(LEAD + "\n" + rates_table(rates, MARK), [target])


def _questions(sifhub: Sifhub, registry: Registry, nginx: Nginx, folder: Path) -> dict[str, Question]:
    image = f"/v1/images/{CONTAINER}:latest?arch=amd64"
    token = ["--header", f"Authorization: Bearer {sifhub.token}"]
    script = folder / "graphql.lua"
    script.write_text(GRAPHQL % CONTAINER)
    answer = sifhub.call("GET", image).expect(200).body
    manifest = registry.push_manifest("latest")
    return {
        MARK: Question(registry.base + manifest, ["--header", f"Accept: {MANIFEST}"]),
        IMAGE: Question(sifhub.base + image),
        "sifhub, image by tag, with a token": Question(sifhub.base + image, token),
        "sifhub, a container by GraphQL": Question(sifhub.base + "/graphql", ["--script", str(script)]),
        "sifhub, `/version`": Question(sifhub.base + "/version"),
        "nginx, a file of the same size": Question(nginx.base + nginx.offer_text(answer, "image.json")),
    }
