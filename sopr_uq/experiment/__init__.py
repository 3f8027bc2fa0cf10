"""Measurements and state points: what ships, and one's own data through the same door."""

from sopr_uq.experiment.curve import read_curve
from sopr_uq.experiment.dataset import to_dataset
from sopr_uq.experiment.elements import Element, element, elements
from sopr_uq.experiment.equation_of_state import reference_pressure
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.registry import load_curve, load_system, systems
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.system import System, build_system

__all__ = [
    "Element",
    "Molecule",
    "Observation",
    "Pair",
    "Site",
    "StatePoint",
    "Substance",
    "System",
    "build_system",
    "element",
    "elements",
    "load_curve",
    "load_system",
    "read_curve",
    "reference_pressure",
    "systems",
    "to_dataset",
]
