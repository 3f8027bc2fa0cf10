"""Quantities derived from potentials: array functions, labelled wrappers, summaries."""

from sopr_uq.derived.bands import band, structure_bands
from sopr_uq.derived.labelled import DESCRIPTOR_UNITS, describe
from sopr_uq.derived.pairs import of_pair, pairs
from sopr_uq.derived.split import blip, hard_particle_integrand, wca_split
from sopr_uq.derived.summary import concise, interval_text, summary
from sopr_uq.derived.tail import tail_strength
from sopr_uq.derived.virial import boyle_temperature, per_mole, second_virial

__all__ = [
    "DESCRIPTOR_UNITS",
    "band",
    "blip",
    "boyle_temperature",
    "concise",
    "describe",
    "hard_particle_integrand",
    "interval_text",
    "of_pair",
    "pairs",
    "per_mole",
    "second_virial",
    "structure_bands",
    "summary",
    "tail_strength",
    "wca_split",
]
