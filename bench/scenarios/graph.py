"""The graph on registries of three sizes: how many answers a second, how long one takes, and what the floor below it is."""

import json
import time
from pathlib import Path

from bench import Bench
from measure import Finding, Series, Target, say, table
from servers.floor import Floor
from servers.seeded import Seeded
from wrk import Question, Rates, ask_all

TITLE = "Graph"

LEAD = """\
`sifhub seed` fills SQLite with synthetic data; `wrk` then asks the same question over 16 connections that stay open, on the \
same machine, and sifhub answers from the database each time. A collections page is 20 collections with namespace, sizes, \
stars, and of each the first containers with their tags; a container page has tags and images; a tree has the twenty biggest \
namespaces of the site with the twenty biggest collections of each. The dashboard is asked with a token, the tree by nobody in \
particular and by an administrator, the rest by nobody in particular. Floors stand below (`examples/graph_floor.rs`): the same \
rows by SQL that was written by hand, through the same pool, as JSON; and a handler that does nothing. Cold is the first \
answer of a server that has just begun, on a database that is not in the memory of the system.
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
TREE = "{ sizeTree(depth: 2) { id parentId kind name path bytes imageCount containerCount measure(of: AGE) } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Container { path description size } } }"

COLD = {"tree of the site, cold": TREE}

FIRST = "{ containers(first: 1) { nodes { id path } } }"

# Answers a second at least, and the latency of all but one in a hundred at most, in milliseconds: at the largest size.
WANTED = {
    "collections page": (1000, 50), "container page": (1000, 50), "search": (None, 100),
    "tree of the site": (None, 50), "tree of the site, administrator": (None, 50),
}
# The same for the first answer of a server.
WANTED_COLD = 300


def measure(bench: Bench) -> Finding:
    """Asks registries of growing size, one after the other."""
    folder = bench.scratch("graph")
    found: dict[int, dict[str, Rates]] = {}
    cold: dict[int, dict[str, Series]] = {}
    for images in bench.images:
        sifhub = Seeded(bench.sifhub, bench.seeds or folder, images)
        with sifhub, Floor(bench.sifhub, folder / str(images), sifhub) as floor:
            found[images] = ask_all(_questions(sifhub, floor, folder, images == max(bench.images)), bench)
        cold[images] = _cold(sifhub, bench)
    largest = max(found)
    text = "\n\n".join([LEAD, _table(found[largest], largest), _growth(found, cold)])
    return Finding(text, _targets(found[largest], cold[largest]))


def _cold(sifhub: Seeded, bench: Bench) -> dict[str, Series]:
    """The time of the first answer of a server, in milliseconds."""
    times = {name: Series() for name in COLD}
    for _ in range(bench.asks):
        for name, query in COLD.items():
            sifhub.forget()
            with sifhub:
                start = time.perf_counter()
                sifhub.ask(query)
                times[name].values.append((time.perf_counter() - start) * 1e3)
                say(f"{name}: {times[name].values[-1]:.0f} ms")
    return times


def _questions(sifhub: Seeded, floor: Floor, folder: Path, floors: bool) -> dict[str, Question]:
    first = sifhub.ask(FIRST)["containers"]["nodes"][0]
    asked = {
        "collections page": _question(sifhub, folder, COLLECTIONS),
        "container page": _question(sifhub, folder, CONTAINER, {"path": first["path"]}),
        "search": _question(sifhub, folder, SEARCH),
        "viewer dashboard": _question(sifhub, folder, VIEWER, {}, sifhub.token),
        "node": _question(sifhub, folder, NODE, {"id": first["id"]}),
        "tree of the site": _question(sifhub, folder, TREE),
        "tree of the site, administrator": _question(sifhub, folder, TREE, {}, sifhub.admin),
    }
    if not floors:
        return asked
    below = {
        "collections page": "collections", "container page": f"container/{first['path']}", "search": "search/samtools",
        "viewer dashboard": f"viewer/{sifhub.user}", "node": f"node/{int(first['id'].split(':')[1], 16)}", "tree of the site": "tree",
    }
    asked |= {f"floor: {name} in SQL": Question(f"{floor.base}/{path}") for name, path in below.items()}
    return asked | {"floor: empty handler": Question(f"{floor.base}/empty")}


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
    lines = [[f"{images:,} images", "answers per second", "time × the same rows in SQL", "median latency, ms", "99th percentile, ms"]]
    for name, found in rates.items():
        floor = rates.get(f"floor: {name.partition(',')[0]} in SQL")
        ratio = floor.rate.over(found.rate).show() if floor else ""
        lines.append([name, found.rate.show(0), ratio, found.p50.show(), found.p99.show()])
    return table(lines)


def _growth(found: dict[int, dict[str, Rates]], cold: dict[int, dict[str, Series]]) -> str:
    sizes = sorted(found)
    lines = [["median latency, ms", *[f"{size:,} images" for size in sizes]]]
    for name in found[sizes[0]]:
        lines.append([name, *[f"{found[size][name].p50.median:.2f}" for size in sizes]])
    for name in COLD:
        lines.append([name, *[f"{cold[size][name].median:.0f}" for size in sizes]])
    return table(lines)


def _targets(rates: dict[str, Rates], cold: dict[str, Series]) -> list[Target]:
    targets = []
    for name, (rate, p99) in WANTED.items():
        if rate:
            targets.append(Target.at_least(f"graph, {name}: answers per second", rates[name].rate.median, rate, "/s"))
        targets.append(Target.at_most(f"graph, {name}: 99th percentile", rates[name].p99.median, p99, "ms"))
    for name, times in cold.items():
        targets.append(Target.at_most(f"graph, {name}: the slowest", max(times.values), WANTED_COLD, "ms"))
    return targets
