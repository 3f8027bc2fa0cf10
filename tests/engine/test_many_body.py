"""Bases in LAMMPS: laws that hold whatever the base is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.engine.fluctuations import FRAMES
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.lammps_base import coefficient_commands, style_arguments
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.errors import InputError
from sopr_uq.executor import InTurn, Processes
from sopr_uq.experiment.base import STYLES, Base, shipped_files
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables import OrnsteinZernike, continued
from sopr_uq.observables.pressure import Pressure
from sopr_uq.potentials import Scaled, Zero, lennard_jones
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.units import KCAL_MOL_PER_EV, MPA_PER_KCAL_MOL_A3

LJ = lennard_jones(3.4, 0.24)
STATE = StatePoint(120.0, 0.019, 39.948)
CUTOFF = 8.5
SETTINGS = EngineSettings(
    particles=256, cutoff=CUTOFF, production_steps=6000, sample_every=20, threads=1, timestep=8.0
)


def pair_file(folder: Path, share: float) -> Path:
    """A file of eam/alloy whose atoms feel a share of a Lennard-Jones potential, and no density."""
    n = 4000
    step = CUTOFF / (n - 1)
    r = step * np.arange(n)
    inside = np.maximum(r, 2.6)
    energy = LJ.energy(inside) + LJ.force(inside) * (inside - r)
    zeros = "\n".join(["0.0"] * n)
    product = "\n".join(f"{x:.12e}" for x in share * r * energy / KCAL_MOL_PER_EV)
    file = folder / f"Ar{share:g}.eam.alloy"
    head = f"UNITS: metal\n\n\n1 Ar\n{n} 0.01 {n} {step!r} {CUTOFF!r}\n18 39.948 5.26 fcc\n"
    file.write_text(f"{head}{zeros}\n{zeros}\n{product}\n")
    return file


def setup_of(folder: Path, share: float, seed: int = 3) -> Setup:
    """Argon, a share of whose potential is in a base and the rest in the table."""
    base = Base.of("eam/alloy", [pair_file(folder, share)], {"Ar": "Ar"})
    substance = Substance.atom("Ar", 39.948, base)
    rest = Zero() if share == 1.0 else Scaled(LJ, 1.0 - share)
    return Setup(substance, STATE, {substance.pairs[0]: rest}, seed)


@pytest.fixture(scope="module")
def bare():
    return LammpsEngine(SETTINGS).run(replace(Setup.of(LJ, STATE, 3), record=("fluctuations",)))


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_it_does_not_matter_what_is_base_and_what_is_table(bare, tmp_path, share):
    found = LammpsEngine(SETTINGS).run(setup_of(tmp_path, share))
    # what lies beyond the cut-off is known of a table alone
    tail = share * tail_of()
    assert found.energy == pytest.approx(
        bare.energy - tail[0], abs=4.0 * np.hypot(found.energy_error, bare.energy_error)
    )
    assert found.pressure == pytest.approx(
        bare.pressure - tail[1], abs=4.0 * np.hypot(found.pressure_error, bare.pressure_error)
    )
    error = np.hypot(found.g_error, bare.g_error)
    far = (found.r > 3.2) & (found.r < 8.0)
    assert np.mean(((found.g - bare.g)[far] / error[far]) ** 2) < 2.0


def tail_of() -> np.ndarray:
    """Energy in kcal/mol and pressure in MPa of what lies beyond the cut-off."""
    density = np.array([STATE.density])
    return np.array([tail([LJ], density, CUTOFF) for tail in (tail_energy, tail_pressure)])


def test_the_pressure_responds_by_fluctuations_as_by_theory(bare, tmp_path):
    """Of the same trajectory: a change of σ, of ε, and a bump at the first shell."""
    grid = RadialGrid.covering(50.0, 0.025)
    setup = replace(Setup.of(LJ, STATE, 3), record=("fluctuations",))
    liquid = continued(setup, bare, grid)
    r = grid.r
    changes = [
        LJ.energy(r / 1.005) - LJ.energy(r),
        0.02 * LJ.energy(r),
        0.01 * np.exp(-(((r - 3.8) / 0.3) ** 2)),
    ]
    energy = np.stack([np.where(r > 2.8, c, 0.0) for c in changes], axis=1)[:, None]
    theory = Pressure().jacobian(OrnsteinZernike(liquid, energy, moving_bridge=True))[0]
    base = Base.of("eam/alloy", [pair_file(tmp_path, 1.0)], {"Ar": "Ar"})
    melt = Setup(Substance.atom("A", 39.948, replace(base, elements=(("A", "Ar"),))), STATE,
                 setup.potentials, 3)  # fmt: skip
    found = Pressure().jacobian(OrnsteinZernike(replace(liquid, setup=melt), energy))[0]
    # √((1 + 1/ϱ²)/M) of M = 300 snapshots at a correlation ϱ of a half is 0.13: 2.7 of these
    assert found == pytest.approx(theory, rel=0.35)


def test_frames_are_the_trajectory_that_was_averaged(bare):
    pairs, virial = bare[f"{FRAMES}A-A"].blocks, bare[f"{FRAMES}virial"].blocks
    assert len(pairs) == len(virial) == 300
    seen, volume = bare.g > 0.5, 256 / STATE.density
    ideal = pairs.mean(axis=0)[seen] / bare.g[seen]
    shell = 4.0 * np.pi * bare.r[seen] ** 2 * bare.bin_width
    # blocks of equal lengths may leave out a few snapshots
    assert ideal == pytest.approx(0.5 * 256 * 255 * shell / volume, rel=0.02)
    # the mean virial of the snapshots is that of all steps, within the noise
    kinetic = STATE.density / STATE.beta * MPA_PER_KCAL_MOL_A3
    found = virial.mean() + kinetic + tail_of()[1]
    assert found == pytest.approx(bare.pressure, abs=5.0 * bare.pressure_error)


def test_the_virial_of_a_snapshot_is_recorded_only_when_asked(bare):
    assert f"{FRAMES}virial" in bare.series
    again = LammpsEngine(SETTINGS.model_copy(update={"production_steps": 200}))
    assert f"{FRAMES}virial" not in again.run(Setup.of(LJ, STATE, 3)).series


def test_molten_aluminium_is_what_it_was_found_to_be():
    """Mendelev's aluminium at 1023 K: neighbours at 2.8 Å, a cohesion of 3.1 eV an atom."""
    base = Base.of("eam/fs", ["Al_mm.eam.fs"], {"Al": "Al"})
    substance = Substance.atom("Al", 26.98, base)
    state = StatePoint(1023.0, 0.0526, 26.98)
    engine = LammpsEngine(
        EngineSettings(particles=256, cutoff=7.0, production_steps=1600, threads=1)
    )
    found = engine.run(Setup(substance, state, {substance.pairs[0]: Zero()}, 1))
    assert found.r[found.g.argmax()] == pytest.approx(2.8, abs=0.1)
    assert found.g.max() == pytest.approx(2.6, abs=0.2)
    assert found.energy / KCAL_MOL_PER_EV == pytest.approx(-3.13, abs=0.03)


