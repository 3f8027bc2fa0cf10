"""``sopr-uq export``: the potentials of a result as tables of simulation programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import is_corrected
from sopr_uq.derived.pairs import each_pair
from sopr_uq.disk import write_whole
from sopr_uq.engine.table import cap
from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.write import WRITERS, Curve
from sopr_uq.potentials import Tabulated
from sopr_uq.typing import FloatArray
from sopr_uq.units import thermal_energy

POINTS = 2000
"""Rows of a table."""


def export(
    tree: xr.DataTree, folder: Path, program: str, *, draws: int = 0, points: int = POINTS
) -> list[Path]:
    """Write the posterior mean of a potential, and some of its draws.

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
        If there is no such program, there are not that many draws, or a potential is a
        correction.
    CheckpointError
        If a file cannot be written.
    """
    if program not in WRITERS:
        raise InputError("--format", f"one of {', '.join(WRITERS)}", repr(program))
    r = tree["posterior"].to_dataset()["r"].values
    named: dict[str, FloatArray] = {}
    for label, one in each_pair(tree):
        if is_corrected(one):
            where = f"export of {label}" if label else "export"
            advice = 'result["derived"]["correction"] has its draws'
            raise InputError(where, "a potential refined as a whole", "a correction", advice)
        end = f"-{label}" if label else ""
        potential = one["posterior"].to_dataset()["potential"]
        named[f"mean{end}"] = potential.mean(("chain", "draw")).values
        found = enumerate(_draws(potential, draws), start=1)
        named |= {f"draw-{i:04d}{end}": v for i, v in found}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("--out", "a folder that can be made", f"{folder}: {reason}") from None
    files = []
    for name, v in named.items():
        writer = WRITERS[program]
        text = writer.write(
            name.replace("-", "_").upper(),
            f"{tree.attrs['system']}, {name} of the posterior, cut off at {r[-1]:g} angstrom",
            _curve(r, v, float(tree.attrs["temperature"]), writer.from_zero, points),
        )
        files.append(folder / f"{name}{writer.suffix}")
        write_whole(files[-1], text.encode())
    return files


def _draws(potential: xr.DataArray, number: int) -> FloatArray:
    """Return equally weighted draws from all over the posterior, shape (number, n)."""
    flat = potential.transpose("chain", "draw", "r").values.reshape(-1, potential.sizes["r"])
    if not 0 <= number <= len(flat):
        raise InputError("--draws", f"a number from 0 to {len(flat)}", str(number))
    index = np.linspace(0, len(flat), number, endpoint=False).astype(np.intp)
    return np.asarray(flat[index])


def _curve(r: FloatArray, v: FloatArray, kelvin: float, from_zero: bool, points: int) -> Curve:
    """Return a potential on even distances; its core rises with a constant force far inside."""
    capped = cap(Tabulated(r, v), thermal_energy(kelvin), float(r[-1]))
    at = np.linspace(0.0 if from_zero else capped.inner, float(r[-1]), points)
    return Curve(at, capped.energy(at), capped.force(at))
