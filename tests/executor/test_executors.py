"""One checker for every executor: the same results, in order, once each, whatever dies.

The Dask cluster is a scheduler and two workers, started as processes of their
own by their command lines, on the loopback.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, SimulationFailed, SoprUqError
from sopr_uq.executor import DaskCluster, DaskHere, InTurn, Lost, Processes, cluster
from sopr_uq.executor.interpreter import Interpreter
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

    class Odd(Exception):
        """One that pickle cannot put together again."""
        def __init__(self, place, number):
            self.number = number
            super().__init__(f"{place} is wrong")

    class Closed(Exception):
        """One that cannot be sent at all."""
        def __init__(self, words):
            import threading
            self.lock = threading.Lock()
            super().__init__(words)

    def bug(mark):
        """Leave a mark at each attempt, and fail."""
        with Path(mark).open("a") as log:
            log.write("x")
        return {}["missing"]

    def odd(x):
        raise Odd("it", x)

    def closed(x):
        raise Closed("nothing to see")

    def number_of_process(x):
        return os.getpid()

    def sleep_or_fail(x):
        import time
        time.sleep(x)
        return {}["missing"]

    def sleep(x):
        import time
        time.sleep(x)
        return x

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


def test_a_bug_is_raised_once_with_its_type_and_is_tried_once(executor, tasks, tmp_path):
    with pytest.raises(KeyError, match="missing"):
        executor.run(tasks.bug, [tmp_path / "mark"])
    assert (tmp_path / "mark").read_text() == "x"
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        executor.run(math.sqrt, [-1.0])


def test_an_error_keeps_its_type_however_it_is_made(executor, tasks):
    with pytest.raises(tasks.Odd, match="it is wrong") as caught:
        executor.run(tasks.odd, [7])
    assert caught.value.number == 7


def test_a_context_gives_the_same_again_and_again(executor, tasks):
    with executor as kept, kept:
        for _ in range(2):
            assert kept.run(tasks.square, [3, 1, 2]) == [9, 1, 4]
    assert executor.run(tasks.square, [4]) == [16]


def test_molecular_dynamics_is_the_same_whatever_the_executor(executor):
    settings = EngineSettings(
        name="lammps", particles=108, cutoff=7.0, thermalisation_steps=50,
        ramp_steps=50, equilibration_steps=50, production_steps=160, sample_every=20, blocks=4,
    )  # fmt: skip
    state = StatePoint(150.0, 0.018, 39.948)
    wanted = [Setup.of(lennard_jones(3.4, 0.2 + 0.01 * i), state, seed=i + 1) for i in range(2)]
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


def test_the_traceback_of_the_worker_is_a_note(apart, tasks, tmp_path):
    with pytest.raises(KeyError) as caught:
        apart.run(tasks.bug, [tmp_path / "mark"])
    (note,) = caught.value.__notes__
    assert "tasks_of_a_test.py" in note
    assert 'return {}["missing"]' in note
    with pytest.raises(RuntimeError, match="Closed: nothing to see"):
        apart.run(tasks.closed, [1])


def test_what_cannot_be_sent_is_an_error_of_its_own_type(apart, tasks):
    with pytest.raises(TypeError, match="pickle"):
        apart.run(tasks.square, [threading.Lock()])


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


def test_a_task_that_always_kills_its_process_is_lost_and_stops_nobody(apart, tasks):
    (lost,) = apart.run(tasks.die, [0])
    assert lost == Lost("exit code 7, without a word")
    assert "begun 3 times" in lost.message

    class Losing:
        def run(self, function, items, done=None):
            return [lost for _ in items]

    task = Setup.of(lennard_jones(3.4, 0.2), StatePoint(150.0, 0.018, 39.948), seed=1)
    (outcome,) = run_tasks(make_engine(EngineSettings(name="dilute")), [task], executor=Losing())
    assert isinstance(outcome, SimulationFailed)
    assert "exit code 7" in str(outcome)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "no.json"])
def test_an_address_without_a_scheduler_is_named(address, monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with pytest.raises(InputError, match=r"^scheduler: expected .*scheduler"):
        DaskCluster(address).check()


def test_a_cluster_of_ones_own(tasks):
    with DaskHere(1) as executor:
        first = executor.run(tasks.number_of_process, [2, 3])
        assert executor.run(tasks.number_of_process, [4]) == first[:1]
    assert len(set(first)) == 1


def test_processes_stay_within_a_context_and_end_with_it(tasks):
    with Processes(1) as executor:
        (first,) = executor.run(tasks.number_of_process, [0])
        (again,) = executor.run(tasks.number_of_process, [0])
        assert again == first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    (other,) = executor.run(tasks.number_of_process, [0])
    assert other != first


def test_after_an_error_a_context_has_none_of_the_other_tasks_left(tasks):
    with Processes(2) as executor:
        before = time.monotonic()
        with pytest.raises(KeyError):
            executor.run(tasks.sleep_or_fail, [0.0, 60.0])
        assert executor.run(tasks.square, [3, 2]) == [9, 4]
        assert time.monotonic() - before < 40.0


def test_closing_while_another_thread_waits_leaves_no_error_behind(tasks):
    """Nine of sixty did: the closing thread took the pipes from under the waiting one."""
    seen = []
    for number in range(60):
        interpreter = Interpreter()

        def wait(interpreter=interpreter):
            try:
                interpreter.call(tasks.sleep, 30.0)
            except BaseException as error:
                seen.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.0005 * number)
        interpreter.close()
        thread.join(20.0)
        assert not thread.is_alive()
        assert interpreter._process is None
    assert {(type(e), str(e)) for e in seen} == {(SoprUqError, "this interpreter was closed")}
    assert len(seen) == 60


SCRIPT = """
import numpy as np
from dataclasses import dataclass
with open({log!r}, "a") as log:
    log.write("once ")
