"""What is installed and works here: each engine simulates for a moment."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from sopr_uq.disk import write_atomic
from sopr_uq.engine import hoomd
from sopr_uq.engine.factory import available, make_engine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineName, EngineSettings
from sopr_uq.engine.traits import TRAITS
from sopr_uq.errors import CheckpointError, EngineUnavailable, SoprUqError
from sopr_uq.executor import DaskHere, cores
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones
from sopr_uq.provenance import versions
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_STATE = StatePoint(temperature=300.0, density=0.01, mass=39.948)
_POTENTIAL = lennard_jones(3.4, 0.238)
_COMPRESSIBILITY = 1.108
"""P/ρkT of that gas, from a run of 4 000 particles; its standard error is 0.003."""

_TOLERANCE = 0.06
"""Six standard errors of the short run."""

_LITTLE = 1e9
_MEMORY = 1.5e9


@dataclass(frozen=True)
class Finding:
    """One line of the report: a name, whether it is as it should be, and words.

    Of what can follow particles in time it says so.
    """

    name: str
    good: bool
    text: str
    dynamics: bool = False

    def as_dict(self) -> dict[str, str | bool]:
        """Return it for programs."""
        return {"check": self.name, "good": self.good, "text": self.text}


def examine() -> list[Finding]:
    """Return what was found on this machine, engines first."""
    engines = [_engine(name, reason) for name, reason in available().items()]
    return [
        *engines,
        _graphics(),
        _threads(),
        _memory(),
        *_disks(),
        _cluster(),
        Finding("machine", True, f"{platform.platform()}, {platform.machine()}"),
        *(Finding(n, True, v) for n, v in versions().items()),
    ]


def _engine(name: str, reason: str | None) -> Finding:
    """Simulate a gas for about two seconds, and compare its pressure with a known one."""
    chosen: EngineName = name  # type: ignore[assignment]
    found = partial(Finding, f"engine {name}", dynamics=not TRAITS[chosen].instant)
    if reason is not None:
        return found(False, reason)
    settings = EngineSettings(
        name=chosen,
        particles=500,
        thermalisation_steps=200,
        ramp_steps=400,
        equilibration_steps=400,
        production_steps=6000,
        sample_every=20,
    )
    started = time.perf_counter()
    try:
        simulation = make_engine(settings).run(Setup.of(_POTENTIAL, _STATE, seed=1))
    except SoprUqError as error:
        return found(False, str(error))
    seconds = time.perf_counter() - started
    rate = (
        f", {simulation.steps / seconds:.0f} steps/s for 500 particles" if simulation.steps else ""
    )
    ideal = _STATE.density / _STATE.beta * MPA_PER_KCAL_MOL_A3
    z, text = simulation.pressure / ideal, f"{simulation.engine}: ran in {seconds:.1f} s{rate}"
    text += f", P/ρkT = {z:.3f}"
    if simulation.steps and abs(z - _COMPRESSIBILITY) > _TOLERANCE:
        return found(False, f"{text}, but {_COMPRESSIBILITY} ± {_TOLERANCE} expected")
    return found(True, text)


def _graphics() -> Finding:
    """Name the graphics processors of the driver, and whether HOOMD-blue can use one."""
    if shutil.which("nvidia-smi") is None:
        return Finding("GPU", True, "none found; molecular dynamics runs on the processor")
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout.strip()
    except (subprocess.SubprocessError, OSError) as error:
        return Finding("GPU", False, f"nvidia-smi fails: {error}")
    usable = hoomd.has_gpu()
    use = "HOOMD-blue uses it" if usable else "not used: HOOMD-blue with CUDA is not installed"
    return Finding("GPU", usable, f"{'; '.join(listed.splitlines())} ({use})")


def _threads() -> Finding:
    set_by = [f"{n}={os.environ[n]}" for n in sorted(os.environ) if n.endswith("_NUM_THREADS")]
    told = f"; the environment says {', '.join(set_by)}" if set_by else ""
    return Finding("threads", True, f"{cores()} to use of {os.cpu_count()}{told}")


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return Finding("memory", True, "not told by this system")
    text = f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB free"
    return Finding("memory", total > _MEMORY, text + f" (a refinement needs {_MEMORY / 1e9:g} GB)")


def _disks() -> Iterator[Finding]:
    for label, folder in (("disk", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        try:
            started = time.perf_counter()
            with tempfile.TemporaryDirectory(dir=folder) as place:
                write_atomic(Path(place, "try"), bytes(100_000))
            synced = f"a checkpoint is on it in {1000 * (time.perf_counter() - started):.0f} ms"
        except (OSError, CheckpointError) as error:
            yield Finding(label, False, f"{folder} cannot be written: {error}")
            continue
        yield Finding(label, free > _LITTLE, f"{free / 1e9:.1f} GB free in {folder}; {synced}")


def _cluster() -> Finding:
    try:
        DaskHere(1).check()
    except EngineUnavailable as error:
        return Finding("cluster", False, f"{error} (for several workers and a scheduler only)")
    return Finding("cluster", True, f"Dask distributed {metadata.version('distributed')}")
