"""Small questions, asked by `wrk` over connections that stay open: how many answers a second, and how long one takes."""

import re
from dataclasses import dataclass, field

import tools
from bench import Bench
from measure import Contender, Series, say, table, turned

CONNECTIONS = 16
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclass
class Question:
    """What is asked, of whom, with which options of `wrk`, for how many seconds at least."""

    url: str
    options: list[str] = field(default_factory=list)
    least: int = 1

    def ask(self, seconds: int) -> tuple[float, float, float]:
        """Answers per second, and latencies in milliseconds that half and all but one in a hundred stay below."""
        duration = f"{max(seconds, self.least)}s"
        load = ["--connections", str(CONNECTIONS), "--threads", "1", "--duration", duration, "--latency"]
        # Large answers to many at once take longer than the two seconds after which it would count an error.
        load += ["--timeout", "60s"]
        told = tools.run("wrk", *load, *self.options, self.url)
        assert "Non-2xx" not in told and "Socket errors" not in told, f"{self.url}:\n{told}"
        rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
        return float(rate[1]), _latency(told, 50), _latency(told, 99)


@dataclass
class Rates:
    """What came of a question, round by round."""

    rate: Series = field(default_factory=Series)
    p50: Series = field(default_factory=Series)
    p99: Series = field(default_factory=Series)


def ask_all(questions: dict, bench: Bench) -> dict[str, Rates]:
    """Asks everybody in turn. Whatever has `ask(seconds)` is a question."""
    rates = {name: Rates() for name in questions}
    names = [Contender(name, lambda: None) for name in questions]
    for number in range(bench.asks + 1):
        for name in [contender.name for contender in turned(names, number)]:
            rate, p50, p99 = questions[name].ask(bench.seconds)
            say(f"{'warm-up' if number == 0 else f'round {number}'}: {name}: {rate:,.0f}/s, p99 {p99:.2f} ms")
            if number > 0:
                rates[name].rate.values.append(rate)
                rates[name].p50.values.append(p50)
                rates[name].p99.values.append(p99)
    return rates


def rates_table(rates: dict[str, Rates], mark: str) -> str:
    """One line for each, with its ratio to the mark."""
    lines = [["", "answers per second", f"× {mark}", "median latency, ms", "99th percentile, ms"]]
    for name, found in rates.items():
        ratio = found.rate.over(rates[mark].rate).show()
        lines.append([name, found.rate.show(0), ratio, found.p50.show(), found.p99.show()])
    return table(lines)


def _latency(told: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m) *$", told, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]]
