"""What a liquid shows: one file a quantity, each knowing how it is predicted and how it responds.

- :func:`continued`: the infinite liquid that a simulation implies.
- :class:`Rdf`, :class:`StructureFactor`, :class:`TotalScattering`, :class:`Pressure`: quantities;
  :func:`quantity_of` says which predicts an observation.
- :class:`Response`: what changes of the potentials do, by :class:`OrnsteinZernike` or
  :class:`Fluctuation`; :class:`CompositionWaves` are changes of g that are errors of sampling.
"""

from sopr_uq.observables.composition_waves import CompositionWaves
from sopr_uq.observables.infinite import InfiniteLiquid, continued
from sopr_uq.observables.observed import quantity_of
from sopr_uq.observables.pressure import Pressure
from sopr_uq.observables.quantity import Quantity
from sopr_uq.observables.rdf import Rdf
from sopr_uq.observables.response import Fluctuation, OrnsteinZernike, Response
from sopr_uq.observables.structure_factor import StructureFactor
from sopr_uq.observables.total import TotalScattering

__all__ = [
    "CompositionWaves",
    "Fluctuation",
    "InfiniteLiquid",
    "OrnsteinZernike",
    "Pressure",
    "Quantity",
    "Rdf",
    "Response",
    "StructureFactor",
    "TotalScattering",
    "continued",
    "quantity_of",
]
