"""In which sense a partial S(Q) of a mixture is one: told by the core of its own transform.

Partials in the sense of Faber and Ziman are transforms of g_ab − 1, which is −1 in the core.
Those of Ashcroft and Langreth are δ_ab + √(c_a c_b) (S_ab − 1): their transform is
−√(c_a c_b) there. Of like types both tend to one, so that nothing else tells them apart.

References
----------
T. E. Faber, J. M. Ziman, Phil. Mag. 11, 153 (1965).
N. W. Ashcroft, D. C. Langreth, Phys. Rev. 156, 685 (1967).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import Q
from sopr_uq.experiment.limits import level_of
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential
from sopr_uq.potentials.descriptors import first_zero
from sopr_uq.typing import FloatArray

CORE = (0.45, 0.75)
"""Between which distances, in σ, g is zero and a transform that ends somewhere nearly so."""

_BEGIN, _END = 3.5, 30.0
"""In 1/σ: where a curve begins at most, and ends at least, for its transform to have a core."""

_NEAR = 0.3
"""As far from another convention, in its distance from Faber and Ziman's, a core is that one's."""

_SAME = 0.02
_APART = 0.05
"""Levels and fractions: as far a level may be from one that it is, and from one that it is not."""

_SCAN = np.arange(0.5, 15.0, 0.005)


def check_convention(
    observation: Observation,
    substance: Substance,
    references: Mapping[Pair, Potential],
    state: StatePoint,
) -> None:
    """Check that a partial S(Q) of a mixture of atoms is one in the sense of Faber and Ziman.

    A curve that is too short, or of a type that is nearly everything, is believed.

    Parameters
    ----------
    observation : Observation
    substance : Substance
    references : mapping of Pair to Potential
        Starting potentials, which tell the size of the core.
    state : StatePoint

    Raises
    ------
    InputError
        With the conversion, if its core or its level is that of another convention.
    """
    pair = observation.of
    if not isinstance(pair, Pair) or observation.axis is not Q or not substance.atomic:
        return
    names = [site.name for site in substance.sites]
    densities = substance.densities(state)
    fractions = densities / densities.sum()
    ends = [names.index(name) for name in (pair.first, pair.second)]
    share = float(np.sqrt(np.prod(fractions[ends])))
    if len(names) == 1 or share > 1.0 - _APART:
        return
    used, where = observation.windowed(), f"observation {observation.name}"
    level = level_of(used.x, used.value)
    if pair.like and abs(level - share) < _SAME:
        raise InputError(
            where, "S_ab(Q) that tends to 1, in the sense of Faber and Ziman",
            f"one that tends to {level:.3g}, the share of {pair.first}",
            "of Bhatia and Thornton's or concentration-weighted partials: "
            f"S_FZ = 1 + (S − {share:.3g})/{share**2:.3g}",
        )  # fmt: skip
    sigma = float(first_zero(_SCAN, references[pair].energy(_SCAN)))
    if not np.isfinite(sigma) or used.x[0] * sigma > _BEGIN or used.x[-1] * sigma < _END:
        return
    core = _core(used.x, used.value - 1.0, sigma, float(densities.sum()))
    if abs(core - share) < _NEAR * (1.0 - share):
        raise InputError(
            where,
            "S_ab(Q) in the sense of Faber and Ziman, whose transform is −1 in the core",
            f"a core of {-core:.2f}, as of Ashcroft and Langreth's, −√(c_a c_b) = {-share:.2f}",
            f"S_FZ = 1 + (S_AL − 1)/{share:.4g}: convert the file",
        )


def _core(q: FloatArray, h: FloatArray, sigma: float, density: float) -> float:
    """Return by how much the transform of S − 1, (k,), is below zero in the core, on average.

    Lorch's window damps what the end of the curve leaves; below its first point it goes on.
    """
    q, h = np.concatenate([[0.0], q]), np.concatenate([h[:1], h])
    r = sigma * np.linspace(*CORE, 25)
    damped = q * h * np.sinc(q / q[-1])
    waves = np.trapezoid(damped * np.sin(np.outer(r, q)), q, axis=1)
    return float(-np.mean(waves / (2.0 * np.pi**2 * density * r)))
