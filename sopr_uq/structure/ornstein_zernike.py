"""The Ornstein–Zernike equation h = c + ρ c * h, from all its sides.

- :func:`solve`: structure from a potential and a closure (HNC, PY, or HNC with
  a given bridge function).
- :func:`implied_bridge`: the bridge function that a known g(r) implies.
- :func:`extend`: a g(r) known up to a distance, continued to all distances.
"""

from sopr_uq.structure.bridge import implied_bridge
from sopr_uq.structure.extension import extend
from sopr_uq.structure.solution import Solution
from sopr_uq.structure.solver import solve

__all__ = ["Solution", "extend", "implied_bridge", "solve"]
