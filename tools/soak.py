"""Kill refinements at random moments, resume them, and see that nothing is lost or done twice.

    python tools/soak.py --kills 200 --seed 1 [--case md] [--figures] [--folder DIR]

Every child is a process of its own that refines, or resumes, in a folder. Half
of them are killed by the clock, at a moment drawn evenly from the length of an
undisturbed run; the other half by the operation, just before one of the opens,
renames and removals in their folder, so that the short moments of writing are
hit as well. A folder that reached its end is compared with the undisturbed one,
number by number, and a new one is begun. Exit code 0: all agreed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sopr_uq.figures import sheet
from sopr_uq.posterior.store import read
from sopr_uq.refine.checkpoint import decode
from sopr_uq.workflow import run as workflow
from sopr_uq.workflow.config import Config, load_config

_ANY = {
    "engine.name": "integral_equation",
    "engine.r_max": 10.0,
    "engine.bin_width": 0.04,
    "refine.grid_spacing": 0.06,
    "refine.chains": 1,
    "refine.draws": 50,
    "refine.max_iterations": 10,
}
_INSTANT = _ANY | {
    "refine.rule": "sopr",
    "refine.noise": 0.01,
    "refine.width": 0.1,
    "refine.length": 0.7,
}
_MD = {
    "engine.name": "lammps",
    "engine.particles": 108,
    "engine.cutoff": 8.0,
    "engine.r_max": 8.0,
    "engine.threads": 1,
    "engine.thermalisation_steps": 100,
    "engine.ramp_steps": 200,
    "engine.equilibration_steps": 200,
    "engine.production_steps": 2000,
    "engine.sample_every": 20,
}
_NEWTON = {"refine.rule": "newton", "refine.tune": 100}
CASES: dict[str, dict[str, Any]] = {
    "instant": _INSTANT,
    "md": _INSTANT | _MD,
    "newton": _ANY | _MD | _NEWTON | {"refine.max_iterations": 3, "refine.round_size": 2},
}
_LEFTOVERS = (".tmp", ".damaged")
# A lock file that a killed process left holds nobody up.
_WATCHED = ("open", "os.rename", "os.remove", "os.mkdir", "os.truncate")
_SAME = (
    "posterior/potential",
    "derived/sigma",
    "derived/epsilon",
    "iterations/potential",
    "iterations/g",
    "iterations/misfit",
)


def main() -> int:
    """Run the soak; return the exit code."""
    options = _options()
    warnings.simplefilter("ignore")
    if not options.figures:
        workflow.save_refinement = _one_small_figure
    root = Path(options.folder or tempfile.mkdtemp(prefix="soak-"))
    root.mkdir(parents=True, exist_ok=True)
    try:
        report = _soak(options, root)
    finally:
        if options.folder is None:
            shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(report))
    return 1 if report["faults"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--figures", action="store_true", help="draw all figures, as users do")
    parser.add_argument("--folder", help="keep everything here")
    return parser.parse_args()


def _one_small_figure(result: Any, folder: Path) -> list[Path]:  # noqa: ARG001
    folder.mkdir(exist_ok=True)
    sheet.last_figure(folder).write_bytes(b"")
    return []


def _soak(options: argparse.Namespace, root: Path) -> dict[str, Any]:
    rng = random.Random(options.seed)
    names = list(CASES) if options.case == "all" else [options.case]
    report: dict[str, Any] = {"kills": 0, "finished": 0, "faults": [], "where": {}, "seconds": 0.0}
    started = time.perf_counter()
    configs = {name: load_config("argon-85K", CASES[name]) for name in names}
    whole = {name: _undisturbed(config, root / f"{name}-whole") for name, config in configs.items()}
    number = 0
    while report["kills"] < options.kills:
        name = names[number % len(names)]
        folder = root / f"{name}-{number}"
        _one_folder(configs[name], folder, whole[name], rng, report, options.kills)
        report["faults"] += _compare(root / f"{name}-whole", folder)
        report["finished"] += 1
        number += 1
        shutil.rmtree(folder, ignore_errors=True)
    report["seconds"] = round(time.perf_counter() - started, 1)
    return report


def _undisturbed(config: Config, folder: Path) -> tuple[float, int]:
    """Refine without interruption; return the seconds and the operations that it took."""
    if config.engine.name == "integral_equation":
        # Everything is imported once, and every child has it; this engine starts no threads.
        workflow.run(config, folder)
        shutil.rmtree(folder)
    log = folder.with_suffix(".operations")
    _ended(_fork(config, folder, lambda: _count_operations(folder, log)))
    shutil.rmtree(folder)
    started = time.perf_counter()
    if _ended(_fork(config, folder, lambda: None)) != 0:
        raise SystemExit("the undisturbed run failed")
    return time.perf_counter() - started, len(log.read_text())


def _one_folder(
    config: Config,
    folder: Path,
    whole: tuple[float, int],
    rng: random.Random,
    report: dict[str, Any],
    kills: int,
) -> None:
    """Refine in one folder, killed again and again until it has ended by itself."""
    seconds, operations = whole
    kept = 0
    while True:
        by_clock = rng.random() < 0.5
        # A resumed process lives shorter.
        share = 0.5 if kept else 1.0
        if report["kills"] >= kills:
            child = _fork(config, folder, lambda: None)
        elif by_clock:
            child = _fork(config, folder, lambda: None)
            time.sleep(rng.uniform(0.0, share * seconds))
            os.kill(child, signal.SIGKILL)
        else:
            nth = rng.randint(1, int(share * operations))
            child = _fork(config, folder, lambda nth=nth: _die_at(folder, nth))
        code = _ended(child)
        now, place = _look(folder, report["faults"])
        if now < kept:
            report["faults"].append(f"{folder.name}: {kept} iterations, then {now}")
        kept = now
        if code == 0:
            return
        if code != -signal.SIGKILL:
            report["faults"].append(f"{folder.name}: ended with {code}")
            return
        report["kills"] += 1
        report["where"][place] = report["where"].get(place, 0) + 1


def _fork(config: Config, folder: Path, prepare: Callable[[], None]) -> int:
    """Start a process that refines or resumes in a folder; return its number."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        prepare()
        if (folder / workflow.CONFIG).is_file():
            workflow.resume(folder)
        else:
            workflow.run(config, folder)
        code = 0
    except BaseException as error:
        sys.stderr.write(f"{folder.name}: {type(error).__name__}: {error}\n")
    finally:
        os._exit(code)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _on_operations(folder: Path, act: Callable[[], None]) -> None:
    """Act before everything that this process does to files of a folder."""
    mark = f"{folder.name}"

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WATCHED and arguments and mark in str(arguments[0]):
            act()

    sys.addaudithook(hook)


