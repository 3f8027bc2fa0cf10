"""What a liquid shows: one file a quantity, each knowing how it is predicted and how it responds.

- :func:`continued`: the infinite liquid that a simulation implies.
- :class:`Rdf`, :class:`StructureFactor`, :class:`TotalScattering`, :class:`Pressure`: quantities.
"""

from sopr_uq.observables.infinite import InfiniteLiquid, continued
from sopr_uq.observables.pressure import Pressure
from sopr_uq.observables.quantity import Change, Quantity
from sopr_uq.observables.rdf import Rdf
from sopr_uq.observables.structure_factor import StructureFactor
from sopr_uq.observables.total import TotalScattering

__all__ = [
    "Change",
    "InfiniteLiquid",
    "Pressure",
    "Quantity",
    "Rdf",
    "StructureFactor",
    "TotalScattering",
    "continued",
]
