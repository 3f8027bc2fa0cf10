"""Pair potentials: one protocol, closed forms and tables."""

from sopr_uq.potentials.core import continue_core
from sopr_uq.potentials.exp6 import Exp6
from sopr_uq.potentials.mie import Mie, lennard_jones
from sopr_uq.potentials.protocol import Potential
from sopr_uq.potentials.scaled import Scaled
from sopr_uq.potentials.tabulated import Tabulated
from sopr_uq.potentials.zero import Zero

__all__ = [
    "Exp6",
    "Mie",
    "Potential",
    "Scaled",
    "Tabulated",
    "Zero",
    "continue_core",
    "lennard_jones",
]
