"""Several simulations at once: the same results, in order, wherever they were made."""

import subprocess
import sys

import numpy as np
import pytest

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.parallel import (
    default_workers,
    executor_for,
    run_tasks,
    single_threaded,
)
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.executor import InTurn
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones

STATE = StatePoint(150.0, 0.018, 39.948)
NOISY = IntegralEquationEngine(EngineSettings(particles=256, blocks=4), sampling_error=0.02)
TASKS = [Setup.of(lennard_jones(3.4, 0.2 + 0.01 * i), STATE, seed=i + 1) for i in range(2)]


@pytest.fixture(scope="module")
def beside():
    """Outcomes of a failing task and two good ones, side by side, and what was told of them."""
    told = {}
    inside_the_spinodal = Setup.of(lennard_jones(3.4, 0.9), STATE, seed=1)
    tasks = [inside_the_spinodal, *TASKS]
    return run_tasks(NOISY, tasks, workers=2, done=lambda i, o: told.update({i: o})), told


def test_processes_give_what_a_loop_gives_in_the_order_of_the_tasks(beside):
    alone = run_tasks(NOISY, TASKS, workers=1)
    for one, other in zip(alone, beside[0][1:], strict=True):
        assert np.array_equal(one.g_blocks, other.g_blocks)
        assert one.pressure == other.pressure
    assert alone[0].pressure != alone[1].pressure


def test_each_end_is_told_and_a_failure_stops_nobody(beside):
    found, told = beside
    assert isinstance(found[0], SimulationFailed)
    assert all(told[i] is found[i] for i in range(3))
    assert found[1].r.size == found[2].r.size


def test_molecular_dynamics_does_not_depend_on_its_neighbours():
    settings = EngineSettings(
        name="lammps", particles=108, cutoff=7.0, threads=2, thermalisation_steps=50,
        ramp_steps=50, equilibration_steps=50, production_steps=160, sample_every=20, blocks=4,
    )  # fmt: skip
    tasks = [Setup.of(lennard_jones(3.4, 0.2), STATE, seed=i) for i in (1, 2)]
    alone = run_tasks(make_engine(settings), tasks, workers=1)
    beside = run_tasks(make_engine(settings), tasks, workers=2)
    assert all(np.array_equal(a.g, b.g) for a, b in zip(alone, beside, strict=True))


def test_a_fault_of_the_input_is_raised_wherever_it_shows():
    too_long = LammpsEngine(EngineSettings(particles=108, cutoff=50.0))
    for workers in (1, 2):
        with pytest.raises(InputError, match="at most half the box"):
            run_tasks(too_long, TASKS[:2], workers=workers)


def test_instant_engines_run_in_turn_and_md_on_one_thread_each():
    assert default_workers(NOISY) == 1
    assert single_threaded(NOISY) is NOISY
    md = LammpsEngine(EngineSettings(threads=2))
    assert single_threaded(md).settings.threads == 1
    assert default_workers(md) >= 1
    assert isinstance(executor_for(NOISY), InTurn)
    assert executor_for(md, 3).workers == 3


def test_rounds_in_a_context_share_their_processes():
    with executor_for(NOISY, 2) as executor:
        rounds = [run_tasks(NOISY, TASKS, executor=executor) for _ in range(2)]
        assert len(executor._kept) == 2
    for one, other in zip(*rounds, strict=True):
        assert np.array_equal(one.g_blocks, other.g_blocks)


class Broken(IntegralEquationEngine):
    """An engine with a bug."""

    def run(self, *args, **keywords):
        return {}["missing"]


def test_a_bug_is_no_failed_simulation():
    with pytest.raises(KeyError, match="missing"):
        run_tasks(Broken(), TASKS, workers=1)


def test_a_script_without_a_guard_is_not_run_twice(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        f"with open({str(tmp_path / 'log')!r}, 'a') as log: log.write('once ')\n"
        "from sopr_uq.engine.integral_equation import IntegralEquationEngine\n"
        "from sopr_uq.engine.parallel import run_tasks\n"
        "from sopr_uq.engine.protocol import Setup\n"
        "from sopr_uq.experiment.state import StatePoint\n"
        "from sopr_uq.potentials import lennard_jones\n"
        "task = Setup.of(lennard_jones(3.4, 0.2), StatePoint(150.0, 0.01, 40.0), seed=1)\n"
        "assert len(run_tasks(IntegralEquationEngine(), [task, task], workers=2)) == 2\n"
    )
    subprocess.run([sys.executable, script], check=True)
    assert (tmp_path / "log").read_text() == "once "
