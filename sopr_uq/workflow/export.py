"""``sopr-uq export``: the potentials of a result as tables of simulation programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.pairs import each_pair
from sopr_uq.disk import write_atomic
from sopr_uq.engine.lammps_base import coefficient_commands, style_arguments
from sopr_uq.engine.table import cap
from sopr_uq.errors import InputError
from sopr_uq.experiment.calculator import is_calculator
from sopr_uq.experiment.formats.write import WRITERS, Rows, Writer
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.molecule import Pair
from sopr_uq.potentials import Corrected, Potential, Tabulated
from sopr_uq.typing import FloatArray
from sopr_uq.units import thermal_energy
from sopr_uq.workflow.stored_liquid import makeup_of

POINTS = 2000
"""Rows of a table."""


def export(
    tree: xr.DataTree, folder: Path, program: str, *, draws: int = 0, points: int = POINTS
) -> list[Path]:
    """Write the posterior mean of a potential, and some of its draws.

    Between sites of molecules what acts besides their charges is written.
    A correction to a base is written as what acts besides the base, with how LAMMPS is told of
    both; a correction to another potential together with that potential.

    Parameters
    ----------
    tree : DataTree
        A refinement's result.
    folder : Path
        Where to write ``mean`` and ``draw-0001`` and so on, of a mixture with the label of
        each pair after it.
    program : str
        A key of ``WRITERS``.
    draws : int
        How many equally weighted draws besides the mean.
    points : int
        Rows of a table.

    Returns
    -------
    list of Path
        The files; each can be read back as ``reference.file``.

    Raises
    ------
    InputError
        If there is no such program, there are not that many draws, or a file of a base is
        not there.
    CheckpointError
        If a file cannot be written.
    """
    if program not in WRITERS:
        raise InputError("format", f"one of {', '.join(WRITERS)}", repr(program))
    makeup, writer = makeup_of(tree) if _beside(tree) else None, WRITERS[program]
    named = _named(tree, draws)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("out", "a folder that can be made", f"{folder}: {reason}") from None
    files = []
    for name, v in named.items():
        files.append(folder / f"{name}{writer.suffix}")
        write_atomic(files[-1], _text(tree, makeup, name, v, writer, points).encode())
    return files


def _named(tree: xr.DataTree, draws: int) -> dict[str, FloatArray]:
    """Return the mean and some draws of the potential of each pair, shape (n,), by their names."""
    named: dict[str, FloatArray] = {}
    for label, one in each_pair(tree):
        end = f"-{label}" if label else ""
        potential = one["posterior"].to_dataset()["potential"]
        named[f"mean{end}"] = potential.mean(("chain", "draw")).values
        found = enumerate(_draws(potential, draws), start=1)
        named |= {f"draw-{i:04d}{end}": v for i, v in found}
    return named


def _text(
    tree: xr.DataTree, makeup: Makeup | None, name: str, v: FloatArray, writer: Writer, points: int
) -> str:
    """Return the table of a potential, or of what acts besides a base or charges."""
    r, kelvin = tree["posterior"].to_dataset()["r"].values, float(tree.attrs["temperature"])
    keyword = name.replace("-", "_").upper()
    note = f"{tree.attrs['system']}, {name} of the posterior, cut off at {r[-1]:g} angstrom"
    acting: Potential
    if makeup is None:
        acting = Tabulated(r, v)
    else:
        acting = _besides(makeup, name, r, v)
        based = makeup.substance.base is not None
        lines = _overlay(makeup, name, f"{name}{writer.suffix}", keyword, points) if based else []
        charged = ["What acts besides the charges."] if makeup.substance.charged else []
        note = "\n".join([note, *charged, *lines])
    capped = cap(acting, thermal_energy(kelvin), float(r[-1]), alone=makeup is None)
    at = np.linspace(0.0 if writer.from_zero else capped.inner, float(r[-1]), points)
    return writer.write(keyword, note, Rows(at, capped.energy(at), capped.force(at)))


def _beside(tree: xr.DataTree) -> bool:
    """Whether the potentials of pairs act beside a base or charges, or between sites."""
    settings = json.loads(str(tree.attrs["settings"]))
    molecules = settings.get("molecule") or []
    beside = any({"sites", "model", "file"} & set(m) or m.get("charge") for m in molecules)
    return "base" in settings or beside


def _pair(makeup: Makeup, name: str) -> Pair:
    """Return the pair of which a file of a name is."""
    pairs = makeup.substance.pairs
    return next((pair for pair in pairs if name.endswith(f"-{pair.label}")), pairs[0])


def _besides(makeup: Makeup, name: str, r: FloatArray, v: FloatArray) -> Corrected:
    """Return what acts besides a base or charges, which need not keep pairs apart itself."""
    reference = makeup.references[_pair(makeup, name)]
    return Corrected(reference, r, v - reference.energy(r))


def _overlay(makeup: Makeup, name: str, file: str, keyword: str, points: int) -> list[str]:
    """Return how LAMMPS is told of a base and of a table beside it."""
    pair = _pair(makeup, name)
    base, names = makeup.substance.base, [site.name for site in makeup.substance.sites]
    assert base is not None
    if is_calculator(base.style):
        return [f"What acts besides {base.style}."]
    i, j = sorted(1 + names.index(name) for name in (pair.first, pair.second))
    of_base = coefficient_commands(base, names)
    for path in base.files:
        of_base = [command.replace(str(path), path.name) for command in of_base]
    return [
        f"What acts besides {base.style} ({', '.join(f.name for f in base.files)}). In LAMMPS:",
        "  units metal",
        f"  pair_style hybrid/overlay {style_arguments(base)} table spline {points}",
        *(f"  {command}" for command in of_base),
        f"  pair_coeff {i} {j} table {file} {keyword}",
    ]


def _draws(potential: xr.DataArray, number: int) -> FloatArray:
    """Return equally weighted draws from all over the posterior, shape (number, n)."""
    flat = potential.transpose("chain", "draw", "r").values.reshape(-1, potential.sizes["r"])
    if not 0 <= number <= len(flat):
        raise InputError("draws", f"a number from 0 to {len(flat)}", str(number))
    index = np.linspace(0, len(flat), number, endpoint=False).astype(np.intp)
    return np.asarray(flat[index])
