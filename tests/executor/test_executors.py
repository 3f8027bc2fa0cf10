"""One checker for every executor: the same results, in order, once each, whatever dies.

The Dask cluster is a scheduler and two workers, started as processes of their
own by their command lines, on the loopback.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import Task, run_tasks
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.executor import DaskCluster, DaskHere, InTurn, Lost, Processes, cluster
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones

TASKS = '''
    """Tasks that a worker can import."""
    import os, signal
    from pathlib import Path
    from sopr_uq.errors import InputError

    def square(x):
        return x * x

    def log_and_die_once(place):
        """Leave a mark; on the first attempt, kill what is told to be killed."""
        mark, victim = Path(place[0]), place[1]
        attempts = len(mark.read_text()) if mark.exists() else 0
        with mark.open("a") as log:
            log.write("x")
        if attempts == 0 and victim:
            os.kill(os.getpid() if victim == "task" else os.getppid(), signal.SIGKILL)
        return mark.name

    def die(x):
        os._exit(7)

    def fault(x):
        raise InputError("here", "something", "nothing")

    def threads(x):
        import numpy, threadpoolctl
        numpy.eye(3) @ numpy.eye(3)
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
'''


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """A module of tasks on the path of this process and of its workers."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "tasks_of_a_test.py").write_text(textwrap.dedent(TASKS))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import tasks_of_a_test

        yield tasks_of_a_test


@pytest.fixture(scope="module")
def dask(tasks, tmp_path_factory):
    """The scheduler file of a running cluster."""
    folder = tmp_path_factory.mktemp("dask")
    file, log = folder / "scheduler.json", (folder / "log").open("w")
    place = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    more = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(tasks.__file__).parent)}

    def start(*command):
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command, *place],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip

    scheduler = start("scheduler", "--port", "0")
    while not file.exists():
        assert scheduler.poll() is None
        time.sleep(0.05)
    worker = start("worker", *more)
    yield str(file)
    for process in (worker, scheduler):
        process.terminate()
        process.wait(20)
    log.close()


@pytest.fixture(params=["in turn", "processes", "dask"])
def executor(request):
    if request.param == "dask":
        return DaskCluster(request.getfixturevalue("dask"), certain=True)
    return {"in turn": InTurn(), "processes": Processes(2)}[request.param]


def test_results_come_in_the_order_of_the_items_and_are_told_once(executor, tasks):
    told = []
    results = executor.run(tasks.square, [3, 1, 2], lambda i, r: told.append((i, r)))
    assert results == [9, 1, 4]
    assert sorted(told) == [(0, 9), (1, 1), (2, 4)]
    assert executor.run(tasks.square, []) == []


def test_a_fault_of_the_input_comes_through(executor, tasks):
    with pytest.raises(InputError, match="here: expected something; found nothing"):
        executor.run(tasks.fault, [1, 2])


def test_molecular_dynamics_is_the_same_whatever_the_executor(executor):
    settings = EngineSettings(
        name="lammps", particles=108, cutoff=7.0, thermalisation_steps=50,
        ramp_steps=50, equilibration_steps=50, production_steps=160, sample_every=20, blocks=4,
    )  # fmt: skip
    state = StatePoint(150.0, 0.018, 39.948)
    wanted = [Task(lennard_jones(3.4, 0.2 + 0.01 * i), state, seed=i + 1) for i in range(2)]
    alone = run_tasks(make_engine(settings), wanted, workers=1)
    beside = run_tasks(make_engine(settings), wanted, executor=executor)
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(one.g_blocks, other.g_blocks)
        assert one.pressure == other.pressure
    assert alone[0].pressure != alone[1].pressure


@pytest.fixture(params=["processes", "dask"])
def apart(request):
    """The executors whose tasks have processes of their own."""
    if request.param == "dask":
        return DaskCluster(request.getfixturevalue("dask"), certain=True)
    return Processes(2)


def test_each_task_has_one_thread(apart, tasks):
    found = apart.run(tasks.threads, [0, 1])
    assert all(numbers and set(numbers) == {1} for numbers in found)


def test_a_task_whose_process_is_killed_is_done_again_and_counts_once(apart, tasks, tmp_path):
    places = [(str(tmp_path / "a"), "task"), (str(tmp_path / "b"), ""), (str(tmp_path / "c"), "")]
    told = []
    results = apart.run(tasks.log_and_die_once, places, lambda i, r: told.append(i))
    assert results == ["a", "b", "c"]
    assert sorted(told) == [0, 1, 2]
    assert [(tmp_path / name).read_text() for name in "abc"] == ["xx", "x", "x"]


def test_a_killed_dask_worker_loses_and_doubles_nothing(dask, tasks, tmp_path):
    places = [(str(tmp_path / "a"), "worker"), (str(tmp_path / "b"), "")]
    told = []
    executor = DaskCluster(dask, certain=True)
    results = executor.run(tasks.log_and_die_once, places, lambda i, r: told.append(i))
    assert results == ["a", "b"]
    assert sorted(told) == [0, 1]
    assert (tmp_path / "a").read_text() == "xx"


def test_a_task_that_always_kills_its_process_is_lost_and_stops_nobody(tasks):
    (lost,) = Processes(1).run(tasks.die, [0])
    assert lost == Lost("exit code 7, without a word")
    assert "begun 3 times" in lost.message

    class Losing:
        def run(self, function, items, done=None):
            return [lost for _ in items]

    task = Task(lennard_jones(3.4, 0.2), StatePoint(150.0, 0.018, 39.948), seed=1)
    (outcome,) = run_tasks(make_engine(EngineSettings(name="dilute")), [task], executor=Losing())
    assert isinstance(outcome, SimulationFailed)
    assert "exit code 7" in str(outcome)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "no.json"])
def test_an_address_without_a_scheduler_is_named(address, monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with pytest.raises(InputError, match=r"--scheduler: expected .*scheduler"):
        DaskCluster(address).check()


def test_a_cluster_of_ones_own(tasks):
    assert DaskHere(2).run(tasks.square, [2, 3]) == [4, 9]
