"""The mesh of charges of HOOMD-blue, with the α of the tables."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from sopr_uq.engine.electrostatics import MESH_ACCURACY
from sopr_uq.engine.plan import Plan
from sopr_uq.units import COULOMB

_ORDER = 5
_SERIES = (
    1 / 23232,
    7601 / 13628160,
    143 / 69120,
    517231 / 106536960,
    106640677 / 11737571328,
)
"""Of the error of a mesh of that order in powers of (hα)²."""
_FACTORS = (2, 3, 5)


def mesh_error(plan: Plan, points: int) -> float:
    """Return the error of a force on a mesh of so many points along each edge, in kcal/(mol Å).

    M. Deserno, C. Holm, J. Chem. Phys. 109, 7694 (1998), eq 38.
    """
    assert plan.alpha is not None
    edge, charges = plan.box_length, plan.topology.charges
    step = plan.alpha * edge / points
    series = sum(a * step ** (2 * m) for m, a in enumerate(_SERIES))
    root = np.sqrt(plan.alpha * edge * np.sqrt(2.0 * np.pi) * series / charges.size)
    return float(COULOMB * np.sum(charges**2) * step**_ORDER * root / edge**2)


def mesh_points(plan: Plan) -> int:
    """Return the fewest points along an edge that are accurate, a product of 2, 3 and 5."""
    accurate = MESH_ACCURACY * COULOMB
    return next(n for n in count(4) if _smooth(n) and mesh_error(plan, n) < accurate)


def mesh_force(hoomd: Any, plan: Plan, neighbours: Any) -> Any:
    """Return the force that sums what the tables leave of Coulomb's law."""
    points, alpha = mesh_points(plan), plan.alpha

    class Mesh(hoomd.md.long_range.pppm.Coulomb):  # type: ignore[misc]
        """HOOMD-blue chooses an α of its own, which the tables would not know."""

        def _attach_hook(self) -> None:
            super()._attach_hook()
            self._cpp_obj.setParams(points, points, points, _ORDER, alpha, plan.cutoff, 0.0)

    return Mesh(
        nlist=neighbours,
        resolution=(points,) * 3,
        order=_ORDER,
        r_cut=plan.cutoff,
        alpha=0.0,
        pair_force=hoomd.md.pair.Ewald(neighbours),
    )


def _smooth(number: int) -> bool:
    """Whether a number is a product of small factors, as Fourier transforms like it."""
    for factor in _FACTORS:
        while number % factor == 0:
            number //= factor
    return number == 1