from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup
from sopr_uq.executor import DaskCluster, Processes
from sopr_uq.experiment.state import StatePoint
from a_neighbour import DEPTH

class TooSoft(Exception):
    pass

@dataclass(frozen=True)
class Gaussian:
    depth: float
    def energy(self, r):
        if self.depth < 0:
            raise TooSoft(f"depth {{self.depth}}")
        return DEPTH * self.depth * np.exp(-r * r / 10.0)
    def force(self, r):
        return self.energy(r) * r / 5.0

class Mine(DiluteEngine):
    name = "mine"
    def run(self, setup, **more):
        assert isinstance(setup.in_order[0], Gaussian)
        return super().run(setup, **more)

state = StatePoint(150.0, 0.001, 40.0)
executor = {executor}
def make(*depths):
    tasks = [Setup.of(Gaussian(d), state, seed=1) for d in depths]
    return run_tasks(Mine(), tasks, executor=executor)
one, other = make(0.1, 0.2)
assert one.g[0] > other.g[0]
assert one.engine.startswith("mine")
try:
    make(-1.0)
except TooSoft as error:
    assert "in energy" in error.__notes__[0]
else:
    raise AssertionError
"""


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_engines_and_potentials_of_a_script_reach_the_workers(request, kind, tmp_path):
    """As those of a notebook do, which has its own folder on no path but the empty one."""
    file = str(request.getfixturevalue("dask")) if kind == "dask" else ""
    executor = f"DaskCluster({file!r}, certain=True)" if file else "Processes(2)"
    script = SCRIPT.format(log=str(tmp_path / "log"), executor=executor)
    if kind == "dask":
        script = script.replace("from a_neighbour import DEPTH", "DEPTH = 1.0")
    (tmp_path / "a_neighbour.py").write_text("DEPTH = 1.0\n")
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert (tmp_path / "log").read_text() == "once "


def test_a_dask_worker_with_other_code_is_refused(dask, tasks, monkeypatch):
    monkeypatch.setattr(cluster, "code", lambda: "0.1.0+g0123456789ab.abcdefabcdef")
    with pytest.raises(InputError, match=r"workers with sopr-uq .*abcdefabcdef; found"):
        DaskCluster(dask, certain=True).run(tasks.square, [1])
