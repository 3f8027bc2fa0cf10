"""What every rule must do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Engine, Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import residual
from sopr_uq.refine.round import Run
from sopr_uq.refine.rule import Rule, RuleState, StepInfo
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.testing.require import require, require_same, require_shape

_STATE = StatePoint(120.0, 0.018, 39.948)
_REFERENCE = lennard_jones(3.35, 0.26)
_R = np.arange(2.8, 12.0, 0.05)
_ERROR = 0.01
"""Of g: data known without error leave samplers a density as narrow as rounding."""
_BANDS = ("posterior", "smoothing", "none")


def solved_problem(engine: Engine, settings: Mapping[str, Any] | None = None) -> Problem:
    """Return a problem that is solved: its data are what its start gives.

    Parameters
    ----------
    engine : Engine
        An exact one.
    settings : mapping, optional
        Of ``[refine]``.
    """
    given = RefineSettings(**{"fit_level": False, **(settings or {})})
    blank = Observation("g", _R, np.ones(_R.size))
    empty = Problem((Liquid(_STATE, (blank,)),), _REFERENCE, given)
    start = Tabulated(empty.r, _REFERENCE.energy(empty.r))
    simulation = engine.run(Setup.of(start, _STATE, seed=1))
    seen = residual(simulation, start, _STATE, blank)
    error = np.full(seen.r.size, _ERROR)
    measured = Observation("g", seen.r, seen.simulated, error=error)
    return Problem((Liquid(_STATE, (measured,)),), _REFERENCE, given)


def check_rule(
    make: Callable[[Problem], Rule],
    *,
    settings: Mapping[str, Any] | None = None,
    tolerance: float = 1e-9,
) -> RuleState:
    """Check a rule on a problem that is solved already.

    Steps are pure: the same states and runs give the same next state, and are left as they were.
    The right potential is a fixed point. What is returned at the end has the shapes of a result.

    Parameters
    ----------
    make : callable
        Problem in, rule out: its class.
    settings : mapping, optional
        Keys of ``[refine]``, such as ``chains`` and ``draws``.
    tolerance : float
        How far a step may move the right potential over its well, in k_B T.

    Returns
    -------
    RuleState
        After one step, for further checks.

    Raises
    ------
    AssertionError
        With what is not as it must be.
    """
    engine = IntegralEquationEngine(EngineSettings(r_max=14.0))
    problem = solved_problem(engine, settings)
    rule, n = make(problem), problem.r.size
    require(rule.name and rule.problem is problem, "a name, and the problem it was made for")
    require(rule.band in _BANDS, f"a band among {', '.join(_BANDS)}", rule.band)
    kinds = ", ".join(rule.kinds)
    require(rule.kinds and set(rule.kinds) <= set(KINDS), f"kinds among {', '.join(KINDS)}", kinds)
    start = rule.init()
    _check_state(start, 0, n)
    require_same(rule.init().proposals, start.proposals, "the same beginning every time")
    runs = [_run(engine, problem, v) for v in start.proposals]
    past, kept = [start], deepcopy((start.proposals, dict(start.memory)))
    state, info = rule.step(past, runs)
    _check_step(state, info, n)
    again, _ = rule.step(past, runs)
    require_same(again.proposals, state.proposals, "the same step of the same states and runs")
    require(past == [start], "states that a step leaves as they were")
    require_same(start.proposals, kept[0], "proposals that a step leaves as they were")
    require(set(start.memory) == set(kept[1]), "a memory that a step leaves as it was")
    _check_fixed_point(rule, engine, tolerance)
    _check_end(rule, [state], n)
    return state


def _check_state(state: RuleState, iteration: int, n: int) -> None:
    require(state.iteration == iteration, f"iteration {iteration}", state.iteration)
    require_shape(state.proposals, (len(state.proposals), n), "proposals")
    require(len(state.proposals) > 0, "at least one proposal")
    for name, values in state.memory.items():
        require(
            isinstance(values, np.ndarray), f"an array in memory {name!r}", type(values).__name__
        )


def _check_step(state: RuleState, info: StepInfo, n: int) -> None:
    _check_state(state, 1, n)
    require(info.misfit >= 0.0, "a misfit that is not negative", info.misfit)
    require(isinstance(info.converged, bool), "converged as a bool", type(info.converged).__name__)


def _run(engine: Engine, problem: Problem, v: np.ndarray) -> Run:
    return Run(v, (engine.run(Setup.of(Tabulated(problem.r, v), _STATE, seed=1)),))


def _check_fixed_point(rule: Rule, engine: Engine, tolerance: float) -> None:
    """With the right potential alone as its round a step stays there."""
    start, problem = rule.init(), rule.problem
    right = problem.first.energy(problem.r)
    state, _ = rule.step([start], [_run(engine, problem, right)])
    well = (problem.r > _REFERENCE.sigma) & (problem.r < 2.0 * _REFERENCE.sigma)
    moved = _STATE.beta * float(np.max(np.abs(state.potential - right)[well]))
    require(
        moved <= tolerance,
        f"a right potential moved by {tolerance:g} k_B T at most",
        f"{moved:.2g}",
    )


def _check_end(rule: Rule, past: list[RuleState], n: int) -> None:
    posterior = rule.posterior(past)
    potential = posterior["potential"]
    dims = ("chain", "draw", "r")
    require(potential.dims == dims, f"a potential over {dims}", potential.dims)
    require_shape(potential.values, (*potential.shape[:2], n), "draws of the potential")
    for name, dataset in rule.conclude(past, posterior).items():
        require(hasattr(dataset, "data_vars"), f"a Dataset as group {name}", type(dataset).__name__)
