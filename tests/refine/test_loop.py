"""The loop's own laws, on an engine and a rule simple enough to foresee, and on real ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.protocol import Configuration, Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.engine.traits import Traits
from sopr_uq.errors import SimulationFailed
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.journal import InMemory, Iteration
from sopr_uq.refine.loop import ADVICE, Refinement, refine
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.refine.sopr import Sopr


@dataclass
class Foreseeable:
    """An engine that only remembers; it fails where v at the well is below ``deepest``."""

    deepest: float = -np.inf
    calls: list[dict] = field(default_factory=list)
    traits: Traits = field(default_factory=lambda: Traits(boxed=False, concurrent=False))
    name: str = "foreseeable"

    def run(self, setup, *, progress=None) -> Simulation:
        depth = float(setup.in_order[0].v.min())
        self.calls.append({"depth": depth, "seed": setup.seed, "start": setup.start})
        if depth < self.deepest:
            raise SimulationFailed(f"phase-separated at {depth:.3f}")
        r, rng = np.arange(0.5, 9.0), np.random.default_rng(setup.seed)
        end = Configuration(rng.random((3, 3)), rng.random((3, 3)), 10.0)
        series = [
            Series.exact("g A-A", r, rng.random(r.size), "1"),
            Series.number("pressure", 0.0, "MPa"),
            Series.number("energy", 0.0, "kcal/mol"),
        ]
        return Simulation(
            named(series), end, (3,), steps=1, seconds=0.0, rdf_seconds=0.0, engine="foreseeable"
        )


@dataclass(frozen=True)
class Deeper:
    """A rule that makes the potential deeper by a tenth, and is content after some steps.

    A round are its best guess and others that are so many times as deep.
    """

    problem: Problem
    content_after: int = 10**6
    factor: float = 1.1
    others: tuple[float, ...] = ()
    doubt: str = ""
    misfits: tuple[float, ...] = (1.0, 0.5, 0.3, 0.2)
    seen: list = field(default_factory=list)
    name: str = "deeper"

    def _round(self, best: np.ndarray) -> np.ndarray:
        return np.array([best, *(share * best for share in self.others)])

    def init(self) -> RuleState:
        return RuleState(0, self._round(self.problem.reference.energy(self.problem.r)))

    def step(self, past, runs) -> tuple[RuleState, StepInfo]:
        self.seen.append((len(past), runs))
        number = past[-1].iteration + 1
        misfit = self.misfits[number - 1]
        info = StepInfo(misfit, 0.0, 0.0, number >= self.content_after, self.doubt)
        return RuleState(number, self._round(self.factor * past[-1].potential)), info


@dataclass
class Attentive:
    """A watcher that takes notes and can pull the plug."""

    kill_after: int = 10**6
    notes: list = field(default_factory=list)

    def begin(self, r: np.ndarray) -> None:
        self.notes.append(("begin", r.size))

    def simulating(self, iteration: int, fraction: float) -> None:
        self.notes.append((iteration, fraction))

    def done(self, iteration: Iteration) -> None:
        self.notes.append("done")
        if iteration.state.iteration >= self.kill_after:
            raise KeyboardInterrupt


@pytest.fixture
def problem(liquid) -> Problem:
    return liquid.problem(max_iterations=4)


def test_patience_ends_at_max_iterations(problem) -> None:
    done = refine(Deeper(problem), Foreseeable())
    assert (done.outcome, len(done.iterations)) == ("max_iterations", 4)
    assert done.message == ADVICE["max_iterations"]
    assert "max_iterations" in done.message
    assert [i.state.iteration for i in done.iterations] == [1, 2, 3, 4]
    assert done.state is done.iterations[-1].state
    for i, each in enumerate(done.iterations):
        simulated = problem.reference.energy(problem.r) * 1.1**i
        np.testing.assert_allclose(each.potential, simulated)


def test_it_stops_when_the_rule_is_content(problem) -> None:
    engine = Foreseeable()
    done = refine(Deeper(problem, content_after=2), engine)
    assert (done.outcome, len(done.iterations), len(engine.calls)) == ("converged", 2, 2)
    journal = InMemory(list(done.iterations))
    again = refine(Deeper(problem, content_after=2), engine, journal)
    assert len(engine.calls) == 2, "what is finished is not done again"
    assert again.outcome == "converged"


def test_warm_starts_pass_the_configuration_on(problem) -> None:
    engine = Foreseeable()
    done = refine(Deeper(problem), engine)
    starts = [call["start"] for call in engine.calls]
    assert starts[0] is None
    for start, before in zip(starts[1:], done.iterations, strict=False):
        assert start is before.simulations[0].configuration
    cold = replace(problem, settings=problem.settings.model_copy(update={"warm_start": False}))
    engine = Foreseeable()
    refine(Deeper(cold), engine)
    assert [call["start"] for call in engine.calls] == [None] * 4
    assert len({call["seed"] for call in engine.calls}) == 4


def test_every_sample_is_simulated_and_progress_is_whole(problem) -> None:
    two = replace(problem, liquids=problem.liquids * 2)
    engine, watcher = Foreseeable(), Attentive()
    done = refine(Deeper(two, content_after=1), engine, watcher=watcher)
    assert len(done.iterations[0].simulations) == 2
    assert engine.calls[0]["seed"] != engine.calls[1]["seed"]
    steps = [(0, 0.5), (0, 1.0)]
    assert watcher.notes == [("begin", problem.r.size), *steps, "done"]


def test_it_steps_back_from_a_potential_that_fails(problem) -> None:
    """Half way to the last good one, as often as it takes, three times at most."""
    good = float(problem.reference.energy(problem.r).min())
    engine = Foreseeable(deepest=1.3 * good)
    done = refine(Deeper(problem, content_after=2, factor=2.0), engine)
    depths = [call["depth"] / good for call in engine.calls]
    np.testing.assert_allclose(depths, [1.0, 2.0, 1.5, 1.25])
    assert done.outcome == "converged"
    np.testing.assert_allclose(done.iterations[1].potential, 1.25 * done.iterations[0].potential)


def test_a_run_that_fails_is_recorded_and_the_others_are_used(problem) -> None:
    good = float(problem.reference.energy(problem.r).min())
    rule = Deeper(problem, content_after=1, others=(3.0, 0.5))
    done = refine(rule, Foreseeable(deepest=2.0 * good))
    (iteration,) = done.iterations
    assert [run.failed for run in iteration.runs] == [False, True, False]
    assert "phase-separated" in iteration.runs[1].message
    assert rule.seen[0][1] is iteration.runs
    np.testing.assert_array_equal(iteration.potential, rule.init().potential)
    # where the best guess itself fails the next good one leads
    deep = Deeper(problem, content_after=1, others=(0.3,))
    (iteration,) = refine(deep, Foreseeable(deepest=0.5 * good)).iterations
    assert [run.failed for run in iteration.runs] == [True, False]
    np.testing.assert_array_equal(iteration.potential, 0.3 * deep.init().potential)


def test_a_potential_is_lost_where_one_of_its_states_is(problem) -> None:
    """What was simulated of it at the other states says nothing by itself."""
    two = replace(problem, liquids=problem.liquids * 2)
    rule = Deeper(two, content_after=1, others=(0.5,))
    engine = Foreseeable()
    once = engine.run

    def fail_third(setup, progress=None):
        if len(engine.calls) == 2:
            engine.calls.append({})
            raise SimulationFailed("frozen")
        return once(setup, progress=progress)

    engine.run = fail_third
    (iteration,) = refine(rule, engine).iterations
    assert [len(run.simulations) for run in iteration.runs] == [2, 0]
    assert iteration.runs[1].message == "frozen"


def test_when_all_runs_fail_all_proposals_step_back(problem) -> None:
    """Towards the last potential that could be simulated, a half at a time."""
    good = float(problem.reference.energy(problem.r).min())
    engine = Foreseeable(deepest=1.3 * good)
    rule = Deeper(problem, content_after=2, factor=3.0, others=(1.2,))
    done = refine(rule, engine)
    depths = [call["depth"] / good for call in engine.calls]
    # 3 and 3.6; (3 + 1)/2 and (3.6 + 1)/2; and so on until one of both is no deeper than 1.3
    np.testing.assert_allclose(depths, [1.0, 1.2, 3.0, 3.6, 2.0, 2.3, 1.5, 1.65, 1.25, 1.325])
    assert done.outcome == "converged"
    assert [run.failed for run in done.iterations[1].runs] == [False, True]
    # what the rule steps from is what was simulated
    np.testing.assert_allclose(done.state.potential, 3.0 * done.iterations[1].potential)


@pytest.mark.parametrize("misfits", [(1.0, 0.1, 5.0, 0.1), (np.nan, 0.1, np.nan, 0.1)])
def test_it_steps_back_towards_the_best_round(problem, misfits) -> None:
    """Not to the last, which may have been on the way out."""
    good = float(problem.reference.energy(problem.r).min())
    engine = Foreseeable(deepest=1.5 * good)
    done = refine(Deeper(problem, content_after=4, factor=1.2, misfits=misfits), engine)
    depths = [call["depth"] / good for call in engine.calls]
    np.testing.assert_allclose(depths, [1.0, 1.2, 1.44, 1.728, 0.5 * (1.728 + 1.2)])
    assert done.outcome == "converged"


def test_rules_see_all_states_so_far(problem) -> None:
    rule = Deeper(problem)
    done = refine(rule, Foreseeable())
    assert [count for count, _ in rule.seen] == [1, 2, 3, 4]
    assert [state.iteration for state in done.past] == [1, 2, 3, 4]


def test_an_answer_that_is_doubted_at_the_end_is_doubtful(problem) -> None:
    done = refine(Deeper(problem, doubt="too few agree"), Foreseeable())
    assert (done.outcome, done.message) == ("doubtful", "too few agree")
    # a rule that is content has no doubt that counts
    content = refine(Deeper(problem, content_after=2, doubt="too few agree"), Foreseeable())
    assert content.outcome == "converged"


def test_it_gives_up_with_the_last_good_result(problem) -> None:
    good = float(problem.reference.energy(problem.r).min())
    engine = Foreseeable(deepest=1.05 * good)
    done = refine(Deeper(problem, factor=3.0), engine)
    assert (done.outcome, len(done.iterations)) == ("simulation_failed", 1)
    assert "phase-separated" in done.message
    assert len(engine.calls) == 1 + 4


def test_a_start_that_fails_is_an_error(problem) -> None:
    with pytest.raises(SimulationFailed, match="phase-separated"):
        refine(Deeper(problem), Foreseeable(deepest=0.0))


def everything(done: Refinement) -> list[np.ndarray]:
    """All numbers of a refinement but its times."""
    arrays = []
    for each in done.iterations:
        arrays += [each.potential, each.state.proposals, *each.state.memory.values()]
        for run in each.runs:
            arrays += [run.potential, *(s.g_blocks for s in run.simulations)]
            arrays += [np.array(s.pressure) for s in run.simulations]
        arrays += [np.array([each.info.misfit, each.info.noise]), *each.info.values.values()]
    return arrays


@pytest.mark.parametrize("after", [1, 2])
def test_a_killed_run_ends_like_an_undisturbed_one(liquid, tmp_path: Path, after: int) -> None:
    """Bit for bit, with sampling noise, an inferred noise level and files in between."""
    noisy = replace(liquid, engine=replace(liquid.engine, sampling_error=0.01))
    data = noisy.measured(noisy.table(noisy.truth), 0.01, seed=1)
    settings = {"max_iterations": 4, "chains": 1, "tune": 100, "draws": 50, "tolerance": 1e-9}
    settings |= {"round_size": 2}
    rule = Sopr(noisy.problem(data, stop="published", **settings))
    undisturbed = refine(rule, noisy.engine)
    folder = Folder(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        refine(rule, noisy.engine, folder, Attentive(kill_after=after))
    assert len(folder.load()) == after
    resumed = refine(Sopr(rule.problem), noisy.engine, Folder(tmp_path))
    assert len(folder.load()) == 4
    for a, b in zip(everything(undisturbed), everything(resumed), strict=True):
        assert a.tobytes() == b.tobytes()
    draws = [rule.posterior(done.past) for done in (undisturbed, resumed)]
    assert draws[0].identical(draws[1])
    # negative control: another seed is another run
    other = refine(Sopr(replace(rule.problem, seed=2)), noisy.engine)
    assert everything(other)[0].tobytes() == everything(undisturbed)[0].tobytes()
    assert everything(other)[1].tobytes() != everything(undisturbed)[1].tobytes()
