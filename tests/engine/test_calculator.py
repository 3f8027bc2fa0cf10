"""Calculators of ASE as bases: the same physics as a table, and nothing runs unless allowed."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.engine.calculator import Calculator, check_calculator
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.lammps_dynamics import LammpsDynamics
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.calculator import ALLOWED
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Scaled, Zero, lennard_jones
from sopr_uq.units import KCAL_MOL_PER_EV

pytest.importorskip("ase")
# ASE itself, not what is made of it
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ase")

LJ = lennard_jones(3.4, 0.24)
STATE = StatePoint(120.0, 0.019, 39.948)
CUTOFF = 5.5
SETTINGS = EngineSettings(
    particles=32, cutoff=CUTOFF, thermalisation_steps=20, ramp_steps=30, equilibration_steps=10,
    production_steps=100, sample_every=5, blocks=4, threads=1, timestep=8.0,
)  # fmt: skip
STYLE = "ase:ase.calculators.lj.LennardJones"
EMT = "ase:ase.calculators.emt.EMT"
"""Knows Al, Cu, Ag, Au, Ni, Pd, Pt, H, C, N and O."""


@pytest.fixture
def allowed(monkeypatch):
    """Allow the calculators of these tests."""
    monkeypatch.setenv(ALLOWED, f"{STYLE}, {EMT} ase:strange.Mine,ase:strange.mine ase:no.Such")


def share_of(share: float) -> Base:
    """A share of a Lennard-Jones potential, as ASE has it: shifted to zero at its end."""
    arguments = {"sigma": 3.4, "epsilon": share * 0.24 / KCAL_MOL_PER_EV, "rc": CUTOFF}
    return Base.of(STYLE, [], {"Ar": "Ar"}, arguments=arguments)


def setup_of(base: Base | None, potential) -> Setup:
    substance = Substance.atom("Ar", 39.948, base)
    return Setup(substance, STATE, {substance.pairs[0]: potential}, 3)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_calculator_moves_atoms_as_a_table_of_its_potential_does(allowed, share):
    rest = Zero() if share == 1.0 else Scaled(LJ, 1.0 - share)
    found = []
    for setup in (setup_of(share_of(share), rest), setup_of(None, LJ)):
        with LammpsDynamics(make_plan(SETTINGS, setup)) as dynamics:
            with dynamics.ramp(30):
                dynamics.advance(30)
            thermo, between = dynamics.sample_finely(1)
            found.append((thermo, between, dynamics.positions(), dynamics.version))
    (thermo, between, x, version), (bare, as_table, y, _) = found
    assert version.startswith("lammps ")
    assert STYLE in version
    # the table is interpolated, and 35 steps are too few for a difference to grow
    assert x == pytest.approx(y, abs=1e-3)
    assert thermo.virial == pytest.approx(bare.virial, abs=0.05)
    assert between.stress == pytest.approx(as_table.stress, abs=0.05)
    assert np.ptp(as_table.stress) > 10.0
    # ASE's energy of a pair is zero at the end of the potential
    apart = y[:, None] - y[None]
    length = make_plan(SETTINGS, setup).box_length
    apart -= length * np.round(apart / length)
    pairs = (np.linalg.norm(apart, axis=2)[np.triu_indices(len(y), 1)] < CUTOFF).sum()
    end = share * float(LJ.energy(np.array([CUTOFF]))[0]) * pairs
    assert thermo.energy == pytest.approx(bare.energy - end, abs=0.02 * abs(end))


def test_a_whole_simulation_records_all_that_a_refinement_asks_for(allowed):
    setup = replace(setup_of(share_of(0.4), Zero()), record=("fluctuations",))
    simulation = LammpsEngine(SETTINGS).run(setup)
    last = simulation.configuration
    at = Calculator(setup.substance.base, ["Ar"] * 32).at(last.positions, last.box_length)
    # of the last snapshot, in MPa
    virial = 1.602176634e5 * at.virial[:3].mean() / last.box_length**3
    assert simulation["frames virial"].blocks[-1] == pytest.approx(virial, rel=1e-3)


MODULE = """
import builtins
from pathlib import Path
import numpy as np
from ase.calculators.calculator import Calculator
Path(__file__).with_name("ran").touch()
class Mine(Calculator):
    implemented_properties = ["energy", "forces", "stress"]
    calls = 0
    def __init__(self, fails="RuntimeError", after=7, text=""):
        super().__init__()
        self.fails, self.after, self.text = fails, after, text
    def calculate(self, atoms, properties, changes):
        Mine.calls += 1
        if Mine.calls > self.after:
            raise vars(builtins)[self.fails]("no")
        self.results = {"energy": 0.0, "forces": 0 * atoms.positions, "stress": np.zeros(6)}
