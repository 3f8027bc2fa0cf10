"""The protocol of a pair potential."""

from __future__ import annotations

from typing import Protocol

from sopr_uq.typing import ArrayLike, FloatArray


class Potential(Protocol):
    """A spherically symmetric pair potential v(r)."""

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol at distances ``r`` in Å, same shape as ``r``."""
        ...

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å) at distances ``r`` in Å, same shape as ``r``."""
        ...
