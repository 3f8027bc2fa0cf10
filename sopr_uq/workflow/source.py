"""The raw tables of a configuration: from a shipped system's name or a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sopr_uq.disk import read_bytes
from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import system_entries
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.experiment.registry import shipped_system

_LARGEST = 1e6


def read_source(source: str | Path) -> dict[str, Any]:
    """Return the tables that a name or a TOML file stands for, with absolute paths.

    Parameters
    ----------
    source : str or Path
        The name of a shipped system, or the path of a TOML file.

    Raises
    ------
    InputError
        If it is neither, or the file is no TOML.
    """
    if isinstance(source, str) and source in system_entries():
        return _shipped(source)
    path = Path(source)
    if not path.exists() and path.suffix != ".toml":
        known = ", ".join(system_entries())
        expected = f"a shipped system ({known}) or a TOML file"
        raise InputError(
            "system", expected, repr(str(source)), suggestion(str(source), system_entries())
        )
    tables = _parse(path)
    anchor(tables, path.absolute().parent)
    return tables


def anchor(tables: dict[str, Any], folder: Path) -> None:
    """Make the relative paths of raw tables absolute, in place."""
    for table, key in _paths(tables):
        if isinstance(table.get(key), str | Path):
            table[key] = str(folder / table[key])
    for base in dicts([tables.get("base")]):
        files = base.get("files")
        if isinstance(files, list):
            # a name that is no file here may be one that ships with LAMMPS
            own = {f: str(folder / f) for f in files if _is_file(folder, f)}
            base["files"] = [own.get(f, f) if isinstance(f, str) else f for f in files]
            base["arguments"] = _named(own, base.get("arguments", {}))


def _shipped(name: str) -> dict[str, Any]:
    """Return the configuration of a shipped system: its g(r) is what is refined against."""
    shipped = shipped_system(name)
    curves = [entry for entry in shipped.observe if entry.kind == "g"]
    return {
        "system": shipped.system.model_dump(exclude_unset=True),
        "reference": shipped.reference.model_dump(exclude_unset=True),
        "observe": [entry.model_dump(exclude_unset=True) for entry in curves],
    }


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bytes(path, _LARGEST).decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "TOML", str(error)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}", "text in UTF-8", "other bytes") from None
    except RecursionError:
        raise InputError(str(path), "TOML", "hundreds of nested brackets") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(str(path), "a readable TOML file", reason) from None


def _is_file(folder: Path, name: Any) -> bool:
    return isinstance(name, str) and (folder / name).is_file()


def _named(paths: Mapping[str, str], value: Any) -> Any:
    """Return a value whose texts that name a file are its path."""
    if isinstance(value, dict):
        return {key: _named(paths, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(paths, inner) for inner in value]
    return paths.get(value, value) if isinstance(value, str) else value


def _paths(tables: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for table in ([tables.get("reference")], tables.get("pair"), tables.get("molecule")):
        for entry in dicts(table):
            yield entry, "file"
    for measured in (tables, *dicts(tables.get("state"))):
        for entry in dicts(measured.get("observe")):
            yield entry, "file"
            yield entry, "covariance"


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the tables of what should be an array of tables."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
