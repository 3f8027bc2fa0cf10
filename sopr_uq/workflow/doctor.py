"""What is installed and works here: each engine simulates for a moment."""

from __future__ import annotations

import os
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sopr_uq.engine.factory import available, make_engine
from sopr_uq.engine.settings import EngineName, EngineSettings
from sopr_uq.errors import SoprUqError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones
from sopr_uq.provenance import versions

_STATE = StatePoint(temperature=300.0, density=0.01, mass=39.948)
_POTENTIAL = lennard_jones(3.4, 0.238)
_LITTLE = 1e9


@dataclass(frozen=True)
class Finding:
    """One line of the report: a name, whether it is as it should be, and words."""

    name: str
    good: bool
    text: str


def examine() -> list[Finding]:
    """Return what was found on this machine, engines first."""
    engines = [_engine(name, reason) for name, reason in available().items()]
    return [*engines, *_machine(), *(Finding(n, True, v) for n, v in versions().items())]


def _engine(name: str, reason: str | None) -> Finding:
    label = f"engine {name}"
    if reason is not None:
        return Finding(label, False, reason)
    chosen: EngineName = name  # type: ignore[assignment]
    settings = EngineSettings(
        name=chosen,
        particles=500,
        production_steps=800,
        equilibration_steps=200,
        sample_every=10,
        thermalisation_steps=100,
        ramp_steps=200,
    )
    started = time.perf_counter()
    try:
        simulation = make_engine(settings).run(_POTENTIAL, _STATE, seed=1)
    except SoprUqError as error:
        return Finding(label, False, str(error))
    seconds = time.perf_counter() - started
    rate = (
        f", {simulation.steps / seconds:.0f} steps/s for 500 particles" if simulation.steps else ""
    )
    return Finding(label, True, f"{simulation.engine}: ran in {seconds:.1f} s{rate}")


def _machine() -> list[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        Finding("machine", True, f"{platform.platform()}, {threads} threads to use"),
        Finding("disk", free > _LITTLE, f"{free / 1e9:.1f} GB free in {Path.cwd()}"),
    ]
