"""Small questions: how many answers a second, and how long one takes."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import tools
from bench import Bench
from image import MIB, Image
from measure import Contender, Finding, Series, Target, say, table, turned
from servers.nginx import Nginx
from servers.registry import MANIFEST, Registry
from servers.sifhub import CONTAINER, Sifhub

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

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclass
class Question:
    """What is asked, of whom, with which options of `wrk`."""

    url: str
    options: list[str] = field(default_factory=list)


@dataclass
class Rates:
    """Answers per second, and latencies in milliseconds that half and all but one in a hundred stay below."""

    rate: Series = field(default_factory=Series)
    p50: Series = field(default_factory=Series)
    p99: Series = field(default_factory=Series)


def measure(bench: Bench) -> Finding:
    """Asks everybody in turn."""
    folder = bench.scratch("metadata")
    image = Image(folder / "image.sif", MIB)
    with Sifhub(bench.sifhub, folder) as sifhub, Registry(folder) as registry, Nginx(folder) as nginx:
        sifhub.tag(sifhub.push(image), "latest")
        rates = _ask_all(_questions(sifhub, registry, nginx, folder), bench)
    ratio = rates[IMAGE].rate.over(rates[MARK].rate)
    target = Target.at_least("metadata: answers per second of sifhub to those of docker-registry", ratio.median, 2)
    return Finding(LEAD + "\n" + _table(rates), [target])


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


def _ask_all(questions: dict[str, Question], bench: Bench) -> dict[str, Rates]:
    rates = {name: Rates() for name in questions}
    names = [Contender(name, lambda: None) for name in questions]
    for number in range(bench.rounds + 1):
        for name in [contender.name for contender in turned(names, number)]:
            rate, p50, p99 = _ask(questions[name], bench.seconds)
            say(f"{'warm-up' if number == 0 else f'round {number}'}: {name}: {rate:,.0f}/s, p99 {p99:.2f} ms")
            if number > 0:
                rates[name].rate.values.append(rate)
                rates[name].p50.values.append(p50)
                rates[name].p99.values.append(p99)
    return rates


def _ask(question: Question, seconds: int) -> tuple[float, float, float]:
    load = ["--connections", "16", "--threads", "1", "--duration", f"{seconds}s", "--latency"]
    told = tools.run("wrk", *load, *question.options, question.url)
    assert "Non-2xx" not in told and "Socket errors" not in told, f"{question.url}:\n{told}"
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(rate[1]), _latency(told, 50), _latency(told, 99)


def _latency(told: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", told, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]]


def _table(rates: dict[str, Rates]) -> str:
    lines = [["", "answers per second", f"× {MARK}", "median latency, ms", "99th percentile, ms"]]
    for name, found in rates.items():
        ratio = found.rate.over(rates[MARK].rate).show()
        lines.append([name, found.rate.show(0), ratio, found.p50.show(), found.p99.show()])
    return table(lines)
