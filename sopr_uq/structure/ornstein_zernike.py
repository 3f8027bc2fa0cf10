"""The Ornstein–Zernike equation h = c + ρ c * h, of an element or a mixture, from all its sides.

- :func:`solve`: structure from potentials and a closure (HNC, PY, or HNC with
  given bridge functions).
- :func:`implied_bridge`: the bridge functions that a known g(r) implies.
- :func:`extend`: a g(r) known up to a distance, continued to all distances.

An element is a mixture of one type and the same code: the matrices of
:mod:`sopr_uq.structure.mixture` are then 1 × 1.
"""

from sopr_uq.structure.bridge import implied_bridge
from sopr_uq.structure.extension import extend
from sopr_uq.structure.solution import Solution
from sopr_uq.structure.solver import solve

__all__ = ["Solution", "extend", "implied_bridge", "solve"]