@pytest.mark.parametrize("engine", [IntegralEquationEngine(), DiluteEngine()])
def test_an_engine_of_pairs_alone_refuses_a_base(tmp_path, engine):
    with pytest.raises(InputError, match="lammps"):
        engine.run(setup_of(tmp_path, 1.0))


SHIPPED = {
    "adp": (["Ni.adp"], "Ni"),
    "eam": (["Cu_u3.eam"], "Cu"),
    "eam/alloy": (["Al_zhou.eam.alloy"], "Al"),
    "eam/fs": (["Al_mm.eam.fs"], "Al"),
    "eam/he": (["PdHHe.eam.he"], "Pd"),
    "edip": (["Si.edip"], "Si"),
    "meam": (["library.meam", "Ni.meam"], "Ni4"),
    "meam/spline": (["Si_1.meam.spline"], "Si"),
    "pod": (["Ta_param.pod", "Ta_coeff.pod"], "Ta"),
    "snap": (["Cu_Zuo_JPCA2020.snapcoeff", "Cu_Zuo_JPCA2020.snapparam"], "Cu"),
    "sw": (["Si.sw"], "Si"),
    "tersoff": (["Si.tersoff"], "Si"),
    "tersoff/mod": (["Si.tersoff.mod"], "Si"),
    "tersoff/zbl": (["SiC.tersoff.zbl"], "Si"),
    "uf3": (["Nb.uf3"], "Nb"),
    "vashishta": (["InP.vashishta"], "In"),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_the_list_simulates(style):
    files, element = SHIPPED[style]
    if not set(files) <= {file.name for file in shipped_files()}:
        pytest.skip(f"{files} do not ship with this LAMMPS")
    base = Base.of(style, files, {"X": element})
    assert style_arguments(base).startswith(style)
    assert all(command.startswith("pair_coeff") for command in coefficient_commands(base, ["X"]))
    substance = Substance.atom("X", 60.0, base)
    small = EngineSettings(
        particles=108, cutoff=5.0, production_steps=100, thermalisation_steps=20, ramp_steps=40,
        equilibration_steps=0, sample_every=10, blocks=4, threads=1, timestep=1.0,
    )  # fmt: skip
    setup = Setup(substance, StatePoint(2500.0, 0.045, 60.0), {substance.pairs[0]: Zero()}, 1)
    # edip of LAMMPS 2025 ends its process or not by what fresh memory happens to hold (with
    # MALLOC_PERTURB_=1 always); a refinement makes such a simulation again, in another process
    where = Processes(1) if style == "edip" else InTurn()
    (found,) = run_tasks(LammpsEngine(small), [setup], executor=where)
    assert np.isfinite(found.energy)
    assert found.energy != 0.0
