"""The registry file of the shipped data: where files are, what they are, that they are intact."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import KindName
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.provenance import sha256

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ShippedCurve:
    """What the registry says about one measured curve.

    Parameters
    ----------
    name : str
        Its name in the registry.
    path : Path
        The file.
    kind : {"g", "s"}
        What was measured.
    sha256 : str
        Hash of the file's bytes.
    window : tuple of float
        Closed interval of the abscissa that inferences use by default, in Å or Å⁻¹.
    abscissa_error : float
        Standard reading error of the abscissa, in Å or Å⁻¹.
    q_max : float or None
        Where the Fourier integral that gave a g(r) ended, in Å⁻¹; None if unknown.
    spacing : float or None
        Distance in Å or Å⁻¹ below which points are not independent.
    drift : float or None
        Standard deviation of a slow drift of the level; None: none.
    origin : str
        The experiment; curves of one are one measurement.
    source, doi, remark, window_reason, abscissa_error_reason : str
        For people.
    """

    name: str
    path: Path
    kind: KindName
    sha256: str
    window: tuple[float, float]
    abscissa_error: float
    q_max: float | None
    spacing: float | None
    drift: float | None
    origin: str
    source: str
    doi: str
    remark: str
    window_reason: str
    abscissa_error_reason: str


def data_folder() -> Path:
    """Return the folder of the shipped data: beside the package, or inside it in a wheel."""
    beside, inside = _PACKAGE.parent / "data", _PACKAGE / "_data"
    return inside if inside.is_dir() else beside


@cache
def _registry() -> dict[str, Any]:
    return tomllib.loads((data_folder() / "registry.toml").read_text(encoding="utf-8"))


def check_sha256(path: Path, expected: str | None) -> None:
    """Check that a file is the one that was meant.

    Parameters
    ----------
    path : Path
        The file.
    expected : str or None
        Its SHA-256; None checks nothing.

    Raises
    ------
    InputError
        If the file cannot be read or has another hash.
    """
    if expected is None:
        return
    try:
        found = sha256(path)
    except (OSError, ValueError) as error:
        raise InputError(str(path), "a readable file", str(error)) from None
    if found != expected:
        raise InputError(
            f"{path}, SHA-256",
            expected,
            found,
            "the file is not the one that was recorded: bring it back, or record the new hash",
        )


def curve(name: str) -> ShippedCurve:
    """Return the registry's entry of a shipped curve.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    entries = _registry()["curves"]
    if name not in entries:
        known = ", ".join(entries)
        raise InputError("curve", f"one of {known}", repr(name), suggestion(name, entries))
    entry = entries[name]
    return ShippedCurve(
        name=name,
        path=data_folder() / entry["file"],
        window=(entry["window"][0], entry["window"][1]),
        **{
            key: entry.get(key) if key in {"q_max", "spacing", "drift"} else entry[key]
            for key in ShippedCurve.__dataclass_fields__
            if key not in {"name", "path", "window"}
        },
    )


def system_entries() -> dict[str, dict[str, Any]]:
    """Return the registry's systems by name: title, element, curves, remark."""
    return dict(_registry()["systems"])


def table_path(name: str) -> Path:
    """Return the verified path of a shipped table, such as ``elements``."""
    entry = _registry()["tables"][name]
    path = data_folder() / str(entry["file"])
    check_sha256(path, entry["sha256"])
    return path
