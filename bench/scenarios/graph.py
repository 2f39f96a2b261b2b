"""The graph on registries of three sizes: how many answers a second, how long one takes, and what the floor below it is."""

import json
import time
from pathlib import Path

from bench import Bench
from measure import Finding, Target, table
from servers.floor import Floor
from servers.seeded import Seeded
from wrk import Question, Rates, ask_all

TITLE = "Graph"

LEAD = """\
`sifhub seed` fills SQLite with synthetic data; `wrk` then asks the same question over 16 connections that stay open, on the \
same machine, and sifhub answers from the database each time. A collections page is 20 collections with namespace, sizes, \
stars, and of each the first containers with their tags; a container page has tags and images; the dashboard is asked with a \
token, the rest by nobody in particular. Two floors stand below (`examples/graph_floor.rs`): the same rows by SQL that was \
written by hand, through the same pool, as JSON; and a handler that does nothing.
"""

COLLECTIONS = """{ collections(first: 20) { nodes { id path description visibility size imageCount containerCount starCount
    namespace { name } containers(first: 3) { nodes { name starCount tags(first: 3) { nodes { name arch } } } } }
    pageInfo { hasNextPage endCursor } } }"""
CONTAINER = """query($path: ContainerPath!) { container(path: $path) { id path description size imageCount stored starCount
    downloads { total } tags(first: 20) { nodes { name arch updatedAt image { digest size signed } } }
    images(first: 20) { nodes { digest size arch signed createdAt } } } }"""
SEARCH = """{ search(text: "samtools", first: 20) { totalCount nodes { score container { path description } } } }"""
VIEWER = """{ viewer { name namespaces(first: 5) { nodes { name size imageCount
    collections(first: 5) { nodes { name size } } } } tokens(first: 5) { nodes { name } } } }"""
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Container { path description size } } }"

FIRST = "{ containers(first: 1) { nodes { id path } } }"

# Answers a second at least, and the latency of all but one in a hundred at most, in milliseconds: at the largest size.
WANTED = {"collections page": (1000, 50), "container page": (1000, 50), "search": (None, 100)}


def measure(bench: Bench) -> Finding:
    """Asks registries of growing size, one after the other."""
    folder = bench.scratch("graph")
    found: dict[int, dict[str, Rates]] = {}
    for images in bench.images:
        with Seeded(bench.sifhub, bench.seeds or folder, images) as sifhub:
            with Floor(bench.sifhub, folder / str(images), sifhub) as floor:
                found[images] = ask_all(_questions(sifhub, floor, folder), bench)
    largest = found[max(found)]
    text = "\n\n".join([LEAD, _table(largest, max(found)), _growth(found)])
    return Finding(text, _targets(largest))


def _questions(sifhub: Seeded, floor: Floor, folder: Path) -> dict[str, Question]:
    first = sifhub.ask(FIRST)["containers"]["nodes"][0]
    asked = {
        "collections page": _question(sifhub, folder, COLLECTIONS),
        "container page": _question(sifhub, folder, CONTAINER, {"path": first["path"]}),
        "search": _question(sifhub, folder, SEARCH),
        "viewer dashboard": _question(sifhub, folder, VIEWER, {}, sifhub.token),
        "node": _question(sifhub, folder, NODE, {"id": first["id"]}),
    }
    below = {
        "floor: collections page in SQL": Question(f"{floor.base}/collections"),
        "floor: container page in SQL": Question(f"{floor.base}/container/{first['path']}"),
        "floor: empty handler": Question(f"{floor.base}/empty"),
    }
    return asked | below


def _question(sifhub: Seeded, folder: Path, query: str, variables: dict | None = None, token: str = "") -> Question:
    sifhub.ask(query, variables, token)
    body = json.dumps({"query": query, "variables": variables or {}})
    lines = ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"', f"wrk.body = [==[{body}]==]"]
    if token:
        lines.append(f'wrk.headers["Authorization"] = "Bearer {token}"')
    script = folder / f"{time.monotonic_ns()}.lua"
    script.write_text("\n".join(lines))
    return Question(f"{sifhub.base}/graphql", ["--script", str(script)])


def _table(rates: dict[str, Rates], images: int) -> str:
    marks = {"collections page": "floor: collections page in SQL", "container page": "floor: container page in SQL"}
    lines = [[f"{images:,} images", "answers per second", "time × the same rows in SQL", "median latency, ms", "99th percentile, ms"]]
    for name, found in rates.items():
        ratio = rates[marks[name]].rate.over(found.rate).show() if name in marks else ""
        lines.append([name, found.rate.show(0), ratio, found.p50.show(), found.p99.show()])
    return table(lines)


def _growth(found: dict[int, dict[str, Rates]]) -> str:
    sizes = sorted(found)
    lines = [["median latency, ms", *[f"{size:,} images" for size in sizes]]]
    for name in found[sizes[0]]:
        if not name.startswith("floor: empty"):
            lines.append([name, *[f"{found[size][name].p50.median:.2f}" for size in sizes]])
    return table(lines)


def _targets(rates: dict[str, Rates]) -> list[Target]:
    targets = []
    for name, (rate, p99) in WANTED.items():
        if rate:
            targets.append(Target.at_least(f"graph, {name}: answers per second", rates[name].rate.median, rate, "/s"))
        targets.append(Target.at_most(f"graph, {name}: 99th percentile", rates[name].p99.median, p99, "ms"))
    return targets
