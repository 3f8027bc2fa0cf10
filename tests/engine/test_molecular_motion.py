"""Motion of molecules is that of their centres, and as many are in the box as molecules are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.engine.dynamics import DiffusionRecorder
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.recorder import Between, Frame, Thermo
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables.property import properties_of
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream
from sopr_uq.units import FS_PER_PS

SITE, BOND, COUNT = Site("N", 14.007), 1.1, 64
NITROGEN = Substance((Molecule("N2", (SITE, SITE), ((0.0, 0.0, 0.0), (BOND, 0.0, 0.0))),))
STATE = StatePoint(70.0, 0.0173, 28.014)
SETTINGS = EngineSettings(
    particles=COUNT, cutoff=7.0, production_steps=16000, sample_every=80, threads=1, timestep=2.0
)
SPEED, SPIN = 2e-3, 2e-2
"""Of the centres in Å/fs, and about them in rad/fs."""


@pytest.fixture(scope="module")
def flying():
    """A run of molecules that fly straight and turn: setup, plan, velocities of the centres."""
    setup = Setup(NITROGEN, STATE, {NITROGEN.pairs[0]: lennard_jones(3.3, 0.07)}, 1)
    setup = replace(setup, record=("diffusion",))
    plan = make_plan(SETTINGS, setup)
    rng = stream(1, "flight")
    start = rng.uniform(0.0, plan.box_length, (COUNT, 3))
    v = SPEED * rng.standard_normal((COUNT, 3))
    phase = rng.uniform(0.0, 2.0 * np.pi, COUNT)
    side = np.where(plan.topology.place == 0, 1.0, -1.0)[:, None]
    owner = plan.topology.molecule

    def at(t):
        turn = phase + SPIN * t
        arm = 0.5 * BOND * np.stack([np.cos(turn), np.sin(turn), 0.0 * turn], axis=1)
        swing = 0.5 * BOND * SPIN * np.stack([-np.sin(turn), np.cos(turn), 0.0 * turn], axis=1)
        return (start + v * t)[owner] + side * arm[owner], v[owner] + side * swing[owner]

    recorder = DiffusionRecorder(plan)
    fine = plan.fine_every * plan.timestep
    each = SETTINGS.sample_every // plan.fine_every
    for i in range(plan.samples):
        times = [(i * each + k + 1) * fine for k in range(each)]
        between = Between(np.stack([at(t)[1] for t in times]), np.zeros((each, 6)), np.zeros(each))
        positions = at(times[-1])[0] % plan.box_length
        recorder.add(Frame(positions, Thermo(0.0, 0.0, 0.0), between))
    return setup, plan, v, {s.name: s for s in recorder.series(8)}


def test_a_turning_molecule_goes_as_its_centre(flying):
    """A site alone would have the square of its swing in ⟨v²⟩, ten times as much."""
    _, _, v, series = flying
    assert set(series) == {"vacf N2", "msd N2"}
    vacf, msd = series["vacf N2"], series["msd N2"]
    square = float(np.mean(np.sum(v**2, axis=1))) * FS_PER_PS**2
    np.testing.assert_allclose(vacf.mean, square, rtol=1e-5)
    np.testing.assert_allclose(msd.mean, square * msd.x**2, rtol=1e-5, atol=1e-9)
    assert 5.0 * square < (0.5 * BOND * SPIN * FS_PER_PS) ** 2, "negative control"


def test_the_size_of_the_box_counts_molecules(flying):
    """The correction of D to infinite size is that of 64 molecules, not of 128 atoms."""
    setup, plan, _, series = flying
    assert plan.atoms == 2 * COUNT
    assert setup.molecules(plan.atoms) == COUNT
    vacf = series["vacf N2"]
    damped = replace(
        vacf,
        mean=vacf.mean * np.exp(-vacf.x / 0.05),
        blocks=vacf.blocks * np.exp(-vacf.x / 0.05),
    )
    simulation = Simulation({"vacf N2": damped}, None, plan.counts, 1, 1.0, 0.0, "made up")
    (diffusion,) = properties_of(["diffusion"])
    found = diffusion.tell([SimulatedLiquid(setup, simulation)])
    step = vacf.x[1]
    exact = float(vacf.mean[0]) * 10.0 / 3.0 * step / 2.0 / np.tanh(step / 0.1)
    corrected = exact / (1.0 - COUNT ** (-1.0 / 3.0))
    assert found.values[0, 0] == pytest.approx(corrected, rel=5e-3)


def test_a_mixture_counts_all_its_molecules():
    water = Molecule("W", (Site("O", 16.0), Site("H", 1.0), Site("H", 1.0)),
                     ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))  # fmt: skip
    both = Substance((water, Molecule("Ar", (Site("Ar", 39.948),))))
    state = StatePoint(300.0, 0.03, composition={"W": 0.75, "Ar": 0.25})
    setup = Setup(both, state, {p: lennard_jones(3.0, 0.1) for p in both.pairs}, 1)
    assert setup.molecules(sum(setup.counts(400))) == 400
