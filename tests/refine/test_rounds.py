"""Rounds: replicas, the same wherever they are made, and none made twice."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.protocol import Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.executor import InTurn, Processes
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.ibi import Ibi
from sopr_uq.refine.loop import Refinement, refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, good, leading, pooled
from sopr_uq.refine.sopr import Sopr

pytestmark = pytest.mark.usefixtures("short_grid")

GIVEN = {"width": 0.1, "length": 0.7, "noise": 0.005}
NEWTON = {"rule": "newton", "round_size": 2, "max_iterations": 2}


@pytest.fixture(scope="module")
def noisy(liquid):
    """The liquid with sampling errors, 20 blocks a simulation."""
    return replace(liquid, engine=replace(liquid.engine, sampling_error=0.02))


def test_replicas_are_one_long_simulation(noisy) -> None:
    """Blocks one after the other, the mean of means, and what they took added up."""
    each = [noisy.run(noisy.truth, seed) for seed in (1, 2, 3)]
    one = pooled(each)
    np.testing.assert_array_equal(one.g_blocks, np.concatenate([s.g_blocks for s in each]))
    np.testing.assert_allclose(one.g, one.g_blocks.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(one.pressure, one.pressure_blocks.mean())
    np.testing.assert_allclose(one.energy, np.mean([s.energy for s in each]))
    assert one.seconds == pytest.approx(sum(s.seconds for s in each))
    assert one.steps == sum(s.steps for s in each)
    assert pooled(each[:1]) is each[0]


def test_pooling_takes_the_root_of_their_number_off_the_error(noisy) -> None:
    """Scatter of four pooled replicas about the exact g, against that of single ones.

    Mean squares over some 500 bins; bins of one run are independent, so that their ratio
    is known to 9 %: 0.75 to 1.35 holds it but for one case in 1000. Single simulations,
    the negative control, are outside.
    """
    exact = replace(noisy, engine=replace(noisy.engine, sampling_error=0.0)).run(noisy.truth)
    seen = exact.g > 0.1
    four = pooled([noisy.run(noisy.truth, seed) for seed in range(1, 5)])
    single = noisy.run(noisy.truth, 9)
    found = {}
    for name, run in (("four", four), ("single", single)):
        square = np.mean((run.g - exact.g)[seen] ** 2 / exact.g[seen])
        found[name] = 4 * square / 0.02**2
        np.testing.assert_allclose(
            np.mean(run.g_error[seen] ** 2 / exact.g[seen]), square, rtol=0.35
        )
    assert 0.75 < found["four"] < 1.35
    assert found["single"] > 1.35


def test_the_leading_run_pools_its_own_replicas_alone(noisy) -> None:
    table = noisy.table(noisy.truth)
    runs = [
        Run(2 * table.v, (), "exploded"),
        Run(table.v, (noisy.run(table, 1),)),
        Run(1.1 * table.v, (noisy.run(table, 2),)),
        Run(table.v, (noisy.run(table, 3),)),
    ]
    found = leading(runs)
    np.testing.assert_array_equal(found.potential, table.v)
    assert len(found.simulations[0].pressure_blocks) == 2 * len(
        runs[1].simulations[0].pressure_blocks
    )


@pytest.mark.parametrize(("rule", "settings"), [(Ibi, {}), (Sopr, GIVEN)], ids=["ibi", "sopr"])
def test_a_step_from_replicas_is_that_from_one_long_simulation(noisy, rule, settings) -> None:
    data = noisy.measured(noisy.truth, 0.01, seed=1)
    made = rule(noisy.problem(data, **settings, round_size=3))
    start = made.init()
    assert start.proposals.shape[0] == 3
    table = noisy.table(noisy.reference)
    each = [noisy.run(table, seed) for seed in (1, 2, 3)]
    several, _ = made.step([start], [Run(start.potential, (s,)) for s in each])
    one, _ = made.step([start], [Run(start.potential, (pooled(each),))])
    np.testing.assert_array_equal(several.proposals, one.proposals)


@dataclass(frozen=True)
class Counting:
    """An engine that counts what it is asked, and can be unplugged before some simulation."""

    engine: IntegralEquationEngine
    seeds: list = field(default_factory=list)
    unplugged_at: int | None = None
    name: str = "counting"

    @property
    def traits(self):
        return self.engine.traits

    def run(self, setup, *, progress=None) -> Simulation:
        if len(self.seeds) == self.unplugged_at:
            raise KeyboardInterrupt
        self.seeds.append(setup.seed)
        return self.engine.run(setup, progress=progress)


@pytest.mark.parametrize("error", [0.0, 0.02])
def test_an_exact_engine_makes_replicas_once(liquid, error: float) -> None:
    engine = Counting(replace(liquid.engine, sampling_error=error))
    data = liquid.measured(liquid.truth, 0.01, seed=1)
    problem = liquid.problem(data, round_size=4, max_iterations=1)
    (iteration,) = refine(Ibi(problem), engine).iterations
    assert len(engine.seeds) == len(iteration.runs) == (4 if error else 1)
    assert len(set(engine.seeds)) == len(engine.seeds)
    # different potentials are all made
    engine.seeds.clear()
    settings = NEWTON | {"round_size": 4, "max_iterations": 1}
    refine(Newton(liquid.problem(data, **settings)), engine)
    assert len(engine.seeds) == 4


def numbers(iterations) -> list[bytes]:
    """All that was computed, without the times."""
    found = []
    for each in iterations:
        found += [each.state.proposals, *each.state.memory.values(), *each.info.values.values()]
        for run in each.runs:
            found += [run.potential]
            for simulation in run.simulations:
                found += [s.blocks for s in simulation.series.values()]
                found += [s.mean for s in simulation.series.values()]
    return [np.asarray(x).tobytes() for x in found]


@dataclass(frozen=True)
class Undisturbed:
    """A refinement that nobody has interrupted, and the seeds of its simulations in order."""

    problem: Problem
    refinement: Refinement
    seeds: list


@pytest.fixture(scope="module")
def undisturbed(noisy) -> Undisturbed:
    problem = noisy.problem(noisy.measured(noisy.truth, 0.01, seed=1), **NEWTON)
    engine = Counting(noisy.engine)
    return Undisturbed(problem, refine(Newton(problem), engine, executor=InTurn()), engine.seeds)


def test_rounds_are_the_same_wherever_they_are_made(noisy, undisturbed) -> None:
    """In turn, side by side in processes: bit for bit. Another seed is another refinement."""
    here, problem = undisturbed.refinement, undisturbed.problem
    with Processes(2) as executor:
        beside = refine(Newton(problem), noisy.engine, executor=executor)
    assert numbers(here.iterations) == numbers(beside.iterations)
    assert here.outcome == beside.outcome
    once = problem.settings.model_copy(update={"max_iterations": 1})
    other = refine(Newton(replace(problem, seed=2, settings=once)), noisy.engine)
    assert numbers(other.iterations) != numbers(here.iterations[:1])


def test_molecular_dynamics_is_the_same_wherever_it_is_made(liquid) -> None:
    settings = EngineSettings(
        name="lammps", particles=108, cutoff=7.0, thermalisation_steps=50, ramp_steps=50,
        equilibration_steps=50, production_steps=160, sample_every=20, blocks=4,
    )  # fmt: skip
    problem = liquid.problem(
        liquid.measured(liquid.truth, 0.01, seed=1), round_size=2, max_iterations=2, tolerance=1e-9
    )
    problem = replace(problem, cutoff=7.0)
    courses = []
    for executor in (InTurn(), Processes(2)):
        with executor:
            done = refine(Ibi(problem), LammpsEngine(settings), executor=executor)
        courses.append(numbers(done.iterations))
    assert courses[0] == courses[1]


@pytest.mark.parametrize("after", [1, 3])
def test_a_kill_in_the_middle_of_a_round_loses_no_simulation(
    noisy, undisturbed, tmp_path: Path, after: int
) -> None:
    """What had ended is not made again, and the refinement ends like an undisturbed one."""
    problem = undisturbed.problem
    first = Counting(noisy.engine, unplugged_at=after)
    with pytest.raises(KeyboardInterrupt):
        refine(Newton(problem), first, Folder(tmp_path))
    assert len(list(tmp_path.glob("*.simulation"))) == 1
    second = Counting(noisy.engine)
    resumed = refine(Newton(problem), second, Folder(tmp_path))
    assert first.seeds + second.seeds == undisturbed.seeds
    assert numbers(resumed.iterations) == numbers(undisturbed.refinement.iterations)
    assert not list(tmp_path.glob("*.simulation"))


def test_a_damaged_simulation_is_made_again_and_nothing_else(
    noisy, undisturbed, tmp_path: Path
) -> None:
    problem = undisturbed.problem
    with pytest.raises(KeyboardInterrupt):
        refine(Newton(problem), Counting(noisy.engine, unplugged_at=3), Folder(tmp_path))
    file = tmp_path / "0001-0.simulation"
    file.write_bytes(file.read_bytes()[:-1])
    again = Counting(noisy.engine)
    with pytest.warns(UserWarning, match=r"0001-0\.simulation.*simulated again"):
        resumed = refine(Newton(problem), again, Folder(tmp_path))
    assert again.seeds == undisturbed.seeds[2:]
    assert numbers(resumed.iterations) == numbers(undisturbed.refinement.iterations)


def test_a_file_holds_the_models_of_its_own_round_alone(noisy, tmp_path: Path) -> None:
    """Its size does not grow with the rounds."""
    problem = noisy.problem(
        noisy.measured(noisy.truth, 0.01, seed=1), **NEWTON | {"max_iterations": 3}
    )
    done = refine(Newton(problem), noisy.engine, Folder(tmp_path))
    sizes = [f.stat().st_size for f in sorted(tmp_path.glob("*.iteration"))]
    assert len(sizes) == len(done.iterations) == 3
    assert max(sizes) < 1.01 * sizes[0]  # less where a draw was no fluid
    for iteration in done.iterations:
        kept = {k: v for k, v in iteration.state.memory.items() if k.startswith("model_")}
        assert set(kept) <= {f"model_{f.name}" for f in fields(LinearModel)}
        assert {len(v) for v in kept.values()} == {len(good(iteration.runs))} <= {1, 2}
        assert "model_covariance" not in kept, "it follows from the blocks"


def test_state_points_are_simulated_side_by_side(noisy) -> None:
    """One simulation of each proposal at each of them, in one batch of tasks."""

    @dataclass(frozen=True)
    class Batches(InTurn):
        sizes: list = field(default_factory=list)

        def run(self, function, items, done=None):
            self.sizes.append(len(items))
            return super().run(function, items, done)

    hot = replace(noisy.state, temperature=160.0)
    problem = noisy.problem(noisy.measured(noisy.truth, 0.01, seed=1), **NEWTON)
    second = replace(problem.liquids[0], state=hot)
    problem = replace(problem, liquids=(*problem.liquids, second))
    executor = Batches()
    settings = problem.settings.model_copy(update={"max_iterations": 1})
    rule = Newton(replace(problem, settings=settings))
    (iteration,) = refine(rule, noisy.engine, executor=executor).iterations
    assert executor.sizes == [4]
    assert [len(run.simulations) for run in iteration.runs] == [2, 2]
