"""Runs side by side, and what becomes of their figures.

Machines differ, and one machine differs from minute to minute; a ratio of two runs that follow each other is what stays.
So contenders take turns: each round runs all of them once, in another order, and ratios are taken within a round.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server import Server


@dataclass
class Contender:
    """One of those that are compared. `run` is what is timed; `prepare` and `clean` come before and after it."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    clean: Callable[[], object] = lambda: None
    server: Server | None = None


@dataclass
class Series:
    """The figures of one contender, one for each round."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    def over(self, other: "Series") -> "Series":
        """The ratios, round by round."""
        return Series([own / theirs if theirs else float("inf") for own, theirs in zip(self.values, other.values, strict=True)])

    def show(self, digits: int = 2) -> str:
        """Median and bounds."""
        low, high = min(self.values), max(self.values)
        return f"{self.median:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


@dataclass
class Timing:
    """How long a contender took, and how much processor time its server used meanwhile; both in seconds."""

    seconds: Series = field(default_factory=Series)
    cpu: Series = field(default_factory=Series)


@dataclass
class Target:
    """What was promised, and what is."""

    promise: str
    found: str
    met: bool

    @classmethod
    def at_most(cls, promise: str, found: float, limit: float, unit: str = "×") -> "Target":
        """Something that should be small."""
        return cls(f"{promise} ≤ {limit:g} {unit}", f"{found:.2f} {unit}", found <= limit)

    @classmethod
    def at_least(cls, promise: str, found: float, limit: float, unit: str = "×") -> "Target":
        """Something that should be large."""
        return cls(f"{promise} ≥ {limit:g} {unit}", f"{found:.2f} {unit}", found >= limit)


@dataclass
class Finding:
    """What a scenario found: a part of the page, in Markdown, and how the targets fared."""

    text: str
    targets: list[Target]


def rounds(contenders: list[Contender], count: int) -> dict[str, Timing]:
    """Times every contender `count` times, after one round that only warms up."""
    timings = {contender.name: Timing() for contender in contenders}
    for number in range(count + 1):
        for contender in turned(contenders, number):
            seconds, cpu = _time(contender)
            say(f"{'warm-up' if number == 0 else f'round {number}'}: {contender.name}: {seconds:.2f} s")
            if number > 0:
                timings[contender.name].seconds.values.append(seconds)
                timings[contender.name].cpu.values.append(cpu)
    return timings


def turned(contenders: list[Contender], number: int) -> list[Contender]:
    """The contenders in the order of a round, so that nobody always follows the same one."""
    start = number % len(contenders)
    order = contenders[start:] + contenders[:start]
    return order[::-1] if number % 2 else order


def _time(contender: Contender) -> tuple[float, float]:
    contender.prepare()
    # Nobody pays for the writes of those before.
    os.sync()
    cpu = contender.server.cpu() if contender.server else 0.0
    start = time.perf_counter()
    contender.run()
    seconds = time.perf_counter() - start
    cpu = contender.server.cpu() - cpu if contender.server else 0.0
    contender.clean()
    return seconds, cpu


def timing_table(timings: dict[str, Timing], mark: str) -> str:
    """One line for each contender, with its ratio to the mark."""
    lines = [["", "seconds", f"× {mark}", "processor seconds of the server"]]
    for name, timing in timings.items():
        ratio = timing.seconds.over(timings[mark].seconds).show()
        cpu = timing.cpu.show() if any(timing.cpu.values) else ""
        lines.append([name, timing.seconds.show(), ratio, cpu])
    return table(lines)


def table(lines: list[list[str]]) -> str:
    """A table in Markdown; the first line is its head, and only the first column is text."""
    head, *rest = lines
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *rest])


def say(words: str) -> None:
    """Tells whoever waits how far it is."""
    print(f"  {words}", flush=True)
