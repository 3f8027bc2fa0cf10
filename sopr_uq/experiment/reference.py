"""The starting potential from its settings, and its size and depth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import check_sha256
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.experiment.settings import ReferenceSettings
from sopr_uq.potentials import Mie, Potential, Tabulated, Zero, lennard_jones
from sopr_uq.potentials.descriptors import first_zero, well


class Shape(NamedTuple):
    """σ in Å and ε in kcal/mol of a potential."""

    sigma: float
    epsilon: float


def reference_potential(settings: ReferenceSettings) -> Potential:
    """Return the potential that ``[reference]`` describes.

    Raises
    ------
    InputError
        If a table cannot be read or is no potential.
    """
    if settings.file is not None:
        r, v = read_potential(settings.file, settings.unit, settings.energy_unit)
        check_sha256(settings.file, settings.sha256)
        return Tabulated(r, v)
    if settings.form == "zero":
        return Zero()
    assert settings.sigma is not None
    assert settings.epsilon is not None
    if settings.form == "mie":
        assert settings.n is not None
        return Mie(settings.sigma, settings.epsilon, settings.n)
    return lennard_jones(settings.sigma, settings.epsilon)


def shape(potential: Potential) -> Shape:
    """Return σ and ε of a potential.

    Raises
    ------
    InputError
        If it has no repulsive core or no well.
    """
    r = np.arange(0.5, 15.0, 0.005)
    v = potential.energy(r)
    sigma, epsilon = float(first_zero(r, v)), float(well(r, v)[1])
    if not (sigma > 0 and epsilon > 0):
        raise InputError("reference", "a repulsive core and a well below it", "a potential without")
    return Shape(sigma, epsilon)
