"""A server under measurement: started on a free port, watched, and stopped whatever happens."""

import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import tools


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens. Subclasses tell its name, its command and which path answers when it is ready."""

    name = ""
    ready = "/"

    def __init__(self, folder: Path):
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)
        self._reserve()

    def _reserve(self) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        """What to run."""
        raise NotImplementedError

    def environment(self) -> dict[str, str] | None:
        """What it finds in its environment; `None` is ours."""
        return None

    def prepare(self) -> None:
        """What must be done once it answers."""

    def __enter__(self):
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            self.command(), env=self.environment(), stdout=self.log, stderr=self.log, cwd=self.folder
        )
        try:
            self._await()
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _await(self) -> None:
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                if self.call("GET", self.ready).status < 500:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit(f"bench: {self.name} does not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def call(self, method: str, path: str, body=None, headers: dict | None = None) -> "Answer":
        """Sends a small request: a dictionary goes as JSON, bytes go as they are. Small requests are not what is
        measured, so they do not pay for starting a client."""
        place = urlsplit(path)
        connection = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port or self.port, timeout=600)
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            target = place.path + (f"?{place.query}" if place.query else "")
            connection.request(method, target, data, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read(), f"{method} {path}")
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Its process and those that it started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *map(int, children.split())]

    def cpu(self) -> float:
        """The seconds of processor time that it has used."""
        return sum(_cpu(pid) for pid in self.processes())

    def memory(self) -> int:
        """The bytes of memory that are resident now."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most bytes of memory that were resident since [`forget_peak`]."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Starts the peak anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, field: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(field)


class Answer:
    """What a server answered."""

    def __init__(self, status: int, headers, body: bytes, request: str):
        self.status, self.headers, self.body, self.request = status, headers, body, request

    def expect(self, *statuses: int) -> "Answer":
        """Stops unless the status is one of these."""
        if self.status not in statuses:
            sys.exit(f"bench: {self.request} answered {self.status}:\n{self.body[:2000].decode(errors='replace')}")
        return self

    def json(self):
        """The body, as JSON."""
        return json.loads(self.body)


def _cpu(pid: int) -> float:
    # Fields 14 and 15 of the line, counted behind the name, which may contain anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