def _count_operations(folder: Path, log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _on_operations(folder, lambda: os.write(handle, b".") and None)


def _die_at(folder: Path, nth: int) -> None:
    seen = 0

    def act() -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    _on_operations(folder, act)


def _look(folder: Path, faults: list[str]) -> tuple[int, str]:
    """Read every checkpoint; return their number, and what the process had come to."""
    files = sorted((folder / workflow.ITERATIONS).glob("*.iteration"))
    for file in files:
        try:
            decode(file.read_bytes())
        except Exception as error:
            faults.append(f"{file}: {error}")
    half = list(folder.rglob("*.tmp")) if folder.exists() else []
    if not folder.exists():
        return 0, "before the folder"
    if half:
        return len(files), "while writing"
    if (folder / workflow.RESULT).exists():
        return len(files), "after the result"
    parts = len(list((folder / workflow.ITERATIONS).glob("*.simulation")))
    return len(files), f"{len(files)} rounds" + (f", {parts} simulations" if parts else "")


def _compare(whole: Path, folder: Path) -> list[str]:
    """Say in what a resumed refinement differs from the undisturbed one."""
    faults = [f"{file} is left" for file in folder.rglob(".*") if file.name.endswith(_LEFTOVERS)]
    expected, found = read(whole / workflow.RESULT), read(folder / workflow.RESULT)
    checked = "posterior_check" in expected.children
    names = [*_SAME, *(["posterior_check/predicted"] if checked else [])]
    for name in names:
        one, other = np.asarray(expected[name].values), np.asarray(found[name].values)
        if not np.array_equal(one, other, equal_nan=True):
            faults.append(f"{folder.name}: {name} differs")
    for name in ("settings", "outcome", "engine", "inputs"):
        if expected.attrs[name] != found.attrs[name]:
            faults += [f"{folder.name}: attribute {name} differs"]
    return faults


if __name__ == "__main__":
    sys.exit(main())
