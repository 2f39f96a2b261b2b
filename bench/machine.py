"""What the figures were taken on."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

import tools
from measure import table
from servers import sifhub


def describe(binary: Path, folder: Path) -> str:
    """Machine and versions, as a table."""
    facts = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {os.cpu_count()} cores, shared by servers and clients",
        "memory": f"{_memory()} GiB",
        "disk": _disk(folder),
        "system": f"{_system()}, Linux {platform.release()}",
        "sifhub": f"{sifhub.version(binary)} ({_commit()})",
        "docker-registry": _said("docker-registry", "--version"),
        "nginx": _said("nginx", "-v"),
        "openssl": _said("openssl", "version"),
        "curl": _said("curl", "--version"),
        "wrk": _said("wrk", "--version"),
    }
    return table([["", ""], *([name, fact] for name, fact in facts.items())]).replace("--:", "---", 1)


def load() -> float:
    """How busy the machine was in the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _disk(folder: Path) -> str:
    kind, device = tools.run("findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", "--target", str(folder)).split()[:2]
    return f"{kind} on {device}"


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    return f"commit {done.stdout.strip()}" if done.returncode == 0 else "no commit"


def _said(*command: str) -> str:
    """The version that a program tells of itself; some tell it on stderr, and some end with a failure."""
    done = subprocess.run([tools.find(command[0]), *command[1:]], capture_output=True, text=True)
    first = (done.stdout or done.stderr).splitlines()[0]
    found = re.search(r"\d+\.\d+(\.\d+)?[\w.+~-]*", first)
    return found[0] if found else first
