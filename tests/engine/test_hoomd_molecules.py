"""Rigid molecules on HOOMD-blue beside LAMMPS: one configuration, and short liquids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind

from sopr_uq.engine import hoomd, lammps
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.trouble import TORN
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero, lennard_jones

for module in (hoomd, lammps):
    if module.unavailable():
        pytest.skip(str(module.unavailable()), allow_module_level=True)

WATER = molecule_of(MoleculeSettings(name="water", model="spce"))
N2 = molecule_of(MoleculeSettings(name="N2", model="n2"))
ARGON = Molecule("Ar", (Site("Ar", 39.948),))
IONS = (Molecule("Na", (Site("Na", 22.99, 1),)), Molecule("Cl", (Site("Cl", 35.45, -1),)))
KNOWN = {
    Pair("O", "O"): lennard_jones(3.166, 0.1553),
    Pair("N", "N"): lennard_jones(3.31, 0.0741),
    Pair("Ar", "Ar"): lennard_jones(3.4, 0.238),
    Pair("N", "Ar"): lennard_jones(3.35, 0.133),
    Pair("Na", "Na"): lennard_jones(2.35, 0.13),
    Pair("Na", "Cl"): lennard_jones(3.4, 0.1),
    Pair("Cl", "Cl"): lennard_jones(4.4, 0.1),
    Pair("O", "Na"): lennard_jones(2.8, 0.14),
    Pair("O", "Cl"): lennard_jones(3.8, 0.12),
}
ENDS = {"thermalisation_steps": 300, "ramp_steps": 600, "equilibration_steps": 500}


def setup_of(molecules, temperature, density, **composition):
    substance = Substance(molecules)
    mass = 0.0 if composition else molecules[0].mass
    state = StatePoint(temperature, density, mass, composition=composition)
    return Setup(substance, state, {p: KNOWN.get(p, Zero()) for p in substance.pairs}, 1)


LIQUIDS = {
    "water": setup_of((WATER,), 298.0, 0.03338),
    "nitrogen": setup_of((N2,), 75.0, 0.0168),
    "argon in nitrogen": setup_of((ARGON, N2), 90.0, 0.0165, Ar=0.3, N2=0.7),
    "brine": setup_of((WATER, *IONS), 298.0, 0.0333, water=0.9, Na=0.05, Cl=0.05),
}


def settings(**changes):
    short = {"particles": 120, "cutoff": 7.0, "bin_width": 0.05, "threads": 1, "timestep": 1.0}
    return EngineSettings(**(short | changes))


@pytest.fixture(scope="module", params=LIQUIDS)
def standing(request):
    """A setup that starts with one configuration of a liquid, and settings that leave it there."""
    setup = LIQUIDS[request.param]
    short = settings(**ENDS, production_steps=100, sample_every=10, blocks=4)
    start = lammps.LammpsEngine(short).run(setup).configuration
    # a bath that acts within a step would be part of the virial
    still = settings(
        timestep=1e-4, sample_every=1, equilibration_steps=0, production_steps=100,
        thermostat_time=1e9,
    )  # fmt: skip
    return replace(setup, start=start, record=("viscosity",)), still


def test_energy_virial_and_temperature_of_one_configuration_are_those_of_lammps(standing):
    """To 10⁻⁴ of the energy and to 1 MPa, so far as two meshes agree; velocities too."""
    setup, still = standing
    plan, seen = make_plan(still, setup), []
    for dynamics in (lammps.LammpsDynamics, hoomd.HoomdDynamics):
        with dynamics(plan) as box:
            thermo, between = box.sample_finely(1)
            seen.append((thermo, between, box.positions(), box.velocities(), box.virial()))
    (one, first, x, v, _), (two, second, y, w, virial) = seen
    assert two.energy == pytest.approx(one.energy, rel=1e-4)
    assert two.virial == pytest.approx(one.virial, abs=1.0)
    # beside atoms LAMMPS counts the three degrees of freedom of the whole
    body, free = plan.topology.rigid, plan.freedom * plan.molecules
    counted = 1.0 if body.all() else free / (free - 3.0)
    assert two.temperature == pytest.approx(counted * one.temperature, rel=1e-4)
    assert virial == pytest.approx(two.virial, abs=1e-6)
    assert second.energy[0] == pytest.approx(first.energy[0], rel=1e-4)
    way = y - x
    np.testing.assert_allclose(way - plan.box_length * np.rint(way / plan.box_length), 0, atol=1e-4)
    np.testing.assert_allclose(w, v, atol=2e-3 * np.abs(v).max())
    assert plan.topology.spread(y, plan.box_length) < 0.01 * TORN


LONG = settings(
    **ENDS | {"equilibration_steps": 2000}, timestep=4.0, production_steps=6000, sample_every=20
)


@pytest.fixture(scope="module")
def nitrogen():
    """One liquid by both, and a warmer one."""
    engines = lammps.LammpsEngine(LONG), hoomd.HoomdEngine(LONG)
    one, two = (engine.run(LIQUIDS["nitrogen"]) for engine in engines)
    return one, two, engines[0].run(setup_of((N2,), 110.0, 0.0168))


def test_liquids_are_those_of_lammps(nitrogen):
    """g over shells of 0.5 Å by Welch and Bonferroni, energy and pressure within 4 σ."""
    one, two, warm = nitrogen
    assert agreement(one.only, two.only) > 1e-3
    for quantity in ("energy", "pressure"):
        first, second = one[quantity], two[quantity]
        apart = abs(float(first.mean[0] - second.mean[0]))
        assert apart < 4.0 * np.hypot(float(first.error[0]), float(second.error[0])), quantity
    assert agreement(one.only, warm.only) < 1e-3, "negative control"


def agreement(one, other):
    """p-value that two g(r) are of one liquid."""
    edges = np.arange(3.0, 8.01, 0.5)
    inside = (one.x >= edges[:-1, None]) & (one.x < edges[1:, None])
    weight = inside * one.x**2
    weight = weight / weight.sum(1, keepdims=True)
    found = ttest_ind(*(each.blocks @ weight.T for each in (one, other)), equal_var=False)
    return found.pvalue.min() * found.pvalue.size
