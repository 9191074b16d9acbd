"""The programs that ours are measured against, installed beside the project on first use and never a part of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parents[1] / ".peers"


def python_peer(name, *requirements):
    """The `bin` folder of a virtual environment with these packages; None where they cannot be installed."""
    place = PEERS / name
    if not (place / ".made").exists():
        shutil.rmtree(place, ignore_errors=True)
        if not _done([sys.executable, "-m", "venv", str(place)]):
            return None
        if not _done([str(place / "bin/python"), "-m", "pip", "install", "--quiet", *requirements]):
            return None
        (place / ".made").touch()
    return place / "bin"


def npm_peer(name, *packages):
    """The folder whose `node_modules` holds these npm packages; None where node is missing or they cannot be had."""
    place = PEERS / name
    if not (place / ".made").exists():
        if shutil.which("npm") is None:
            return None
        place.mkdir(parents=True, exist_ok=True)
        if not _done(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), *packages]):
            return None
        (place / ".made").touch()
    return place


def program(name, debian_package):
    """The path of a program, installed by Debian's package manager where we may; None where it cannot be had."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _done(["apt-get", "update", "-qq"])
        _done(["apt-get", "install", "-y", "-qq", debian_package])
    return shutil.which(name)


def _done(command):
    try:
        ended = subprocess.run(command, capture_output=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False
    if ended.returncode:
        print(f"{' '.join(command)}: {ended.stderr.decode(errors='replace')[-400:]}", file=sys.stderr)
    return not ended.returncode
