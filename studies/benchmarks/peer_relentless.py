"""relentless set up for one of our twins: its spline, simulation and optimiser.

From its documentation (relentless.readthedocs.io, "Minimizing the relative
entropy"): Langevin dynamics with friction 0.1, an ensemble average with g(r),
the intensive relative entropy, and the optimiser that the authors say they
prefer, steepest descent of fixed step with a line search. The line search's
numbers, knots and length of the step are ours: it gives none. The potential is
its spline in the default mode, with the differences of neighbouring knots as
variables, and beside it in the other mode, with their values, which did better
in trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sopr_uq.engine import lammps_dynamics as our_lammps
from sopr_uq.engine.plan import Plan
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_TIME

KNOTS = 23


@dataclass(frozen=True)
class Way:
    """How relentless is run.

    Parameters
    ----------
    mode : str
        What the variables of the spline are: ``diff`` or ``value``.
    optimiser : str
        Name of its class.
    step : float
        In its own units: for ``FixedStepDescent`` the length of a step in ε of
        the start.
    line_search : bool
        Whether a step is shortened where the gradient along it changes sign.
    longer : int
        How many times as long as ours its runs sample.
    """

    mode: str
    optimiser: str
    step: float
    line_search: bool
    longer: int = 1


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "differences": Way("diff", "FixedStepDescent", 0.1, line_search=True),
        "values": Way("value", "FixedStepDescent", 0.1, line_search=True),
        "values, longer runs": Way("value", "FixedStepDescent", 0.1, line_search=True, longer=4),
    }
)
LINE_SEARCH: Mapping[str, Any] = MappingProxyType({"tolerance": 0.5, "max_iter": 3})
_FIRST = 0.8
_FRICTION = 0.1
_BINS = 150
_PAIR = ("1", "1")


class Peer:
    """A relative-entropy minimisation by relentless.

    Units are σ, ε and mass of the start, as LAMMPS's style ``lj`` wants them.

    Parameters
    ----------
    problem : Problem
        A twin with its g(r).
    plan : Plan
        Our engine's run, whose start, time step, cut-off and lengths it shares.
    folder : Path
        For its files.
    way : Way
    """

    def __init__(self, problem: Problem, plan: Plan, folder: Path, way: Way) -> None:
        our_lammps._load()
        import relentless

        self._way = way
        self._relentless, self._plan = relentless, plan
        self.length, self.energy = problem.sigma, problem.epsilon
        self._stop = plan.cutoff / self.length
        self.spline = self._spline(problem)
        self._potentials = relentless.simulate.Potentials()
        self._potentials.pair = relentless.simulate.PairPotentialTabulator(
            self.spline, start=0.01, stop=self._stop, num=2_000, neighbor_buffer=0.2
        )
        self._target = self._measured(problem.liquids[0].observations[0])
        self._start = folder / "start.data"
        self._write_start()

    def potential(self) -> tuple[FloatArray, FloatArray]:
        """Return r in Å and the potential in kcal/mol, zero at the cut-off."""
        x = np.linspace(_FIRST, self._stop, 1_000)
        v = np.asarray(self._potentials.pair.energy(_PAIR, x))
        return x * self.length, v * self.energy

    def optimise(
        self, before: Callable[[], None], after: Callable[[FloatArray, FloatArray], None]
    ) -> None:
        """Minimise; the callables are called around every simulation and may raise.

        The second is given r in Å and g(r) of the simulation.
        """
        module, length, way = self._relentless.optimize, self.length, self._way
        average = self._relentless.simulate.EnsembleAverage(
            filename=None,
            every=self._plan.settings.sample_every,
            rdf={"stop": self._stop, "num": _BINS},
            assume_constraints=True,
        )

        class Watched(module.RelativeEntropy):  # type: ignore[misc]
            def compute(self, variables: Any, directory: Any = None) -> Any:
                before()
                return super().compute(variables, directory)

            def compute_gradient(self, ensemble: Any, variables: Any) -> Any:
                gradient = super().compute_gradient(ensemble, variables)
                table = np.asarray(ensemble.rdf[_PAIR].table)
                after(table[:, 0] * length, table[:, 1])
                return gradient

        variables = self.spline.design_variables
        getattr(module, way.optimiser)(
            stop=module.GradientTest(1e-8, variables),
            max_iter=1_000,
            step_size=way.step,
            line_search=module.LineSearch(**LINE_SEARCH) if way.line_search else None,
        ).optimize(Watched(self._target, self._simulation(average), self._potentials, average),
                   variables)  # fmt: skip

    @property
    def _temperature(self) -> float:
        return 1.0 / (self._plan.state.beta * self.energy)

    def _spline(self, problem: Problem) -> Any:
        spline = self._relentless.model.potential.PairSpline(
            types=("1",), num_knots=KNOTS, mode=self._way.mode
        )
        knots = np.linspace(_FIRST, self._stop, KNOTS)
        v = problem.reference.energy(knots * self.length)
        spline.from_array(_PAIR, knots, (v - v[-1]) / self.energy)
        return spline

    def _measured(self, observation: Observation) -> Any:
        """Return the measured ensemble: g(r) with zeros inside its first point."""
        model = self._relentless.model
        edge = self._plan.box_length / self.length
        ensemble = model.Ensemble(
            T=self._temperature,
            V=model.extent.Cube(edge),
            N={"1": self._plan.settings.particles},
        )
        r = observation.x / self.length
        inside = np.arange(0.5 * (r[1] - r[0]), r[0] - 0.5 * (r[1] - r[0]), r[1] - r[0])
        ensemble.rdf[_PAIR] = model.ensemble.RDF(
            np.concatenate([inside, r]),
            np.concatenate([np.zeros(inside.size), observation.value]),
        )
        return ensemble

    def _simulation(self, average: Any) -> Any:
        simulate, s = self._relentless.simulate, self._plan.settings
        reduced = self.length * np.sqrt(self._plan.state.mass / self.energy) * FS_PER_TIME
        common = {
            "timestep": self._plan.timestep / reduced,
            "T": self._temperature,
            "friction": _FRICTION,
        }
        run = simulate.RunLangevinDynamics
        operations = [
            run(steps=s.equilibration_steps, seed=2, **common),
            run(steps=s.production_steps, seed=3, analyzers=average, **common),
        ]
        start = simulate.InitializeFromFile(str(self._start))
        return _quick_lammps(simulate.LAMMPS)(start, operations, types={"1": 1})

    def _write_start(self) -> None:
        first = self._plan.first
        x = first.positions / self.length
        speed = np.sqrt(self.energy / self._plan.state.mass) / FS_PER_TIME
        v = first.velocities / speed
        lines = ["start", "", f"{len(x)} atoms", "1 atom types", ""]
        edge = first.box_length / self.length
        lines += [f"0 {edge:.15g} {a}lo {a}hi" for a in "xyz"]
        lines += ["", "Masses", "", "1 1.0", "", "Atoms # atomic", ""]
        lines += [f"{i} 1 {a!r} {b!r} {c!r}" for i, (a, b, c) in enumerate(x.tolist(), 1)]
        lines += ["", "Velocities", ""]
        lines += [f"{i} {a!r} {b!r} {c!r}" for i, (a, b, c) in enumerate(v.tolist(), 1)]
        self._start.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quick_lammps(kind: Any) -> Any:
    """Return its LAMMPS with the pair style that our engine uses, the quicker one."""

    class Quick(kind):  # type: ignore[misc]
        def _initialize_engine(self, sim: Any) -> None:
            super()._initialize_engine(sim)
            import lammps

            quiet = ["-echo", "none", "-log", "none", "-screen", "none", "-nocite"]
            sim["engine"]["_lammps"] = lammps.lammps(
                cmdargs=[*quiet, "-sf", "omp", "-pk", "omp", "1"]
            )

    return Quick