mine = 3
"""


@pytest.fixture
def strange(tmp_path, monkeypatch):
    """A module of a stranger; it leaves a trace where it is imported."""
    (tmp_path / "strange.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "ran"
    sys.modules.pop("strange", None)


@pytest.mark.parametrize("environment", [None, EMT, "ase:strange.Min", "ase:strange.Mine.x"])
def test_nothing_of_a_stranger_runs_unless_it_is_allowed_by_name(strange, monkeypatch, environment):
    if environment is None:
        monkeypatch.delenv(ALLOWED, raising=False)
    else:
        monkeypatch.setenv(ALLOWED, environment)
    with pytest.raises(InputError, match=f'{ALLOWED}="ase:strange.Mine"'):
        Base.of("ase:strange.Mine", [], {"Ar": "Ar"})
    assert not strange.exists()


def test_what_is_allowed_runs(strange, allowed):
    check_calculator(Base.of("ase:strange.Mine", [], {"Ar": "Ar"}))
    assert strange.exists()


@pytest.mark.parametrize(
    ("fails", "error"),
    [("RuntimeError", SimulationFailed), ("KeyboardInterrupt", KeyboardInterrupt)],
)
def test_what_a_calculator_raises_ends_the_simulation(strange, allowed, fails, error):
    base = Base.of("ase:strange.Mine", [], {"Ar": "Ar"}, arguments={"fails": fails})
    plan = make_plan(SETTINGS, setup_of(base, Scaled(LJ, 0.5)))
    with LammpsDynamics(plan) as dynamics, pytest.raises(error, match="no"):
        dynamics.advance(100)
    # the run ends with the step, not after all of them
    assert sys.modules["strange"].Mine.calls == 8


@pytest.mark.parametrize(
    ("style", "element", "arguments", "said"),
    [
        ("ase:no.Such", "Ar", {}, "PYTHONPATH"),
        ("ase:strange.mine", "Ar", {}, "Did you mean 'Mine'?"),
        ("ase:strange.Mine", "Arr", {}, "Did you mean 'Ar'?"),
        ("ase:strange.Mine", "Ar", {"model": 1}, "unexpected keyword argument 'model'"),
        (EMT, "Ar", {}, "energy, forces and stress of Ar"),
    ],
)
def test_what_cannot_be_a_calculator_is_refused_with_advice(
    strange, allowed, style, element, arguments, said
):
    base = Base.of(style, [], {"Ar": element}, arguments=arguments)
    with pytest.raises(InputError) as error:
        LammpsEngine(SETTINGS).run(setup_of(base, Scaled(LJ, 0.5)))
    assert said in str(error.value)


@pytest.mark.parametrize(
    "style", ["ase:", "ase:EMT", "ase:os.system('ls')", "ase:a..b", "ase: a.b"]
)
def test_a_style_is_a_class_with_its_module(style):
    with pytest.raises(InputError, match="a class with its module"):
        Base.of(style, [], {"Ar": "Ar"})


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad:UserWarning")
def test_chgnet_is_a_base(monkeypatch):
    """A universal neural network, whose weights come with its package."""
    pytest.importorskip("chgnet", reason="chgnet is not installed: pip install chgnet")
    style = "ase:chgnet.model.dynamics.CHGNetCalculator"
    monkeypatch.setenv(ALLOWED, style)
    base = Base.of(style, [], {"Al": "Al"}, arguments={"use_device": "cpu"})
    substance = Substance.atom("Al", 26.98, base)
    setup = Setup(substance, StatePoint(1023.0, 0.05244, 26.98), {substance.pairs[0]: Zero()}, 1)
    settings = SETTINGS.model_copy(update={"cutoff": 4.0, "timestep": None, "sample_every": 1})
    with LammpsDynamics(make_plan(settings, setup)) as dynamics:
        with dynamics.ramp(4):
            dynamics.advance(4)
        thermo, x = dynamics.sample(), dynamics.positions()
    length = make_plan(settings, setup).box_length
    energy = Calculator(base, ["Al"] * 32).at(x, length).energy * KCAL_MOL_PER_EV
    assert thermo.energy == pytest.approx(energy, rel=1e-5)
    assert -4.0 < energy / KCAL_MOL_PER_EV / 32 < -2.5, "aluminium holds together"
