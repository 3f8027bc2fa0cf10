"""A core that is off: it decays faster than any correction that is as smooth as its kernel."""

from __future__ import annotations

import numpy as np

from sopr_uq import load_config
from sopr_uq.derived.correction import correction_band
from sopr_uq.potentials import lennard_jones
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.run import run

R = np.arange(2.9, 11.0, 0.1)
ARGON = """
[system]
name = "argon"
temperature = 140.0
density = 0.018
[[molecule]]
name = "Ar"
mass = 39.948
[[pair]]
sites = ["Ar", "Ar"]
sigma = 3.4
epsilon = 0.24
refine = "correction"
[[observe]]
kind = "g"
file = "g.csv"
sites = ["Ar", "Ar"]
q_max = "none"

[engine]
name = "integral_equation"
particles = 1000
"""
RIGID = "[prior]\ncorrection_stretch_sd = 1e-4\ncorrection_factor_sd = 1e-4\n"


def harder(r):
    """Three tenths of the repulsion more: 2 k_B T where the first pairs meet."""
    return 0.3 * 4.0 * 0.24 * (3.4 / r) ** 12


def core_held(folder, prior: str) -> tuple[float, float]:
    """The share of the core that a 95 % band holds, and the log Bayes factor of a correction."""
    path = folder / "argon.toml"
    path.write_text(ARGON + prior)
    np.savetxt(folder / "g.csv", np.column_stack([R, np.ones(R.size)]), delimiter=",")
    rule = build_rule(load_config(path))
    problem = rule.problem
    true = lennard_jones(3.4, 0.24).energy(problem.r) + harder(problem.r)
    simulation = build_engine(load_config(path), rule).run(problem.setup(true, 0))
    g = np.interp(R, simulation.r, simulation.g)
    g += 0.005 * np.random.default_rng(5).standard_normal(R.size)
    np.savetxt(folder / "g.csv", np.column_stack([R, g]), delimiter=",")
    result = run(load_config(path))
    band = correction_band(result, 0.95)
    r = band["r"].values
    inside = (band["lower"] <= harder(r)) & (harder(r) <= band["upper"])
    factor = float(result["correction_evidence"]["log_bayes_factor"])
    return float(inside[(r > 2.95) & (r < 3.3)].mean()), factor


def test_a_core_that_is_off_is_found(tmp_path, few_fluids) -> None:
    """By what its reference's distances and energies may be off; without that, the control, not.

    What a file of g(r) is allowed, smoothing above all, is allowed here.
    """
    with few_fluids():
        (tmp_path / "free").mkdir()
        (tmp_path / "rigid").mkdir()
        held, factor = core_held(tmp_path / "free", "")
        lost, _ = core_held(tmp_path / "rigid", RIGID)
    assert held > 0.9
    assert factor > 100.0
    assert lost < 0.1
