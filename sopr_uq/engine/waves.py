"""Density waves as long as the box: whether it holds one fluid or has come apart."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import SimulationFailed
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

_DIAGONALS = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]])


def wave_shells(positions: FloatArray, box_length: float) -> tuple[float, float]:
    """Return S(k) = |Σ exp(ikr)|²/N on two shells of the shortest wave vectors of the box.

    Parameters
    ----------
    positions : array, shape (N, 3)
        In Å.
    box_length : float
        In Å.

    Returns
    -------
    tuple of float
        The mean over the three vectors of length k = 2π/L, and over the four
        diagonals of length √3 k.
    """
    phase = 2.0 * np.pi / box_length * positions
    diagonal = phase @ _DIAGONALS.T
    return _mean_square(phase), _mean_square(diagonal)


def _mean_square(phase: FloatArray) -> float:
    square = np.cos(phase).sum(axis=0) ** 2 + np.sin(phase).sum(axis=0) ** 2
    return float(square.mean() / len(phase))


def check_one_phase(waves: FloatArray) -> None:
    """Raise SimulationFailed if the second half of a trajectory is not one fluid.

    Parameters
    ----------
    waves : array, shape (samples, 2)
        Both values of :func:`wave_shells` of every snapshot.
    """
    longest, diagonal = (float(x) for x in waves[len(waves) // 2 :].mean(axis=0))
    if longest > SEPARATED:
        told = f"below {SEPARATED:g} expected"
    elif longest > NOTICEABLE and longest > STEEPEST * diagonal:
        told = (
            f"{longest / diagonal:.1f} times that at wave vectors √3 as long, where one fluid "
            "has at most 3"
        )
    else:
        return
    raise SimulationFailed(
        "two phases: the box has come apart into a dense and a thin one, or its density "
        f"fluctuates over distances as long as the box (S(k) = {longest:.1f} at the longest "
        f"waves; {told}), so its g(r) is not that of a fluid. Try: a shallower potential, a "
        "smaller step of the update, or a state point outside the coexistence region."
    )
