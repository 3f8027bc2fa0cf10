"""Density waves as long as the box: whether it holds one fluid or has come apart.

A mixture comes apart by density, by composition, or by both at once: looked at
is the strongest wave of all combinations of its types, the largest eigenvalue
of S_ab(k) = ⟨n_a n_b*⟩/√(N_a N_b). Of an element it is S(k).
"""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import PhaseSeparated
from sopr_uq.typing import FloatArray

SEPARATED = 10.0
"""S(k) of the longest waves in the box at which the density has come apart.

Fluids at 0.95 T_c on the liquid side have 0.2 to 2; a box that was quenched
into the coexistence region passes 20 within 4 000 steps.
"""

NOTICEABLE = 3.0
"""S(k) of the longest waves from which on their growth towards k → 0 is looked at."""

STEEPEST = 4.0
"""Ratio of S(k) to S(√3 k) beyond what one fluid has.

In a fluid 1/S(k) = (1 + ξ²k²)/S(0) (Ornstein and Zernike), so that the ratio is
below 3 however long the correlations are; the rest is for its sampling error.
The interface of two phases gives 9, from Porod's k⁻⁴.
"""

_EDGES, _CORNERS = slice(0, 3), slice(3, 7)
_DIAGONALS = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]])


def wave_shells(positions: FloatArray, box_length: float, counts: tuple[int, ...]) -> FloatArray:
    """Return S_ab(k) on two shells of the shortest wave vectors of the box.

    Parameters
    ----------
    positions : array, shape (N, 3)
        In Å; particles of one type follow each other.
    box_length : float
        In Å.
    counts : tuple of int
        Particles of each type, t of them.

    Returns
    -------
    array, shape (2, t, t)
        The mean over the three vectors of length k = 2π/L, and over the four
        diagonals of length √3 k.
    """
    phase = 2.0 * np.pi / box_length * positions
    phase = np.concatenate([phase, phase @ _DIAGONALS.T], axis=1)
    begins = np.cumsum((0, *counts[:-1]))
    scale = np.sqrt(counts)[:, None]
    real, imaginary = (np.add.reduceat(f(phase), begins) / scale for f in (np.cos, np.sin))
    return np.stack([_mean_product(real[:, k], imaginary[:, k]) for k in (_EDGES, _CORNERS)])


def _mean_product(real: FloatArray, imaginary: FloatArray) -> FloatArray:
    return np.asarray((real @ real.T + imaginary @ imaginary.T) / real.shape[1])


def check_one_phase(waves: FloatArray, counts: tuple[int, ...]) -> None:
    """Raise PhaseSeparated if the second half of a trajectory is not one fluid.

    Parameters
    ----------
    waves : array, shape (samples, 2, t, t)
        :func:`wave_shells` of every snapshot.
    counts : tuple of int
        Particles of each type.
    """
    edge, corner = waves[len(waves) // 2 :].mean(axis=0)
    values, modes = np.linalg.eigh(edge)
    longest, mode = float(values[-1]), modes[:, -1]
    diagonal = float(mode @ corner @ mode)
    if longest > SEPARATED:
        expectation = f"below {SEPARATED:g} expected"
    elif longest > NOTICEABLE and longest > STEEPEST * diagonal:
        expectation = (
            f"{longest / diagonal:.1f} times that at wave vectors √3 as long, where one fluid "
            "has at most 3"
        )
    else:
        return
    of_all = np.sqrt(np.array(counts) / sum(counts)) @ mode
    words = _TWO_PHASES if of_all**2 > 0.5 else _DEMIXED
    raise PhaseSeparated(words.format(longest=longest, expectation=expectation))


_TWO_PHASES = (
    "two phases: the box has come apart into a dense and a thin one, or its density "
    "fluctuates over distances as long as the box (S(k) = {longest:.1f} at the longest "
    "waves; {expectation}), so its g(r) is not that of a fluid. Try: a shallower potential, a "
    "smaller step of the update, or a state point outside the coexistence region."
)

_DEMIXED = (
    "demixed: the box has come apart into parts of different composition, or its composition "
    "fluctuates over distances as long as the box (S(k) = {longest:.1f} at the longest "
    "waves; {expectation}), so its g(r) are not those of a mixture. Try: a deeper potential "
    "between unlike particles, a smaller step of the update, or a higher temperature."
)
