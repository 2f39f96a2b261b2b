"""The programs that the measurements need, and how to get them."""

import os
import shutil
import subprocess
import sys

# Program and Debian package.
NEEDED = {
    "curl": "curl",
    "docker-registry": "docker-registry",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "wrk": "wrk",
}


def provide() -> None:
    """Installs what is missing when run as root on Debian, else names it and stops."""
    missing = sorted({package for program, package in NEEDED.items() if not find(program)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"bench: install these packages first: {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=quiet)


def find(program: str) -> str | None:
    """The path of a program, also where only root looks."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def run(*command: str, **options) -> str:
    """Runs a program that must succeed, and gives what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def curl(*arguments: str) -> str:
    """Transfers something. Without the wait for `100 Continue`, which would add a second where a server is silent."""
    return run("curl", "--silent", "--show-error", "--fail-with-body", "--header", "Expect:", *arguments)
