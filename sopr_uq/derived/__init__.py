"""Quantities derived from potentials: array functions, labelled wrappers, summaries."""

from sopr_uq.derived.labelled import UNITS, describe
from sopr_uq.derived.split import blip, hard_particle_integrand, wca_split
from sopr_uq.derived.summary import concise, summary
from sopr_uq.derived.tail import tail_strength
from sopr_uq.derived.virial import boyle_temperature, per_mole, second_virial

__all__ = [
    "UNITS",
    "blip",
    "boyle_temperature",
    "concise",
    "describe",
    "hard_particle_integrand",
    "per_mole",
    "second_virial",
    "summary",
    "tail_strength",
    "wca_split",
]
